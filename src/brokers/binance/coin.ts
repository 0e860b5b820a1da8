import type { Decimal } from "../../executions/decimal.ts";
import { formatDecimal, fromProduct, multiply } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import type { SourcePage } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import type { MarketTable } from "../markets-cache.ts";
import type { CoinState, Holdings } from "./cursor.ts";
import type { Endpoint } from "./endpoints.ts";
import { SymbolGone } from "./errors.ts";
import { listsBehind, readMovements } from "./movements.ts";
import { advance, compareIds, hasRead, hourMs, newProgress, type Progress, resumeId } from "./progress.ts";
import { dayMs, pagesMax, type Reading, rowsMax, sweepShare, toPage, warn } from "./reading.ts";
import type { CoinTrade } from "./rows.ts";
import { candidatesOf, isQuoteAsset, knownTouching } from "./symbol-search.ts";
import { fromCoinTrade } from "./to-execution.ts";

/** Spot, cross margin, or one isolated pair: `myTrades` needs a symbol, and nothing lists the symbols that were traded. */
export interface CoinWallet {
  market: "spot" | "margin";
  /** Free and locked, less what is borrowed. */
  balances: () => Promise<Map<string, Decimal>>;
  trades: (symbol: string, from: { fromId: string } | { startTime: number }) => Promise<CoinTrade[]>;
  tradesEndpoint: Endpoint;
  symbols: MarketTable;
  /** Orders that the venue placed to close positions. */
  liquidations: () => Promise<ReadonlySet<string>>;
}

/** What is unexplained is looked for so long: lists are late, balances are not. */
export const openMs = hourMs;
/** What was searched for in vain in other lists and symbols is searched for once more, before it is taken for inexplicable. */
const searchAgainMs = 45 * 60_000;
/** An asset that much is quoted in moves by itself, by interest say: the symbols that it is the base of are not asked each time. */
const quoteAgainMs = 6 * 3_600_000;
/** Symbols that share only a moved quote asset, in one run: those traded last, and lately. */
const sameQuoteMax = 25;
const latelyHours = 7 * 24;
const candidatesMax = 400;

/**
 * One round over a wallet. Idle, it costs the request of the balances. Where assets moved, their known symbols are asked until the move is explained,
 * then the lists of converts, dust and movements, then symbols that were never traded. Once a day everything known is asked.
 */
export async function* readCoins(reading: Reading, wallet: CoinWallet, state: CoinState): AsyncGenerator<SourcePage> {
  const nowMs = reading.client.nowMs();
  const { ledger } = state;
  const moved = ledger.observe(await wallet.balances());
  const isDue = nowMs - state.fullReadMs >= dayMs;
  const round = new Round(reading, wallet, state, { nowMs, moved });
  if (wallet.market === "spot" && (isDue || listsBehind(state, nowMs).length > 0))
    yield* readMovements(reading, state, wallet.symbols, { onlyBehind: !isDue });
  if (isDue) {
    for (const symbol of knownTouching(state, wallet.symbols, null)) yield* round.read(symbol);
    for (const symbol of knownElsewhere(reading, wallet, state)) yield* round.read(symbol);
  }
  yield* round.explain();
  yield* sweep(reading, wallet, state, round);
  if (state.fullReadMs === 0) acceptOld(state, wallet.symbols);
  if (isDue) state.fullReadMs = nowMs;
  ledger.settle(nowMs, openMs);
  noteGaps(reading, wallet, state, nowMs);
  yield await toPage(reading, []);
}

/** Traded, as a file or an earlier import says, and not found here so far. */
function knownElsewhere({ knownSymbols }: Reading, { market, symbols }: CoinWallet, { progress }: CoinState): string[] {
  return knownSymbols
    .filter((known) => known.market === market && symbols.symbols.has(known.symbol) && !progress.has(known.symbol))
    .map(({ symbol }) => symbol)
    .slice(0, candidatesMax);
}

/** After the first reading nothing is looked for but what may still be on its way: of assets traded a moment ago. */
function acceptOld({ progress, ledger }: CoinState, { symbols }: MarketTable): void {
  const recent = new Set<string>();
  for (const [symbol, { recentIds }] of progress) {
    const info = symbols.get(symbol);
    if (recentIds.length > 0 && info !== undefined) recent.add(info.base);
  }
  for (const asset of ledger.unexplained()) if (!recent.has(asset)) ledger.acceptOne(asset);
}

/** One run's questions: no symbol is asked twice. */
class Round {
  readonly #reading: Reading;
  readonly #wallet: CoinWallet;
  readonly #state: CoinState;
  readonly #nowMs: number;
  /** Assets whose balance is another one than in the last run. */
  readonly #moved: ReadonlySet<string>;
  readonly #asked = new Set<string>();

  constructor(
    reading: Reading,
    wallet: CoinWallet,
    state: CoinState,
    at: { nowMs: number; moved: ReadonlySet<string> },
  ) {
    this.#reading = reading;
    this.#wallet = wallet;
    this.#state = state;
    this.#nowMs = at.nowMs;
    this.#moved = at.moved;
  }

  async *read(symbol: string): AsyncGenerator<SourcePage> {
    if (this.#asked.has(symbol)) return;
    this.#asked.add(symbol);
    yield* readSymbol(this.#reading, this.#wallet, this.#state, symbol, this.#nowMs);
  }

  async *explain(): AsyncGenerator<SourcePage> {
    const { ledger, searchedUntilMs } = this.#state;
    yield* this.#askKnown({ side: "base" }, () => ledger.unexplained(), Number.POSITIVE_INFINITY);
    const isNew = (asset: string) => this.#moved.has(asset) || !this.#wasSearched(asset);
    if (![...ledger.unexplained()].some(isNew)) return;
    if (this.#wallet.market === "spot") yield* readMovements(this.#reading, this.#state, this.#wallet.symbols);
    const sinceHour = this.#nowMs / hourMs - latelyHours;
    const movedNow = () => ledger.unexplained().intersection(this.#moved);
    yield* this.#askKnown({ side: "quote", sinceHour }, movedNow, sameQuoteMax);
    const searched = [...ledger.unexplained()].filter((asset) => this.#isSearchable(asset));
    yield* this.#askUntraded();
    for (const asset of searched) {
      searchedUntilMs.set(asset, this.#nowMs + (isQuoteAsset(asset) ? quoteAgainMs : searchAgainMs));
    }
    for (const [asset, untilMs] of searchedUntilMs) if (untilMs <= this.#nowMs) searchedUntilMs.delete(asset);
  }

  /** Known symbols of what moved, one by one, until it is explained. */
  async *#askKnown(
    of: { side: "base" | "quote"; sinceHour?: number },
    movedOf: () => Set<string>,
    symbolsMax: number,
  ): AsyncGenerator<SourcePage> {
    for (let count = 0; count < symbolsMax; count++) {
      const touching = { moved: movedOf(), ...of };
      const next = knownTouching(this.#state, this.#wallet.symbols, touching).find((name) => !this.#asked.has(name));
      if (next === undefined) return;
      yield* this.read(next);
    }
  }

  async *#askUntraded(): AsyncGenerator<SourcePage> {
    for (let count = 0; count < candidatesMax; count++) {
      const moved = new Set([...this.#state.ledger.unexplained()].filter((asset) => this.#isSearchable(asset)));
      const next = candidatesOf(this.#state, this.#wallet.symbols, moved).find((name) => !this.#asked.has(name));
      if (next === undefined) return;
      yield* this.read(next);
    }
  }

  #isSearchable(asset: string): boolean {
    return !this.#wasSearched(asset) || (this.#moved.has(asset) && !isQuoteAsset(asset));
  }

  #wasSearched(asset: string): boolean {
    return (this.#state.searchedUntilMs.get(asset) ?? 0) > this.#nowMs;
  }
}

/**
 * Every symbol once, over many runs, with what the budget has to spare: what is bought and sold again leaves its trace only in the asset that it was
 * paid in. Where all balances are explained to the last digit, from the beginning on, no symbol can be missing.
 */
async function* sweep(
  reading: Reading,
  wallet: CoinWallet,
  state: CoinState,
  round: Round,
): AsyncGenerator<SourcePage> {
  const { client, importFromMs } = reading;
  const { weight, pool } = wallet.tradesEndpoint;
  const isWhole = wallet.market === "spot" && importFromMs === null && listsBehind(state, client.nowMs()).length === 0;
  if (isWhole && state.ledger.gaps.size === 0) state.sweptTo = null;
  const names = [...wallet.symbols.symbols.values()]
    .filter(({ listed, margin }) => listed && (wallet.market === "spot" || margin === true))
    .map(({ symbol }) => symbol)
    .sort();
  for (const symbol of names) {
    if (state.sweptTo === null) return;
    if (symbol <= state.sweptTo) continue;
    if (!state.progress.has(symbol)) {
      if (!client.tools.budget.hasSpare(weight, client.accountId, { share: sweepShare, pool })) return;
      yield* round.read(symbol);
    }
    state.sweptTo = symbol;
  }
  state.sweptTo = null;
}

/** All new fills of one symbol, in pages. What happened after `endMs` is left for the next run: the balances do not have it either. */
export async function* readSymbol(
  reading: Reading,
  wallet: CoinWallet,
  state: Holdings,
  symbol: string,
  endMs: number,
): AsyncGenerator<SourcePage> {
  const { importFromMs } = reading;
  const known = state.progress.get(symbol);
  if (known?.gone === true) return;
  const progress = known ?? newProgress();
  const isFirst = known === undefined && importFromMs !== null;
  let fromId = known === undefined ? "0" : resumeId(progress);
  for (let page = 0; page < pagesMax; page++) {
    const startTime = page === 0 && isFirst ? importFromMs : null;
    const rows = await tradesOf(wallet, symbol, known, startTime === null ? { fromId } : { startTime });
    if (rows === null) return;
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return;
    if (startTime === null && compareIds(String(first.id), fromId) < 0) {
      throw failure(
        "broker_answer",
        `Binance gave fills of ${symbol} below id ${fromId}, from which they were asked for.`,
      );
    }
    if (startTime !== null) progress.stableId = String(BigInt(first.id) - 1n);
    const shown = rows.filter(({ time }) => time <= endMs);
    const fresh = shown.filter((row) => !hasRead(progress, String(row.id)) && row.time >= (importFromMs ?? 0));
    advance(
      progress,
      shown.map(({ id, time }) => ({ id: String(id), timeMs: time })),
      endMs,
    );
    if (shown.length > 0) state.progress.set(symbol, progress);
    if (fresh.length > 0) yield await toPage(reading, await toExecutions(wallet, state, symbol, fresh));
    if (rows.length < rowsMax || shown.length < rows.length) return;
    fromId = String(BigInt(last.id) + 1n);
  }
}

async function toExecutions(
  wallet: CoinWallet,
  state: Holdings,
  symbol: string,
  rows: CoinTrade[],
): Promise<Execution[]> {
  const { market } = wallet;
  const info = wallet.symbols.symbols.get(symbol);
  const forced = market === "margin" ? await wallet.liquidations() : new Set<string>();
  return rows.map((row) => {
    const type = forced.has(String(row.orderId)) ? "liquidation" : "fill";
    const execution = fromCoinTrade({ market, symbol, info }, row, type);
    book(state, execution);
    return execution;
  });
}

/** Ascending by id. Null: the venue has the symbol no longer. */
async function tradesOf(
  wallet: CoinWallet,
  symbol: string,
  known: Progress | undefined,
  from: { fromId: string } | { startTime: number },
): Promise<CoinTrade[] | null> {
  try {
    return (await wallet.trades(symbol, from)).sort((a, b) => compareIds(String(a.id), String(b.id)));
  } catch (error) {
    if (!(error instanceof SymbolGone)) throw error;
    if (known !== undefined) known.gone = true;
    return null;
  }
}

function book({ ledger }: Holdings, execution: Execution): void {
  const { side, quantity, price, baseAsset, quoteAsset, fee, feeAsset } = execution;
  if (quantity === null || price === null) return;
  const sign = side === "buy" ? 1n : -1n;
  const worth = execution.quoteQuantity ?? fromProduct(multiply(quantity, price));
  if (baseAsset !== null) ledger.add(baseAsset, sign * quantity);
  if (quoteAsset !== null) ledger.add(quoteAsset, -sign * worth);
  if (fee !== null && feeAsset !== null) ledger.add(feeAsset, -fee);
}

/** What the account's owner should know of it, in every run. */
function noteGaps(reading: Reading, wallet: CoinWallet, state: CoinState, nowMs: number): void {
  const { market } = wallet;
  const gone = [...state.progress].filter(([, progress]) => progress.gone).map(([symbol]) => symbol);
  if (gone.length > 0) {
    const message = `Binance does not answer for ${listOf(gone)} any more (${market}): their history may be incomplete, a CSV export has it.`;
    warn(reading, market, { code: "symbol_gone", message });
  }
  if (state.sweptTo !== null) {
    const message = `Symbols of ${market} are still being searched for trades${state.sweptTo === "" ? "" : ` (done up to ${state.sweptTo})`}.`;
    warn(reading, market, { code: "partial", message });
    return;
  }
  const behind = market === "spot" ? listsBehind(state, nowMs) : [];
  if (behind.length > 0) {
    const message = `Lists of spot that may be asked only so often are still being read: ${listOf(behind)}.`;
    warn(reading, market, { code: "partial", message });
    return;
  }
  // Interest, loans and transfers move a margin wallet, and history before the import is not known.
  if (market === "margin" || reading.importFromMs !== null) return;
  const open = state.ledger.unexplained();
  const gaps = [...state.ledger.gaps].filter(([asset]) => !open.has(asset));
  if (gaps.length === 0) return;
  const texts = gaps.map(([asset, gap]) => `${asset} ${signed(gap)}`);
  const message = `Balances on ${market} differ from what executions, deposits and withdrawals explain: ${listOf(texts)}.`;
  warn(reading, market, { code: "pnl_mismatch", message });
}

function listOf(items: readonly string[]): string {
  const shown = items.slice(0, 10).join(", ");
  return items.length > 10 ? `${shown} and ${items.length - 10} more` : shown;
}

function signed(amount: Decimal): string {
  return amount > 0n ? `+${formatDecimal(amount)}` : formatDecimal(amount);
}
