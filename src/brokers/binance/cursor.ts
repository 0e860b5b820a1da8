import "../../jitless.ts";
import { type } from "arktype";
import { AssetLedger, readAmounts, writeAmounts } from "./asset-ledger.ts";
import { type Progress, readProgress, shorten, writeProgress } from "./progress.ts";

/**
 * How far an account was read, as JSON values. The platform keeps it as text inside JSON, so lists are one text each, without quotation marks:
 * 200 symbols come to about 10 KB.
 */
export interface AccountState {
  key: KeyState;
  spot: CoinState | null;
  margin: CoinState | null;
  isolated: Holdings | null;
  linear: FuturesState | null;
  inverse: FuturesState | null;
}

export interface KeyState {
  /** 0: never. */
  checkedAtMs: number;
  canTrade: boolean;
  canWithdraw: boolean;
  portfolioMargin: boolean;
}

export interface Holdings {
  progress: Map<string, Progress>;
  ledger: AssetLedger;
  /** When all known symbols were last asked. 0: never. */
  fullReadMs: number;
}

/** The lists of what moves coins without an order, each read up to a time. */
export const movementKinds = ["conversions", "dust", "deposits", "withdrawals", "dividends"] as const;
export type MovementKind = (typeof movementKinds)[number];

/** Spot, or cross margin. */
export interface CoinState extends Holdings {
  /** Assets that were searched for in vain in symbols that were never traded: not again before then. */
  searchedUntilMs: Map<string, number>;
  movedUntilMs: Record<MovementKind, number>;
  /** The sweep has asked all symbols up to this one, by name; null: all. */
  sweptTo: string | null;
}

export interface FuturesState extends Holdings {
  /** Per symbol: realised PnL of the income list less that of the fills; zeros left out. */
  pnlGaps: Map<string, bigint>;
  /** The income list was read from and to. 0: never. */
  sinceMs: number;
  untilMs: number;
  /** Marks of the income of the last half hour, to know what is new when it is read again. */
  recentIncome: string[];
  /** Whether there was something before `sinceMs`: fills, or money that no entry explains. Not known until all of the first reading is settled. */
  before: "unknown" | "nothing" | "something";
  /** How the list of fills writes a fee that was paid. */
  feeSign: "unknown" | "positive" | "negative";
  /** A pass over several symbols that was interrupted. */
  pass: { fromMs: number; toMs: number; done: string } | null;
  sweptTo: string | null;
}

export function newState(): AccountState {
  const key = { checkedAtMs: 0, canTrade: false, canWithdraw: false, portfolioMargin: false };
  return { key, spot: null, margin: null, isolated: null, linear: null, inverse: null };
}

export function newHoldings(): Holdings {
  return { progress: new Map(), ledger: new AssetLedger(), fullReadMs: 0 };
}

export function newCoinState(): CoinState {
  const movedUntilMs = { conversions: 0, dust: 0, deposits: 0, withdrawals: 0, dividends: 0 };
  return { ...newHoldings(), searchedUntilMs: new Map(), movedUntilMs, sweptTo: "" };
}

export function newFuturesState(): FuturesState {
  return {
    ...newHoldings(),
    pnlGaps: new Map(),
    sinceMs: 0,
    untilMs: 0,
    recentIncome: [],
    before: "unknown",
    feeSign: "unknown",
    pass: null,
    sweptTo: "",
  };
}

const ms = "number.integer >= 0";
const HoldingsShape = type({ p: "string", t: "string", g: "string", h: "string", d: ms });
const CoinShape = HoldingsShape.and({ x: "string", m: [ms, ms, ms, ms, ms], s: "string | null" });
const FuturesShape = HoldingsShape.and({
  n: "string",
  f: ms,
  u: ms,
  r: "string",
  "b?": "0 | 1 | 2",
  "c?": "0 | 1 | 2",
  "o?": [ms, ms, "string"],
  s: "string | null",
});
const CursorShape = type({
  v: "1",
  key: [ms, "0 | 1", "0 | 1", "0 | 1"],
  "spot?": CoinShape,
  "margin?": CoinShape,
  "isolated?": HoldingsShape,
  "linear?": FuturesShape,
  "inverse?": FuturesShape,
});
type Cursor = typeof CursorShape.infer;

/** The platform keeps 64 KB of it and of what the importer adds, escaped. */
const charactersMax = 24_000;
/** Of each symbol, where the whole is too long. */
const recentIdsKept = 5;

export function writeCursor(state: AccountState): Cursor {
  const cursor = write(state);
  if (JSON.stringify(cursor).length <= charactersMax) return cursor;
  for (const holdings of [state.spot, state.margin, state.isolated, state.linear, state.inverse]) {
    for (const progress of holdings?.progress.values() ?? []) shorten(progress, recentIdsKept);
  }
  return write(state);
}

function write(state: AccountState): Cursor {
  const { key } = state;
  const bit = (value: boolean) => (value ? 1 : 0);
  return {
    v: 1,
    key: [key.checkedAtMs, bit(key.canTrade), bit(key.canWithdraw), bit(key.portfolioMargin)],
    ...(state.spot && { spot: writeCoin(state.spot) }),
    ...(state.margin && { margin: writeCoin(state.margin) }),
    ...(state.isolated && { isolated: writeHoldings(state.isolated) }),
    ...(state.linear && { linear: writeFutures(state.linear) }),
    ...(state.inverse && { inverse: writeFutures(state.inverse) }),
  };
}

/** Null: of another form. The account is then read from its beginning, and the platform knows what it has already. */
export function readCursor(value: unknown): AccountState | null {
  const cursor = CursorShape(value);
  if (cursor instanceof type.errors) return null;
  const [checkedAtMs, canTrade, canWithdraw, portfolioMargin] = cursor.key;
  const key = {
    checkedAtMs,
    canTrade: canTrade === 1,
    canWithdraw: canWithdraw === 1,
    portfolioMargin: portfolioMargin === 1,
  };
  try {
    return {
      key,
      spot: cursor.spot === undefined ? null : readCoin(cursor.spot),
      margin: cursor.margin === undefined ? null : readCoin(cursor.margin),
      isolated: cursor.isolated === undefined ? null : readHoldings(cursor.isolated),
      linear: cursor.linear === undefined ? null : readFutures(cursor.linear),
      inverse: cursor.inverse === undefined ? null : readFutures(cursor.inverse),
    };
  } catch {
    return null; // a text in it was not written by `writeCursor`
  }
}

function writeHoldings({ progress, ledger, fullReadMs }: Holdings): typeof HoldingsShape.infer {
  return { p: writeProgress(progress), ...ledger.write(), d: fullReadMs };
}

function readHoldings(stored: typeof HoldingsShape.infer): Holdings {
  return { progress: readProgress(stored.p), ledger: new AssetLedger(stored), fullReadMs: stored.d };
}

function writeCoin(state: CoinState): typeof CoinShape.infer {
  const { conversions, dust, deposits, withdrawals, dividends } = state.movedUntilMs;
  const m: [number, number, number, number, number] = [conversions, dust, deposits, withdrawals, dividends];
  return { ...writeHoldings(state), x: writeTimes(state.searchedUntilMs), m, s: state.sweptTo };
}

function readCoin(stored: typeof CoinShape.infer): CoinState {
  const [conversions, dust, deposits, withdrawals, dividends] = stored.m;
  const movedUntilMs = { conversions, dust, deposits, withdrawals, dividends };
  return { ...readHoldings(stored), searchedUntilMs: readTimes(stored.x), movedUntilMs, sweptTo: stored.s };
}

const befores = ["unknown", "nothing", "something"] as const satisfies readonly FuturesState["before"][];
const feeSigns = ["unknown", "positive", "negative"] as const satisfies readonly FuturesState["feeSign"][];

function writeFutures(state: FuturesState): typeof FuturesShape.infer {
  const { pass } = state;
  return {
    ...writeHoldings(state),
    n: writeAmounts(state.pnlGaps),
    f: state.sinceMs,
    u: state.untilMs,
    r: state.recentIncome.join("."),
    b: befores.indexOf(state.before) as 0 | 1 | 2,
    c: feeSigns.indexOf(state.feeSign) as 0 | 1 | 2,
    ...(pass && { o: [pass.fromMs, pass.toMs, pass.done] as [number, number, string] }),
    s: state.sweptTo,
  };
}

function readFutures(stored: typeof FuturesShape.infer): FuturesState {
  const pass = stored.o;
  return {
    ...readHoldings(stored),
    pnlGaps: readAmounts(stored.n),
    sinceMs: stored.f,
    untilMs: stored.u,
    recentIncome: stored.r === "" ? [] : stored.r.split("."),
    before: befores[stored.b ?? 0] ?? "unknown",
    feeSign: feeSigns[stored.c ?? 0] ?? "unknown",
    pass: pass === undefined ? null : { fromMs: pass[0], toMs: pass[1], done: pass[2] },
    sweptTo: stored.s,
  };
}

function writeTimes(times: ReadonlyMap<string, number>): string {
  return [...times].map(([asset, atMs]) => `${asset}:${atMs.toString(36)}`).join(",");
}

function readTimes(text: string): Map<string, number> {
  const times = new Map<string, number>();
  for (const entry of text === "" ? [] : text.split(",")) {
    const colon = entry.lastIndexOf(":");
    const atMs = Number.parseInt(entry.slice(colon + 1), 36);
    if (colon <= 0 || !Number.isSafeInteger(atMs)) throw new RangeError("an asset or a time is missing");
    times.set(entry.slice(0, colon), atMs);
  }
  return times;
}
