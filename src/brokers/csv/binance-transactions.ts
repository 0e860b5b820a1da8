import { formatDecimal } from "../../executions/decimal.ts";
import type { Market } from "../../executions/execution.ts";
import { noDataRow } from "./binance.ts";
import { operation } from "./binance-operations.ts";
import { decimal, oneOf, optionalText, text, time } from "./columns.ts";
import { defineDialect, type GroupDraft, type Outcome, type Row, RowError, skip } from "./dialect.ts";
import { exchangedOf, quotesOfCoinExchanges } from "./exchanged.ts";
import { feeEntry, withFees } from "./ledger-fees.ts";

const spot = ["Spot", "Earn", "Pool", "Savings", "Funding", "Card", "P2P"];
const margin = ["Cross Margin", "CrossMargin", "Isolated Margin", "IsolatedMargin"];
const futures = ["USDT-Futures", "USD-MFutures", "USD-M Futures", "Coin-M Futures", "Coin-MFutures", "COIN-M Futures"];

const columns = {
  user: optionalText(["User_ID", "User ID"]),
  time: time(["UTC_Time", "Time"], ["YYYY-MM-DD hh:mm:ss", "YY-MM-DD hh:mm:ss"]),
  wallet: oneOf<Market>("Account", {
    ...Object.fromEntries(spot.map((wallet) => [wallet, "spot"])),
    ...Object.fromEntries(margin.map((wallet) => [wallet, "margin"])),
    ...Object.fromEntries(futures.map((wallet) => [wallet, "linear"])),
  }),
  operation: operation("Operation"),
  coin: text("Coin"),
  change: decimal("Change"),
  remark: optionalText("Remark"),
};

type Entry = Row<typeof columns>;
type EntryOutcome = Outcome<typeof columns>;

const ofFutures = skip("a futures entry without its contract: Futures Order > Trade History has it");

/**
 * Binance, "Transaction History" (all operations): a row a change of a balance, by the second, without ids. Fills of one second, wallet and pair are one
 * execution, at the average price: which of its rows are of which fill the file does not say. Where rows of several pairs, or of buying and selling,
 * cannot be told apart they are refused, never paired by a guess. Legs that fell into two seconds are put together. Older files are in UTC; newer
 * ones, with `Time`, in the zone chosen at export, which only the file's name says. Futures wallets do not name their contracts. (Operations as in
 * BittyTax, everytrade-io/everytrade-plugins and rotki.)
 */
export const binanceTransactions = defineDialect({
  id: "binance_transactions",
  broker: "binance",
  title: "Binance transaction history",
  export:
    "Binance > Assets > Transaction History > Export (better: Spot Order > Trade History; one of the two for one period)",
  markets: ["spot", "margin"],
  layout: { kind: "table" },
  headers: [
    ["UTC_Time", "Account", "Operation", "Coin", "Change", "Remark"],
    ["Time", "Account", "Operation", "Coin", "Change", "Remark"],
  ],
  timezone: "UTC",
  timezoneInName: true,
  statedPnl: null,
  columns,
  timeColumn: "time",
  accountColumn: "user",
  summaryRow: noDataRow,
  groups: {
    // Within it seconds are looked at one by one, so that it changes nothing but where two of them are one trade.
    windowMs: 10_000,
    keyOf({ operation, wallet, remark }) {
      if ("skip" in operation) return null;
      if (operation.kind === "conversion" || operation.kind === "purchase") return `${operation.name} ${remark ?? ""}`;
      return wallet === "linear" ? null : `trade ${wallet}`;
    },
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      const { operation, wallet } = first;
      if ("skip" in operation) return [{ rows, is: operation }];
      if (operation.kind === "purchase") return purchaseOf(rows);
      if (operation.kind === "conversion") return bySecond(rows).map((some) => conversionOf(some));
      return wallet === "linear" ? [{ rows, is: ofFutures }] : bySecond(rows).flatMap(tradesOf);
    },
  },
});

/** Legs lie within so much of each other. */
const apartMaxMs = 2_000;

/** Rows of one second each; seconds that have one side only are put together with the next, where that makes a whole. */
function bySecond(rows: readonly Entry[]): Entry[][] {
  const seconds = [...Map.groupBy(rows, (row) => row.time.utcMs)].sort(([a], [b]) => a - b);
  const sets: Entry[][] = [];
  for (const [atMs, some] of seconds) {
    const last = sets.at(-1);
    const lastMs = last?.at(-1)?.time.utcMs ?? Number.NEGATIVE_INFINITY;
    if (last !== undefined && atMs - lastMs <= apartMaxMs && sidesOf(last) + sidesOf(some) === 0) last.push(...some);
    else sets.push(some);
  }
  return sets;
}

/** 1: coins only came in, -1: they only went out, else no number that another one makes zero with. */
function sidesOf(rows: readonly Entry[]): number {
  const signs = new Set(rows.filter(isLeg).map(({ change }) => (change < 0n ? -1 : 1)));
  const [only] = signs;
  return signs.size === 1 && only !== undefined ? only : Number.NaN;
}

function isLeg({ operation }: Entry): boolean {
  return "kind" in operation && operation.kind !== "fee";
}

/** Of one second and wallet. */
function tradesOf(rows: readonly Entry[]): EntryOutcome[] {
  const fees = rows.filter((row) => !isLeg(row));
  const sets = legSetsOf(rows.filter(isLeg));
  if (sets.length === 0) return [{ rows, is: new RowError("incomplete_trade", "a fee without its trade") }];
  const fills = sets.map((legs) => ({ legs, fill: fillOf(legs, "fill") }));
  if (fills.length === 1) return fills.map(({ legs, fill }) => ({ rows: [...legs, ...fees], is: charged(fill, fees) }));
  // A fee in the coin that came in by one of them alone is that one's.
  const own = new Map(fills.map(({ legs }) => [legs, [] as Entry[]]));
  const left = fees.filter((fee) => {
    const takers = sets.filter((legs) => legs.some(({ coin, change }) => coin === fee.coin && change > 0n));
    const [taker] = takers;
    if (takers.length !== 1 || taker === undefined) return true;
    own.get(taker)?.push(fee);
    return false;
  });
  const shared = sharedFeesOf(
    fills.map(({ fill }) => fill),
    left,
  );
  const trades = fills.map(({ legs, fill }): EntryOutcome => {
    const mine = own.get(legs) ?? [];
    const isUnknown = shared === null && mine.length === 0 && !(fill instanceof RowError);
    return { rows: [...legs, ...mine], is: isUnknown ? { ...fill, fee: null } : charged(fill, mine) };
  });
  const unclear = new RowError("ambiguous_fee", "fees of several trades of one second that cannot be told apart");
  return left.length === 0 ? trades : [...trades, { rows: left, is: shared ?? unclear }];
}

/** Fees of several trades of one symbol are fees of that symbol. Null: they are of several. */
function sharedFeesOf(fills: readonly (GroupDraft | RowError)[], fees: readonly Entry[]): GroupDraft[] | null {
  const good = fills.flatMap((fill) => (fill instanceof RowError ? [] : [fill]));
  const [first] = good;
  if (fees.length === 0) return [];
  if (first === undefined || good.length < fills.length || good.some(({ symbol }) => symbol !== first.symbol))
    return null;
  return fees.map(({ coin, change }) => feeEntry(first, coin, -change));
}

/** The legs of each exchange, as far as operations and signs tell them apart. */
function legSetsOf(legs: readonly Entry[]): Entry[][] {
  const of = (...names: readonly string[]) =>
    legs.filter(({ operation }) => "kind" in operation && operation.kind === "leg" && names.includes(operation.of));
  const plain = of("buy", "sell", "related");
  const sets = [of("bought"), of("sold"), ...(hasBothWays(plain) ? plainSetsOf(of) : [plain])];
  return sets.filter((set) => set.length > 0);
}

function plainSetsOf(of: (...names: readonly string[]) => Entry[]): Entry[][] {
  const related = of("related");
  const went = (rows: readonly Entry[]) => rows.filter(({ change }) => change < 0n);
  const came = (rows: readonly Entry[]) => rows.filter(({ change }) => change >= 0n);
  const [buys, sells] = [of("buy"), of("sell")];
  if (related.length > 0)
    return [
      [...buys, ...went(related)],
      [...sells, ...came(related)],
    ];
  // In old files each has both legs; in newer ones they are the two legs of one.
  const isOld = [buys, sells].every((rows) => rows.length === 0 || (went(rows).length > 0 && came(rows).length > 0));
  return isOld ? [buys, sells] : [[...buys, ...sells]];
}

/** One coin that came in and went out: rows of more than one exchange. */
function hasBothWays(legs: readonly Entry[]): boolean {
  const came = new Set(legs.filter(({ change }) => change > 0n).map(({ coin }) => coin));
  return legs.some(({ coin, change }) => change < 0n && came.has(coin));
}

function conversionOf(rows: readonly Entry[]): EntryOutcome {
  const fill = fillOf(rows, "conversion");
  return { rows, is: charged(fill, []) };
}

/** What was paid in before it was paid for a coin is none of its legs. */
function purchaseOf(rows: readonly Entry[]): EntryOutcome[] {
  const wentOut = new Set(rows.filter(({ change }) => change < 0n).map(({ coin }) => coin));
  const isPaidIn = ({ coin, change }: Entry) => change > 0n && wentOut.has(coin);
  const paidIn = rows.filter(isPaidIn);
  const legs = rows.filter((row) => !isPaidIn(row));
  return [
    ...(paidIn.length === 0 ? [] : [{ rows: paidIn, is: skip("a deposit") }]),
    ...(legs.length === 0 ? [] : [conversionOf(legs)]),
  ];
}

function fillOf(legs: readonly Entry[], type: "fill" | "conversion"): GroupDraft | RowError {
  const [first] = legs;
  if (first === undefined) throw new Error("a trade of no rows");
  if (hasBothWays(legs)) {
    return new RowError("ambiguous_trade", "rows of several trades of one second that cannot be told apart");
  }
  try {
    const moves = legs.map(({ coin, change }) => ({ asset: coin, amount: change }));
    const { base, quote, ...exchanged } = exchangedOf(moves, quotesOfCoinExchanges);
    const symbol = `${base}${quote}`;
    const amounts = [exchanged.quantity, exchanged.quoteQuantity].map(formatDecimal);
    return {
      id: null,
      identity: [first.time.text, type, symbol, exchanged.side, ...amounts],
      type,
      market: first.wallet === "margin" ? "margin" : "spot",
      symbol,
      baseAsset: base,
      quoteAsset: quote,
      ...exchanged,
      executedAtMs: Math.max(...legs.map(({ time: at }) => at.utcMs)),
    };
  } catch (error) {
    if (error instanceof RowError) return error;
    throw error;
  }
}

function charged(fill: GroupDraft | RowError, fees: readonly Entry[]): EntryOutcome["is"] {
  if (fill instanceof RowError) return fill;
  return withFees(
    fill,
    fees.map(({ coin, change }) => ({ asset: coin, amount: -change })),
  );
}
