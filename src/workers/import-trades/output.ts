import type { RowProblem } from "../../brokers/csv/report.ts";
import type { Context } from "../../context.ts";
import { type Cell, renderTable, type Table } from "../../operation/table.ts";
import type { ImportArgs } from "./command.ts";
import { previewText } from "./preview-text.ts";
import { type Cycle, filesOf, netPnlOf, toJson } from "./report.ts";
import type { AccountResult, FileOutcome } from "./result.ts";

/** Rows that could not be read, shown in a terminal; all that were kept are in `--json`. */
const problemsShownMax = 20;

/** The result: a table for a person, one object for a program, nothing where only the log is read. */
export async function showCycle(cycle: Cycle, args: ImportArgs, { terminal }: Context): Promise<void> {
  if (args.json) {
    terminal.write(`${JSON.stringify(toJson(cycle, args.dryRun))}\n`);
    return;
  }
  const files = [...cycle.results.flatMap((result) => result.files), ...cycle.refused];
  // A person asked what would come of the files; the answer may go into a file of its own.
  const isPreview = args.dryRun && files.length > 0;
  if (!terminal.interactive && !isPreview) return;
  if (isPreview) {
    for (const { file, accountId } of filesOf(cycle)) {
      terminal.write(`${previewText(file, accountId === null ? null : String(accountId), terminal)}\n`);
    }
  } else if (files.length > 0) terminal.write(`${renderTable(fileTable(files), terminal)}\n`);
  if (cycle.results.length > 0) terminal.write(renderTable(accountTable(cycle.results), terminal));
  else if (files.length === 0) terminal.write("There was no account to import. Files are given with --file.\n");
  if (!isPreview) for (const text of problemTexts(files)) terminal.write(`${text}\n`);
  for (const { error, account } of cycle.results) {
    if (error !== null && files.every((file) => file.error === null)) {
      terminal.write(
        `account ${account.account_id}: ${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}\n`,
      );
    }
  }
  for (const { account, counts } of cycle.results) {
    if (counts.differing === 0) continue;
    const text = `${counts.differing} of the duplicates are stored with another content, which stays`;
    terminal.write(`account ${account.account_id}: ${text}\n`);
  }
  for (const { account, warnings } of cycle.results) {
    for (const { message } of warnings) terminal.write(`account ${account.account_id}: ${message}\n`);
  }
  if (args.dryRun) terminal.write("Dry run: nothing was changed.\n");
}

function accountTable(results: readonly AccountResult[]): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  return {
    stacks: true,
    columns: [
      { title: "account", whole: true },
      { title: "status" },
      right("executions"),
      right("new"),
      right("duplicate"),
      right("rejected"),
      right("opened"),
      right("closed"),
      right("net PnL"),
      right("time"),
    ],
    rows: results.map(({ account, status, counts, rows, durationMs }): Cell[] => [
      String(account.account_id),
      colored(status),
      String(counts.created + counts.duplicates + counts.rejected),
      String(counts.created),
      String(counts.duplicates),
      String(rows.rejected + counts.rejected + counts.rejectedTrades),
      String(counts.opened),
      String(counts.closed),
      Object.entries(netPnlOf(counts.net))
        .map(([currency, amount]) => `${amount} ${currency}`)
        .join(", ") || "0",
      `${(durationMs / 1_000).toFixed(1)} s`,
    ]),
  };
}

function colored(status: AccountResult["status"]): Cell {
  const colors = { ok: "green", partial: "yellow", error: "red", skipped: "faint" } as const;
  return { text: status, color: colors[status] };
}

function fileTable(files: readonly FileOutcome[]): Table {
  return {
    columns: [
      { title: "file" },
      { title: "format" },
      { title: "rows", align: "right" },
      { title: "no execution", align: "right" },
      { title: "unreadable", align: "right" },
    ],
    rows: files.map(({ name, title, report }): Cell[] => [
      name,
      title ?? { text: "not recognised", color: "red" },
      String(report?.rows ?? 0),
      String([...(report?.skipped.values() ?? [])].reduce((sum, { count }) => sum + count, 0)),
      String(report?.rejected ?? 0),
    ]),
  };
}

function problemTexts(files: readonly FileOutcome[]): string[] {
  const texts: string[] = [];
  for (const { name, report, error } of files) {
    if (error !== null) texts.push(`${name}: ${error.message}${error.hint === undefined ? "" : ` ${error.hint}`}`);
    for (const [reason, { count, lines }] of report?.skipped ?? []) {
      const [rows, line] = count === 1 ? ["row is", "line"] : ["rows are", "lines"];
      const more = count > lines.length ? ", …" : "";
      texts.push(`${name}: ${count} ${rows} no execution: ${reason} (${line} ${lines.join(", ")}${more})`);
    }
    const problems = report?.problems ?? [];
    texts.push(...problems.slice(0, problemsShownMax).map((problem) => problemText(name, problem)));
    const hidden = (report?.rejected ?? 0) - Math.min(problems.length, problemsShownMax);
    if (hidden > 0) texts.push(`${name}: ${hidden} more rows could not be read (--json lists up to 200)`);
  }
  return texts;
}

function problemText(name: string, { line, column, message }: RowProblem): string {
  return `${name}:${line}${column === null ? "" : ` ${column}`}: ${message}`;
}
