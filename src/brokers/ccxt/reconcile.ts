import { Failure } from "../../errors.ts";
import { absolute, type Decimal, formatDecimal, parseDecimal } from "../../executions/decimal.ts";
import type { Execution, Market } from "../../executions/execution.ts";
import type { AccountState } from "./cursor.ts";
import { NoWallet } from "./errors.ts";
import { dayMs, type Exchange, hourMs, type Reading, TooManyRows, type Window, warn } from "./exchange.ts";

/**
 * What contracts made, by the PnL of the executions that were read, against what the venue booked in its ledger: a difference is the only sign of
 * an execution that was missed. Whole days (UTC) alone are compared, some hours after their end, once a day, and only those in which something was
 * executed: an idle account costs nothing. The sums stand in the cursor with the executions that they are of.
 */
export interface Booked {
  market: Market;
  symbol: string;
  pnl: Decimal;
}

/** How a venue's own books are read. */
export interface Books {
  /** For the message: `its transaction log`. */
  title: string;
  /** The longest span it answers at once. */
  windowMs: number;
  /** Everything that contracts of these markets made, row by row: neither fees nor funding. @throws {TooManyRows} */
  read: (reading: Reading, markets: ReadonlySet<Market>, window: Window) => Promise<Booked[]>;
}

/** Rows come late, in both lists. */
const settledMs = 6 * hourMs;
/** Of a first import: older books are kept by no venue, or cost more than the executions did. */
const reachMs = 80 * dayMs;
/** More would not fit into a cursor: these accounts are not compared. */
const symbolsMax = 150;
/** Venues write their amounts with eight digits after the point: less than this a row is their rounding. */
const rowTolerance: Decimal = parseDecimal("0.00000001");

/** By `linear/BTCUSDT`; null: an execution did not say what it made, or may have been counted already. */
type Sums = Map<string, Decimal | null>;

interface Tally {
  /** From here to `untilMs` are the executions in `before`; those in `after` are younger. Both are the beginning of a day. */
  fromMs: number;
  untilMs: number;
  triedMs: number;
  before: Sums;
  after: Sums;
  gaps: Sums;
}

type Counting = Pick<Reading, "state" | "client" | "account">;

const noteKey = "pnl";

/** Counts what was just read and is in no earlier cursor. `readUntilMs`: what is not younger was read again, and may have been counted. */
export function countPnl(reading: Counting, executions: readonly Execution[], readUntilMs: number): void {
  const { state, client } = reading;
  if (client.exchange.books === undefined) return;
  const contracts = executions.filter(({ market, side }) => (market === "linear" || market === "inverse") && side);
  if (contracts.length === 0) return;
  const tally = readTally(reading);
  for (const { market, symbol, realizedPnl, executedAtMs } of contracts) {
    if (executedAtMs < tally.fromMs) continue;
    const sums = executedAtMs < tally.untilMs ? tally.before : tally.after;
    const isKnown = realizedPnl !== null && executedAtMs > readUntilMs;
    addUp(sums, new Map([[`${market}/${symbol}`, isKnown ? realizedPnl : null]]));
  }
  writeTally(state, tally);
}

/** After everything was read. Whatever goes wrong here is noted, and the import is none the worse for it. */
export async function reconcile(reading: Reading, exchange: Exchange): Promise<void> {
  const { state, context, client } = reading;
  const { books } = exchange;
  if (books === undefined || !state.notes.has(noteKey)) return;
  const nowMs = client.nowMs();
  const tally = readTally(reading);
  const { untilMs } = tally;
  if (untilMs > tally.fromMs && nowMs >= untilMs + settledMs && nowMs - tally.triedMs >= dayMs / 2) {
    const told = { broker: exchange.id, account_id: client.accountId };
    tally.triedMs = Math.floor(nowMs);
    const reason = await compared(reading, books, tally);
    if (reason !== null) context.log.info("reconcile_skipped", { ...told, reason: reason.message });
    if (reason === null || !reason.mayPass) {
      tally.fromMs = untilMs;
      tally.before = new Map();
    }
    writeTally(state, tally);
  }
  if (tally.gaps.size === 0) return;
  const shown = [...tally.gaps]
    .slice(0, 10)
    .map(([key, gap]) => `${key.replace("/", " ")} ${formatDecimal(gap ?? 0n)}`);
  const more = tally.gaps.size > shown.length ? ` and ${tally.gaps.size - shown.length} more` : "";
  const message = `Realised PnL in ${exchange.title}'s ${books.title} differs from that of the fills: ${shown.join(", ")}${more}.`;
  warn(reading, noteKey, { code: "pnl_mismatch", message });
}

/** Why it could not be done; null: it was. */
async function compared(
  reading: Reading,
  books: Books,
  tally: Tally,
): Promise<{ message: string; mayPass: boolean } | null> {
  if (tally.before.size > symbolsMax) return { message: "too many symbols", mayPass: false };
  if (tally.before.size === 0) return null;
  try {
    await compare(reading, books, tally);
    return null;
  } catch (error) {
    if (reading.context.signal.aborted) throw error;
    if (error instanceof NoWallet) return { message: "the account has no such books", mayPass: false };
    if (error instanceof TooManyRows) return { message: "too many entries", mayPass: false };
    if (!(error instanceof Failure)) throw error;
    return { message: error.message, mayPass: error.detail.code !== "permission_missing" };
  }
}

async function compare(reading: Reading, books: Books, { fromMs, untilMs, before, gaps }: Tally): Promise<void> {
  const markets = new Set([...before.keys()].map((key) => key.slice(0, key.indexOf("/")) as Market));
  const booked = new Map<string, { pnl: Decimal; rows: bigint }>();
  for (let startMs = fromMs; startMs < untilMs; startMs += books.windowMs) {
    reading.context.signal.throwIfAborted();
    const window = { fromMs: startMs, toMs: Math.min(untilMs, startMs + books.windowMs) - 1 };
    for (const { market, symbol, pnl } of await books.read(reading, markets, window)) {
      const sum = booked.get(`${market}/${symbol}`) ?? { pnl: 0n, rows: 0n };
      booked.set(`${market}/${symbol}`, { pnl: sum.pnl + pnl, rows: sum.rows + 1n });
    }
  }
  for (const key of new Set([...before.keys(), ...booked.keys()])) {
    const [ours, theirs] = [before.get(key), booked.get(key) ?? { pnl: 0n, rows: 1n }];
    if (ours === null) continue;
    const gap = theirs.pnl - (ours ?? 0n);
    if (absolute(gap) <= rowTolerance * theirs.rows) continue;
    const sum = (gaps.get(key) ?? 0n) + gap;
    if (sum === 0n) gaps.delete(key);
    else gaps.set(key, sum);
  }
}

/** As of today: what is of earlier days can be compared. */
function readTally({ state: { notes }, account, client }: Counting): Tally {
  const todayMs = dayOf(client.nowMs());
  const [times = "", before = "", after = "", gaps = ""] = (notes.get(noteKey) ?? "").split("|");
  const [from = 0, until = 0, tried = 0] = times.split(":").map((time) => Number.parseInt(time, 36) || 0);
  const beginMs = Math.max(todayMs - reachMs, dayOf((account.importFromMs ?? 0) + dayMs - 1));
  const tally = { triedMs: tried, gaps: readSums(gaps) };
  const whole = addUp(readSums(before), until < todayMs ? readSums(after) : new Map());
  if (from < beginMs && whole.size > 0) {
    // So long nobody could compare it: what the sums are of is in no books any more.
    return { ...tally, fromMs: todayMs, untilMs: todayMs, before: new Map(), after: new Map() };
  }
  return {
    ...tally,
    fromMs: Math.max(from, beginMs),
    untilMs: Math.max(until, todayMs, beginMs),
    before: whole,
    after: until < todayMs ? new Map() : readSums(after),
  };
}

function dayOf(timeMs: number): number {
  return Math.floor(timeMs / dayMs) * dayMs;
}

function addUp(sums: Sums, more: Sums): Sums {
  for (const [key, amount] of more) {
    const sum = sums.get(key);
    sums.set(key, amount === null || sum === null ? null : (sum ?? 0n) + amount);
  }
  return sums;
}

function writeTally({ notes }: AccountState, { fromMs, untilMs, triedMs, before, after, gaps }: Tally): void {
  const times = [fromMs, untilMs, triedMs].map((time) => time.toString(36)).join(":");
  notes.set(noteKey, [times, ...[before, after, gaps].map(writeSums)].join("|"));
}

function readSums(text: string): Sums {
  const entries = text === "" ? [] : text.split(",");
  return new Map(
    entries.map((entry) => {
      const [key = "", amount = ""] = entry.split("=");
      return [key, amount === "" ? null : parseDecimal(amount)];
    }),
  );
}

/** One more than is compared tells that there are too many. */
function writeSums(sums: Sums): string {
  const kept = [...sums].slice(0, symbolsMax + 1);
  return kept.map(([key, amount]) => `${key}=${amount === null ? "" : formatDecimal(amount)}`).join(",");
}
