import { absolute, type Decimal, formatDecimal, one } from "../../executions/decimal.ts";
import type { Direction, ExecutionType, Side } from "../../executions/execution.ts";
import { decimal, id, oneOf, optionalDecimal, optionalText, text, time } from "./columns.ts";
import { defineDialect, type GroupDraft, type Outcome, type Row, RowError, type Skip, skip } from "./dialect.ts";
import { exchangedOf, quotesOfCoinExchanges } from "./exchanged.ts";
import { instrumentOf, type OkxInstrument } from "./okx.ts";
import { fillOf, type LegRow, pairLegs } from "./paired-legs.ts";

interface Action {
  side: Side | null;
  type: ExecutionType;
  position: Direction | null;
}

const action = (side: Side | null, position: Direction | null = null, type: ExecutionType = "fill"): Action => ({
  side,
  type,
  position,
});

const columns = {
  id: id("id"),
  orderId: optionalText("Order id"),
  time: time("Time", ["YYYY-MM-DD hh:mm:ss"]),
  kind: oneOf("Trade Type", {
    Spot: "spot",
    Margin: "spot",
    Swap: "contract",
    Perpetual: "contract",
    Futures: "contract",
    Expiry: "contract",
    Option: "contract",
    Options: "contract",
    Transfer: "other",
    Interest: "other",
  }),
  symbol: optionalText(["Symbol", "Instrument"]),
  action: oneOf<Action | Skip>(["Action", "Type"], {
    Buy: action("buy"),
    Sell: action("sell"),
    "Open long": action("buy", "long"),
    "Close long": action("sell", "long"),
    "Open short": action("sell", "short"),
    "Close short": action("buy", "short"),
    "Liquidate long": action("sell", "long", "liquidation"),
    "Liquidate short": action("buy", "short", "liquidation"),
    "Auto-deleverage long": action("sell", "long", "adl"),
    "Auto-deleverage short": action("buy", "short", "adl"),
    "Funding fee": action(null, null, "funding"),
    "Funding fee expense": action(null, null, "funding"),
    "Funding fee income": action(null, null, "funding"),
    "Transfer in": skip("a transfer"),
    "Transfer out": skip("a transfer"),
    "Interest deduction": skip("interest"),
    Interest: skip("interest"),
  }),
  amount: decimal("Amount"),
  unit: text(["Trading Unit", "Unit"]),
  price: optionalDecimal("Filled Price"),
  pnl: optionalDecimal(["PnL", "PL"]),
  fee: decimal("Fee"),
  feeAsset: optionalText("Fee Unit"),
  change: decimal("Balance Change"),
  // Of the oldest generation: the last column, whose name the amount's unit has too.
  asset: text(["Balance Unit", { last: "Unit" }]),
};

type OkxRow = Row<typeof columns>;
type OkxOutcome = Outcome<typeof columns>;

/**
 * OKX trading account, "Trading History": newest first, with its zone in the row above the header, and a byte order mark before each
 * row. Three generations of columns. A spot fill is two rows of one order and second: what came in is a Buy, what went out a Sell, whichever of them is
 * the base. A contract's fill is one row; its amount is in contracts, whose size the file does not say, so that the PnL is the one stated. Fees
 * and funding below zero were paid.
 */
export const okxTradingHistory = defineDialect({
  id: "okx_trading_history",
  broker: "okx",
  // OKX's API says the sizes of contracts, so that the PnL follows from prices there.
  idBroker: "okx_history",
  title: "OKX trading history",
  export: "OKX > Assets > Order center > Trading history (or Statements) > Export",
  markets: ["spot", "linear", "inverse", "option"],
  layout: { kind: "table" },
  headers: [
    [
      "id",
      "Order id",
      "Time",
      "Trade Type",
      "Symbol",
      "Action",
      "Amount",
      "Trading Unit",
      "Filled Price",
      "Fee",
      "Balance Change",
      "Balance Unit",
    ],
    ["id", "Order id", "Time", "Trade Type", "Instrument", "Type", "Amount", "Unit", "Fee", "Balance Change"],
  ],
  timezone: "UTC",
  timezoneAbove: /Time Zone:\s*(UTC[+-]\d{1,2}(?::?\d{2})?|UTC)/i,
  statedPnl: "booked",
  columns,
  timeColumn: "time",
  groups: {
    windowMs: 0,
    keyOf(row) {
      if (row.kind !== "spot" || "skip" in row.action) return null;
      const price = row.price === null ? "" : formatDecimal(row.price);
      return [row.symbol ?? "", row.orderId ?? "", price, row.orderId === null ? row.id : ""].join(" ");
    },
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      if ("skip" in first.action) return [{ rows, is: first.action }];
      if (first.kind === "other") return [{ rows, is: skip("no trade") }];
      if (first.symbol === null) throw new RowError("empty", "a symbol is missing", "symbol");
      const instrument = instrumentOf(first.symbol, "symbol");
      if (first.kind === "contract") return [{ rows, is: ofContract(first, first.action, first.symbol, instrument) }];
      return first.price === null || first.price === 0n
        ? unpricedFills(rows, first.symbol, instrument)
        : spotFills(rows, first.symbol, instrument, first.price);
    },
  },
});

function ofContract(
  row: OkxRow,
  { side, type, position }: Action,
  symbol: string,
  instrument: OkxInstrument,
): GroupDraft {
  const common = { id: row.id, symbol, ...instrument, type };
  const feeAsset = row.feeAsset ?? row.asset;
  // Some files book funding as a PnL that does not change the balance.
  if (type === "funding")
    return { ...common, side: null, fee: -(row.change === 0n ? (row.pnl ?? 0n) : row.change), feeAsset };
  const isInCoins = row.unit.toUpperCase() === instrument.baseAsset;
  const closes = side === "sell" ? position !== "short" : position !== "long";
  return {
    ...common,
    side,
    positionSide: position,
    quantity: absolute(row.amount),
    price: row.price,
    contractSize: isInCoins ? one : null,
    fee: -row.fee,
    feeAsset,
    // An opening fill states 0, which is no PnL.
    realizedPnl: (position === null ? (row.pnl ?? 0n) !== 0n : closes) ? row.pnl : null,
    orderId: row.orderId,
  };
}

interface OkxLeg extends LegRow {
  row: OkxRow;
}

/** Rows of one order, second and price. */
function spotFills(rows: readonly OkxRow[], symbol: string, instrument: OkxInstrument, price: Decimal): OkxOutcome[] {
  const { coins, monies, strangers } = legsOf(rows, instrument);
  const fills = pairLegs(coins, monies, price).map(({ coin, money }): OkxOutcome => {
    const members = [coin, money].flatMap((leg) => leg?.row ?? []);
    const row = coin?.row ?? money?.row;
    if (row === undefined) throw new Error("a fill without a leg");
    const incoming = sideOf(row) === "buy";
    const side = incoming === (coin !== null) ? "buy" : "sell";
    const pair = { base: instrument.baseAsset, quote: instrument.quoteAsset };
    const identity = [row.time.text, symbol, side, formatDecimal(price), row.orderId ?? ""];
    return {
      rows: members,
      is: fillOf({ coin, money }, { symbol, pair, side, price, id: row.id, orderId: row.orderId, identity }),
    };
  });
  return [...fills, ...strangers];
}

/** The oldest generation says no price: a fill is the rows with one id, else those of one order and second. */
function unpricedFills(rows: readonly OkxRow[], symbol: string, instrument: OkxInstrument): OkxOutcome[] {
  const byId = [...Map.groupBy(rows, ({ id: rowId }) => rowId).values()];
  const fills = byId.every((members) => members.length === 2) ? byId : [rows];
  return fills.map((members): OkxOutcome => {
    try {
      return { rows: members, is: unpricedFill(members, symbol, instrument) };
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      return { rows: members, is: error };
    }
  });
}

function unpricedFill(rows: readonly OkxRow[], symbol: string, { baseAsset, quoteAsset }: OkxInstrument): GroupDraft {
  const legs = rows.map((row) => ({ asset: row.asset, amount: sideOf(row) === "buy" ? row.amount : -row.amount }));
  const { base, quote, side, quantity, quoteQuantity, price } = exchangedOf(legs, [
    quoteAsset,
    ...quotesOfCoinExchanges,
  ]);
  if (base !== baseAsset || quote !== quoteAsset) {
    throw new RowError("wrong_unit", `expected amounts of ${baseAsset} and ${quoteAsset}`, "asset");
  }
  const charged = rows.filter(({ fee }) => fee !== 0n);
  if (new Set(charged.map(({ asset }) => asset)).size > 1)
    throw new RowError("ambiguous_trade", "fees in two assets", "fee");
  const first = rows.find(({ asset }) => asset === baseAsset);
  const orderId = first?.orderId ?? null;
  return {
    id: first?.id ?? null,
    identity: [first?.time.text ?? "", symbol, side, orderId ?? "", formatDecimal(quantity)],
    market: "spot",
    symbol,
    baseAsset,
    quoteAsset,
    side,
    quantity,
    price,
    quoteQuantity,
    fee: charged.reduce((sum, { fee }) => sum - fee, 0n),
    feeAsset: charged[0]?.asset ?? quoteAsset,
    orderId,
  };
}

function legsOf(rows: readonly OkxRow[], { baseAsset, quoteAsset }: OkxInstrument) {
  const legs = rows.map((row): OkxLeg => {
    const { amount, asset, fee, feeAsset } = row;
    return { row, amount: absolute(amount), asset: asset.toUpperCase(), fee: -fee, feeAsset: feeAsset ?? asset };
  });
  const strangers = legs.filter(({ asset }) => asset !== baseAsset && asset !== quoteAsset);
  return {
    coins: legs.filter(({ asset }) => asset === baseAsset),
    monies: legs.filter(({ asset }) => asset === quoteAsset),
    strangers: strangers.map(({ row }): OkxOutcome => {
      return { rows: [row], is: new RowError("wrong_unit", `expected ${baseAsset} or ${quoteAsset}`, "asset") };
    }),
  };
}

function sideOf({ action: said }: OkxRow): Side | null {
  return "skip" in said ? null : said.side;
}
