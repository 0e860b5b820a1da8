import type { Context, Terminal } from "../../context.ts";
import type { FlushCounts } from "../../delivery/flush.ts";
import type { SealedBatch } from "../../journal/journal.ts";
import { bytesText, durationText } from "../../operation/conditions.ts";
import { type Cell, renderTable } from "../../operation/table.ts";
import { type Found, idOf, isBatch } from "./found.ts";

/** Of an id: its end, since beginnings are the time and alike. */
const shortIdCharacters = 12;
const itemsShownMax = 100;
const colors = { pending: "yellow", failed: "red", quarantine: "red", damaged: "red", unreadable: "red" } as const;

export function showList(all: readonly Found[], { terminal, clock }: Context): void {
  if (all.length === 0) {
    terminal.write("Nothing is on disk: the platform has everything.\n");
    return;
  }
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "state" },
    right("age"),
    { title: "user" },
    { title: "account" },
    right("executions"),
    right("trades"),
    right("size"),
    right("attempts"),
    right("id"), // never cut: it has to be written again
    { title: "error" },
  ];
  const shortIdOf = shortIds(all);
  const rows = all.map((found): Cell[] => [
    { text: found.state, color: colors[found.state] },
    durationText(ageMsOf(found, clock.nowMs())),
    isBatch(found) ? String(found.userId) : "",
    isBatch(found) ? String(found.accountId) : "",
    isBatch(found) ? String(found.executions) : "",
    isBatch(found) ? String(found.trades) : "",
    bytesText(found.bytes),
    isBatch(found) ? String(found.attempts) : "",
    shortIdOf(found),
    errorOf(found),
  ]);
  // Where no terminal is nothing has to fit.
  const width = terminal.interactive ? terminal.columns : Number.POSITIVE_INFINITY;
  terminal.write(renderTable({ columns, rows }, { columns: width, color: terminal.color }));
}

/** The end of an id, where that is enough to know it by. */
function shortIds(all: readonly Found[]): (found: Found) => string {
  const ends = new Map<string, number>();
  const endOf = (found: Found) => idOf(found).slice(-shortIdCharacters);
  for (const found of all) ends.set(endOf(found), (ends.get(endOf(found)) ?? 0) + 1);
  return (found) => (isBatch(found) && ends.get(endOf(found)) === 1 ? endOf(found) : idOf(found));
}

function ageMsOf(found: Found, nowMs: number): number {
  return nowMs - (isBatch(found) ? found.createdAtMs : found.modifiedMs);
}

function errorOf(found: Found): string {
  return isBatch(found) ? found.lastError : found.reason;
}

/** For `--json`. */
export function toJson(found: Found): Record<string, unknown> {
  const file = { id: idOf(found), state: found.state, path: found.path, bytes: found.bytes, error: errorOf(found) };
  if (!isBatch(found)) return { ...file, modified_at: timeText(found.modifiedMs) };
  return {
    ...file,
    user_id: found.userId,
    account_id: found.accountId,
    platform: found.platform,
    executions: found.executions,
    trades: found.trades,
    attempts: found.attempts,
    created_at: timeText(found.createdAtMs),
    last_attempt_at: found.lastAttemptMs === null ? null : timeText(found.lastAttemptMs),
  };
}

export function showOne(found: Found, batch: SealedBatch | null, { terminal, clock }: Context): void {
  const facts: [string, string][] = [
    ["id", idOf(found)],
    ["state", found.state],
    ["file", found.path],
    ["size", bytesText(found.bytes)],
    ["age", durationText(ageMsOf(found, clock.nowMs()))],
  ];
  if (isBatch(found)) {
    facts.push(
      ["user", String(found.userId)],
      ["account", String(found.accountId)],
      ["platform", found.platform],
      ["attempts", String(found.attempts)],
    );
  }
  facts.push(["error", errorOf(found)]);
  for (const [name, value] of facts) terminal.write(`${name.padEnd(9)} ${plain(value)}\n`);
  if (batch !== null) showItems(batch, terminal);
}

function showItems({ body }: SealedBatch, terminal: Terminal): void {
  const { executions = [], trades = [] } = JSON.parse(body) as Record<string, Record<string, unknown>[] | undefined>;
  const table = (title: string, names: string[], items: Record<string, unknown>[]) => {
    if (items.length === 0) return;
    const rows = items.slice(0, itemsShownMax).map((item) => names.map((name) => cellText(item[name])));
    const columns = names.map((name) => ({ title: name.replaceAll("_", " ") }));
    terminal.write(`\n${title}\n${renderTable({ columns, rows }, terminal)}`);
    if (items.length > itemsShownMax) terminal.write(`and ${items.length - itemsShownMax} more\n`);
  };
  table("Executions", ["executed_at", "symbol", "side", "quantity", "price", "fee", "external_id"], executions);
  table("Trades", ["opened_at", "symbol", "direction", "status", "net_pnl", "revision", "external_id"], trades);
}

function cellText(value: unknown): string {
  return value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Nothing in it that moves a terminal's cursor. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

export function showCounts({ delivered, dropped, failed, waiting }: FlushCounts, { terminal }: Context): void {
  const parts = [
    [delivered, "delivered"],
    [dropped, "superseded by a later checkpoint"],
    [failed, "moved to failed/"],
    [waiting, "waiting on"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  terminal.write(`${told.length === 0 ? "Nothing waits: the platform has everything" : told.join(", ")}.\n`);
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
