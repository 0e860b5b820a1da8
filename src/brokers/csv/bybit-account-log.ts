import { absolute, formatDecimal } from "../../executions/decimal.ts";
import type { ExecutionType, Side } from "../../executions/execution.ts";
import { splitSymbol } from "../../executions/symbols.ts";
import { contractOf } from "./bybit.ts";
import { decimal, oneOf, optionalDecimal, optionalId, optionalOneOf, optionalText, text, time } from "./columns.ts";
import { defineDialect, type GroupDraft, type Outcome, type Row, RowError, skip } from "./dialect.ts";
import { conversionDraft, quotesOfCoinExchanges } from "./exchanged.ts";
import { fillOf, type LegRow, pairLegs } from "./paired-legs.ts";

/** Entries of the account that are no trade. */
const others = {
  TRANSFER_IN: "a transfer",
  TRANSFER_OUT: "a transfer",
  DEPOSIT: "a deposit",
  WITHDRAW: "a withdrawal",
  WITHDRAWAL: "a withdrawal",
  INTEREST: "interest",
  BONUS: "a bonus",
  BONUS_RECOLLECT: "a bonus",
  AIRDROP: "an airdrop",
  AIRDRP: "an airdrop",
  FEE_REFUND: "a refund of fees",
  "--": "a move between Bybit's own products",
} as const;

const trades = { TRADE: "fill", LIQUIDATION: "liquidation", ADL: "adl", DELIVERY: "settlement" } as const;

const columns = {
  account: optionalText("Uid"),
  currency: text("Currency"),
  contract: optionalText("Contract"),
  type: oneOf<{ execution: ExecutionType } | { other: string } | "conversion">("Type", {
    ...Object.fromEntries(Object.entries(trades).map(([type, execution]) => [type, { execution }])),
    ...Object.fromEntries(Object.entries(others).map(([type, other]) => [type, { other }])),
    SETTLEMENT: { execution: "funding" },
    CURRENCY_BUY: "conversion",
    CURRENCY_SELL: "conversion",
  }),
  side: optionalOneOf<Side>("Direction", { BUY: "buy", SELL: "sell" }),
  quantity: optionalDecimal("Quantity"),
  price: optionalDecimal("Filled Price"),
  funding: optionalDecimal("Funding"),
  fee: optionalDecimal("Fee Paid"),
  cashFlow: optionalDecimal("Cash Flow"),
  change: decimal("Change"),
  action: optionalText("Action"),
  orderId: optionalId(["OrderId", "Order ID"]),
  tradeId: optionalId(["TradeId", "Trade ID"]),
  time: time(["Time(UTC)", "Time"], ["YYYY-MM-DD hh:mm:ss"]),
};

type LogRow = Row<typeof columns>;
type LogOutcome = Outcome<typeof columns>;

/**
 * Bybit unified account, log of the account ("Account Change Details", "Transaction Log"): newest first. A fill of a contract is one row, with
 * OPEN or CLOSE and the PnL before fees as its cash flow. A spot fill is two rows in one second, one a coin, with no action; each has the price, so
 * that where one is missing the other one says all but, perhaps, the fee. Fees below zero were paid. Older files have the ids of trade and order.
 */
export const bybitAccountLog = defineDialect({
  id: "bybit_account_log",
  broker: "bybit",
  title: "Bybit unified account log",
  export: "Bybit > Assets > Unified Trading > Account > Data Export > Account Change Details",
  markets: ["spot", "linear", "inverse", "option"],
  layout: { kind: "table" },
  headers: [
    [
      "Currency",
      "Contract",
      "Type",
      "Direction",
      "Quantity",
      "Filled Price",
      "Fee Paid",
      "Cash Flow",
      "Change",
      "Time(UTC)",
    ],
    [
      "Currency",
      "Contract",
      "Type",
      "Direction",
      "Quantity",
      "Filled Price",
      "Fee Paid",
      "Cash Flow",
      "Change",
      "Time",
    ],
  ],
  timezone: "UTC",
  statedPnl: "gross",
  columns,
  timeColumn: "time",
  accountColumn: "account",
  groups: {
    windowMs: 0,
    keyOf(row) {
      if (row.type === "conversion") return "conversion";
      if (!isSpotFill(row)) return null;
      return `${row.contract} ${row.side} ${row.price === null ? "" : formatDecimal(row.price)} ${row.tradeId ?? ""}`;
    },
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      if (first.type === "conversion") return [{ rows, is: conversionOf(rows, first) }];
      if (isSpotFill(first)) return spotFills(rows);
      if ("other" in first.type) return [{ rows, is: skip(first.type.other) }];
      return [
        { rows, is: first.type.execution === "funding" ? fundingOf(first) : contractFill(first, first.type.execution) },
      ];
    },
  },
});

/** Fills of contracts open or close a position. */
function isSpotFill({ type, action }: LogRow): boolean {
  if (typeof type === "string" || !("execution" in type) || type.execution !== "fill") return false;
  return action === null;
}

function contractFill(row: LogRow, type: ExecutionType): GroupDraft {
  const symbol = contractSaid(row);
  const contract = contractOf(symbol, "contract");
  const closes = row.action?.toUpperCase() === "CLOSE" || type !== "fill";
  return {
    id: row.tradeId,
    identity: [...identityOf(row, symbol), formatDecimal(absolute(row.quantity ?? 0n))],
    type,
    ...contract,
    symbol,
    side: row.side,
    quantity: row.quantity === null ? null : absolute(row.quantity),
    price: row.price,
    fee: row.fee === null ? null : -row.fee,
    feeAsset: row.fee === null ? null : row.currency,
    realizedPnl: closes && contract.market !== "option" ? row.cashFlow : null,
    orderId: row.orderId,
  };
}

function fundingOf(row: LogRow): GroupDraft {
  const symbol = contractSaid(row);
  const { market, baseAsset, quoteAsset, settleAsset } = contractOf(symbol, "contract");
  return {
    id: null,
    identity: [row.time.text, symbol, "funding"],
    type: "funding",
    market,
    symbol,
    baseAsset,
    quoteAsset,
    settleAsset,
    side: null,
    fee: row.funding === null ? null : -row.funding,
    feeAsset: row.currency,
  };
}

function conversionOf(rows: readonly LogRow[], first: LogRow): GroupDraft {
  const legs = rows.map(({ currency, change }) => ({ asset: currency, amount: change }));
  const conversion = conversionDraft(legs, quotesOfCoinExchanges, "");
  const identity = [first.time.text, conversion.type, conversion.side, formatDecimal(conversion.quantity)];
  return { id: null, identity, ...conversion };
}

interface LogLeg extends LegRow {
  row: LogRow;
}

/** Rows of one second, contract, side and price: the coin's rows, each with the currency's that it makes at the price. */
function spotFills(rows: readonly LogRow[]): LogOutcome[] {
  const [first] = rows;
  if (first === undefined) return [];
  const symbol = contractSaid(first);
  const { side, price } = first;
  if (side === null || price === null) throw new RowError("empty", "a fill needs its direction and price", "price");
  const pair = splitSymbol(symbol, { quote: rows.find(({ currency }) => symbol.endsWith(currency))?.currency ?? null });
  if (pair === null) throw new RowError("unknown_symbol", "expected a pair of two coins", "contract");
  const legs = rows.map(legOf);
  const coins = legs.filter(({ asset }) => asset === pair.base);
  const monies = legs.filter(({ asset }) => asset === pair.quote);
  const strangers = rows.filter(({ currency }) => currency !== pair.base && currency !== pair.quote);
  const fills = pairLegs(coins, monies, price).map(({ coin, money }): LogOutcome => {
    const members = [coin, money].flatMap((leg) => leg?.row ?? []);
    const { tradeId, orderId } = members[0] ?? first;
    const fill = { symbol, pair, side, price, id: tradeId, orderId, identity: identityOf(first, symbol) };
    return { rows: members, is: fillOf({ coin, money }, fill) };
  });
  return [
    ...fills,
    ...strangers.map((row) => ({
      rows: [row],
      is: new RowError("wrong_unit", `expected ${pair.base} or ${pair.quote}`, "currency"),
    })),
  ];
}

function legOf(row: LogRow): LogLeg {
  const { currency, fee } = row;
  const amount = absolute(row.quantity ?? row.cashFlow ?? row.change);
  return { row, asset: currency, amount, fee: fee === null ? null : -fee, feeAsset: currency };
}

function identityOf(row: LogRow, symbol: string): readonly string[] {
  return [row.time.text, symbol, row.side ?? "", row.price === null ? "" : formatDecimal(row.price), row.orderId ?? ""];
}

function contractSaid({ contract }: LogRow): string {
  if (contract === null) throw new RowError("empty", "a contract is missing", "contract");
  return contract;
}
