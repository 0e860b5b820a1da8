import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createFileReport, type FileReport } from "../../../src/brokers/csv/report.ts";
import {
  type RecognisedReport,
  type ReportOptions,
  readReport,
  recogniseReport,
} from "../../../src/brokers/metatrader/report.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { Trade } from "../../../src/trades/trade.ts";

/** Reports in fixtures/metatrader, all invented; beside each what is expected of it. */
export const fixtures = join(import.meta.dir, "../../../fixtures/metatrader");

/** What the user says of them: the zone always, and the currency where a report has none. */
const said = { timezone: "GMT+2/EU", currency: "USD" };

export function cases(): { name: string; path: string; json: string }[] {
  return readdirSync(fixtures)
    .filter((name) => !name.endsWith(".json"))
    .sort()
    .map((name) => ({ name, path: join(fixtures, name), json: join(fixtures, `${name}.json`) }));
}

/** All that reading a report gives, as JSON: the same file gives the same bytes. */
export async function goldenOf(path: string): Promise<string> {
  const { recognised, report, executions, trades } = await readAll(path);
  const { dialect, kind, encoding, account, company, server, currency, accounting, zone, unit, run, warnings } =
    recognised;
  const golden = {
    recognised: { dialect, kind, encoding, account, company, server, currency, accounting, zone, unit, run, warnings },
    report: { ...report, skipped: Object.fromEntries(report.skipped), refusals: undefined },
    trades: trades.map(plain),
    executions: executions.map(plain),
  };
  return `${JSON.stringify(golden, null, 2)}\n`;
}

export interface ReadAll {
  recognised: RecognisedReport;
  report: FileReport;
  executions: Execution[];
  trades: Trade[];
}

export async function readAll(path: string, options: Partial<ReportOptions> = {}): Promise<ReadAll> {
  const recognised = await recogniseReport(path, { name: basename(path), ...said, ...options });
  if (recognised === null) throw new Error(`${path} was not recognised`);
  const report = createFileReport();
  const executions: Execution[] = [];
  const trades: Trade[] = [];
  for await (const page of readReport(recognised, report)) {
    executions.push(...page.executions);
    trades.push(...page.trades);
  }
  return { recognised, report, executions, trades };
}

/** Decimals as text, times as ISO, and what is null or empty left out. */
export function plain(item: Execution | Trade): Record<string, unknown> {
  const entries = Object.entries(item).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (typeof value === "bigint") return [key, formatDecimal(value)];
      return key.endsWith("AtMs") ? [key, new Date(Number(value)).toISOString()] : [key, value];
    }),
  );
}

/** A file of its own for one test. */
export class TemporaryFile implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "ami-workers-report-"));
  readonly path: string;

  constructor(name: string, content: string | Uint8Array) {
    this.path = join(this.#folder, name);
    writeFileSync(this.path, content);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Rows of the report that are accounted for in some way. */
export function accountedFor({ imported, rejected, skipped }: FileReport): number {
  return imported + rejected + [...skipped.values()].reduce((sum, { count }) => sum + count, 0);
}
