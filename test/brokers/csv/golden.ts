import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type RecogniseOptions, readExecutions, recognise } from "../../../src/brokers/csv/read.ts";
import { createFileReport } from "../../../src/brokers/csv/report.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";

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
  for await (const page of readExecutions(recognised, report)) executions.push(...page);
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
    report: { ...report, skipped: Object.fromEntries(report.skipped) },
    executions: executions.map(plain),
  };
}

/** An execution for reading and comparing: decimals and time as text, without what is not known. */
export function plain(execution: Execution): Record<string, string> {
  const known = Object.entries(execution).filter(([, value]) => value !== null);
  return Object.fromEntries(
    known.map(([key, value]) => {
      if (key === "executedAtMs") return ["executedAt", new Date(value as number).toISOString()];
      return [key, typeof value === "bigint" ? formatDecimal(value) : String(value)];
    }),
  );
}
