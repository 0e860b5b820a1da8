import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { createFileReport } from "../../src/brokers/csv/report.ts";
import { openBrokerFile } from "../../src/brokers/files.ts";
import { Failure } from "../../src/errors.ts";
import { renderTable } from "../../src/operation/table.ts";
import { accountedFor } from "./metatrader/golden.ts";

/** What becomes of one broker's own file. */
export interface SampleRow {
  file: string;
  /** Or the code of the error that refuses all of it. */
  dialect: string;
  rows: number;
  executions: number;
  trades: number;
  skipped: number;
  refused: number;
  /** Rows that stand in no list: always 0. */
  missing: number;
  reasons: string[];
}

const folders = ["csv-crypto", "csv-stocks", "ctrader", "metatrader"];
/** What their users would say of them: most brokers' servers keep it. */
const said = { timezone: "GMT+2/EU", currency: "USD" };

/** Reads every file of brokers in a folder of samples. */
export async function readSamples(samples: string): Promise<SampleRow[]> {
  const rows: SampleRow[] = [];
  for (const folder of folders) {
    const names = readdirSync(join(samples, folder)).filter((name) => /\.(csv|html?|xlsx)$/.test(name));
    for (const name of names.sort()) {
      const sample = await readSample(join(samples, folder, name), `${folder}/${name}`);
      rows.push(sample);
      for (const account of accountsIn(sample)) {
        rows.push(await readSample(join(samples, folder, name), `${folder}/${name} of ${account}`, account));
      }
    }
  }
  return rows;
}

/** As the refusal of a file with several accounts names them. */
function accountsIn({ dialect, reasons: [message = ""] }: SampleRow): string[] {
  if (dialect !== "refused: several_accounts") return [];
  return [...message.matchAll(/(\S+) \(\d+ rows?\)/g)].map(([, account = ""]) => account);
}

async function readSample(path: string, file: string, sourceAccount?: string): Promise<SampleRow> {
  const row = { file, rows: 0, executions: 0, trades: 0, skipped: 0, refused: 0, missing: 0 };
  try {
    const chosen = sourceAccount === undefined ? {} : { sourceAccount };
    const opened = await openBrokerFile(path, { name: basename(path), ...said, ...chosen });
    const report = createFileReport();
    for await (const { executions, trades } of opened.pages(report, new AbortController().signal)) {
      row.executions += executions.length;
      row.trades += trades.length;
    }
    const skipped = [...report.skipped].map(([reason, { count }]) => `${count} ${reason}`);
    const refused = [...report.refusals.values()].map(
      ({ count, code, column }) => `${count} ${code}${column === null ? "" : ` in ${column}`}`,
    );
    return {
      ...row,
      dialect: opened.format.id,
      rows: report.rows,
      skipped: accountedFor(report) - report.imported - report.rejected,
      refused: report.rejected,
      missing: report.rows - accountedFor(report),
      reasons: [...skipped, ...refused],
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "data") throw error;
    return { ...row, dialect: `refused: ${error.detail.code}`, reasons: [error.message] };
  }
}

/** As a table for people. */
export function samplesText(rows: readonly SampleRow[]): string {
  const right = (title: string) => ({ title, align: "right" as const });
  return renderTable(
    {
      columns: [
        { title: "file" },
        { title: "dialect" },
        ...["rows", "executions", "trades", "no execution", "refused"].map(right),
        { title: "reasons" },
      ],
      rows: rows.map(({ file, dialect, rows: count, executions, trades, skipped, refused, reasons }) => [
        file,
        dialect,
        ...[count, executions, trades, skipped, refused].map(String),
        reasons.join("; "),
      ]),
    },
    { columns: Number.POSITIVE_INFINITY, color: false },
  );
}
