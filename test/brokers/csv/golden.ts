import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type RecogniseOptions, readPages, recognise } from "../../../src/brokers/csv/read.ts";
import { createFileReport } from "../../../src/brokers/csv/report.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { Trade } from "../../../src/trades/trade.ts";

/** Files in fixtures/csv, a folder a dialect; beside each what is expected of it, and what the user said of it if anything. */
export const fixtures = join(import.meta.dir, "../../../fixtures/csv");

export interface Case {
  dialect: string;
  name: string;
  csv: string;
  /** What was expected is there. */
  json: string;
  options: string;
}

export function cases(): Case[] {
  return readdirSync(fixtures).flatMap((dialect) =>
    readdirSync(join(fixtures, dialect))
      .filter((name) => name.endsWith(".csv"))
      .sort()
      .map((file) => {
        const path = join(fixtures, dialect, file.slice(0, -".csv".length));
        return { dialect, name: file, csv: `${path}.csv`, json: `${path}.json`, options: `${path}.options.json` };
      }),
  );
}

/** All that reading a file gives, as JSON: the same file gives the same bytes. */
export async function goldenOf({ csv, options }: Pick<Case, "csv" | "options">): Promise<string> {
  const said = Bun.file(options);
  const given = (await said.exists()) ? ((await said.json()) as Partial<RecogniseOptions>) : {};
  return `${JSON.stringify(await readAll(csv, given), null, 2)}\n`;
}

export async function readAll(path: string, options: Partial<RecogniseOptions> = {}) {
  const recognised = await recognise(path, { name: basename(path), ...options });
  const report = createFileReport();
  const executions: Execution[] = [];
  const trades: Trade[] = [];
  for await (const page of readPages(recognised, report)) {
    executions.push(...page.executions);
    trades.push(...page.trades);
  }
  const { dialect, broker, encoding, delimiter, decimalMark, header, headerLine, zone, zoneFrom } = recognised;
  return {
    recognised: {
      dialect: dialect.id,
      broker,
      encoding,
      delimiter,
      decimalMark,
      zone,
      zoneFrom,
      headerLine,
      header: header.join("|"),
    },
    report: { ...report, skipped: Object.fromEntries(report.skipped), refusals: undefined },
    executions: executions.map(plain),
    ...(trades.length === 0 ? {} : { trades: trades.map(plain) }),
  };
}

/** An execution or a trade for reading and comparing: decimals and time as text, without what is not known. */
export function plain(made: Execution | Trade): Record<string, string> {
  const known = Object.entries(made).filter(([, value]) => value !== null);
  return Object.fromEntries(
    known.map(([key, value]) => {
      if (key.endsWith("AtMs")) return [key.slice(0, -2), new Date(value as number).toISOString()];
      return [key, typeof value === "bigint" ? formatDecimal(value) : String(value)];
    }),
  );
}
