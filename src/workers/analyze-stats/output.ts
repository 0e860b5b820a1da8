import type { Context } from "../../context.ts";
import { formatTimestamp } from "../../journal/timestamp.ts";
import { type Cell, renderTable, type Table } from "../../operation/table.ts";
import type { AnalyzeArgs } from "./command.ts";
import { type Cycle, statusOf, summaryOf } from "./cycle-report.ts";
import type { UserResult } from "./result.ts";

/** Users shown in a terminal; `--json` has all. */
const rowsMax = 40;

/** The result: for a person, or one object for a program, or nothing where only the log is read. */
export async function showCycle(cycle: Cycle, args: AnalyzeArgs, { terminal }: Context): Promise<void> {
  if (args.json) {
    terminal.write(`${JSON.stringify(toJson(cycle, args))}\n`);
    return;
  }
  if (!terminal.interactive && args.user === undefined) return;
  for (const { user, shown } of cycle.results) {
    if (shown === null) continue;
    const { renderSummary } = await import("./summary-text.ts");
    terminal.write(renderSummary(user, shown, terminal));
  }
  if (cycle.results.length === 0) terminal.write(`${nothing(cycle)}\n`);
  else if (cycle.results.every(({ shown }) => shown === null)) terminal.write(renderTable(userTable(cycle), terminal));
  for (const line of remarks(cycle, args)) terminal.write(`${line}\n`);
}

function nothing({ waiting }: Cycle): string {
  if (waiting > 0) return "Nothing was computed.";
  return "Nothing to do: no trades changed since the last statistics. --user ID shows one user's, --full computes all anew.";
}

function userTable({ results }: Cycle): Table {
  // Whoever failed is not to be missed.
  const rows = results.toSorted((a, b) => Number(b.status === "error") - Number(a.status === "error"));
  return {
    columns: [
      { title: "user" },
      { title: "status" },
      { title: "trades", align: "right" },
      { title: "warnings", align: "right" },
      { title: "time", align: "right" },
    ],
    rows: rows
      .slice(0, rowsMax)
      .map(({ user, status, trades, warnings, durationMs }): Cell[] => [
        String(user.user_id),
        { text: status, color: status === "ok" ? "green" : status === "error" ? "red" : "faint" },
        trades.toLocaleString("en"),
        String(warnings.length),
        `${(durationMs / 1_000).toFixed(1)} s`,
      ]),
  };
}

function remarks({ results, pages, waiting }: Cycle, { dryRun }: AnalyzeArgs): string[] {
  const errors = results.filter(({ error }) => error !== null);
  const hidden = results.some(({ shown }) => shown !== null) ? 0 : Math.max(0, results.length - rowsMax);
  return [
    ...(hidden > 0 ? [`and ${hidden} more users (--json lists all)`] : []),
    ...errors
      .slice(0, rowsMax)
      .map(({ user, error }) => `user ${user.user_id}: ${error?.message}${hintOf(error?.hint)}`),
    ...results.slice(0, rowsMax).flatMap((result) => warningTexts(result, results.length > 1)),
    ...(waiting > 0 ? [`${waiting} users wait for the next run.`] : []),
    ...pages.slice(0, rowsMax).map(({ path, bytes, written }) => pageText(path, bytes, written)),
    ...(dryRun ? ["Dry run: nothing was changed."] : []),
  ];
}

const hintOf = (hint: string | undefined): string => (hint === undefined ? "" : ` ${hint}`);

function warningTexts({ user, warnings, stale }: UserResult, named: boolean): string[] {
  const who = named ? `user ${user.user_id}: ` : "";
  return [
    ...warnings.map(({ message }) => `${who}${message}.`),
    ...(stale ? [`${who}Trades changed meanwhile; the next run takes them in.`] : []),
  ];
}

function pageText(path: string, bytes: number, written: boolean): string {
  const size = `${Math.ceil(bytes / 1_024).toLocaleString("en")} KiB`;
  return written ? `Page: ${path} (${size})` : `The page ${path} (${size}) was not written.`;
}

/** `--json`: one object; readers ignore fields that they do not know. */
function toJson(cycle: Cycle, { dryRun }: AnalyzeArgs): Record<string, unknown> {
  return {
    schema: 1,
    command: "analyze-stats",
    version: cycle.version,
    cycle_id: cycle.cycleId,
    dry_run: dryRun,
    status: statusOf(cycle),
    started_at: formatTimestamp(cycle.startedAtMs),
    finished_at: formatTimestamp(cycle.finishedAtMs),
    duration_ms: Math.round(cycle.durationMs),
    users: cycle.results.map(userJson),
    users_waiting: cycle.waiting,
    pages: cycle.pages,
    summary: summaryOf(cycle),
  };
}

function userJson({ user, status, trades, stale, warnings, error, durationMs, shown }: UserResult) {
  return {
    user_id: user.user_id,
    status,
    trades,
    based_on_version: user.trades_version,
    stale,
    duration_ms: Math.round(durationMs),
    error,
    warnings,
    ...(shown === null ? {} : { statistics: shown.statistics }),
  };
}
