import { absolute, type Decimal, formatDecimal, one, parseDecimal } from "../../executions/decimal.ts";
import type { Market } from "../../executions/execution.ts";
import { decimal, oneOf, optionalText, readMoney, text, time } from "./columns.ts";
import { CellError, defineDialect, type GroupDraft, type Outcome, type Row, RowError } from "./dialect.ts";
import { readFractionalPrice } from "./fractional-price.ts";
import { futuresContractOf } from "./futures-contracts.ts";

const columns = {
  time: time("Exec Time", [
    "M/D/YY hh:mm:ss",
    "M/D/YYYY hh:mm:ss",
    "M/D/YYYY hh:mm",
    "M/D/YY hh:mm",
    "YYYY-MM-DD hh:mm:ss",
  ]),
  spread: optionalText("Spread"),
  side: oneOf("Side", { BUY: "buy", SELL: "sell" }),
  quantity: decimal("Qty"),
  symbol: text("Symbol"),
  expiry: optionalText("Exp"),
  strike: optionalText("Strike"),
  type: text("Type"),
  price: { header: "Price", numeric: true, parse: readFractionalPrice },
  netPrice: optionalText("Net Price"),
};

type TradeRow = Row<typeof columns>;

/**
 * thinkorswim account statement: sections with a title each. "Account Trade History" has the fills, newest first, those of a spread below one another
 * with the first one's time. Fees, and the seconds where a spreadsheet cut them off, are in "Cash Balance" and "Futures Statements", found by minute, quantity
 * and price. A quantity below zero is a sale. Times are those that the platform was set to, and their zone stands nowhere.
 */
export const thinkorswim = defineDialect({
  id: "thinkorswim",
  broker: "thinkorswim",
  title: "thinkorswim account statement",
  export: "thinkorswim > Monitor > Account Statement > menu at the right > Export to File",
  markets: ["stock", "option", "future", "forex"],
  layout: {
    kind: "titled",
    section: "Account Trade History",
    begins: /^Account Statement for /i,
    marks: ["Exec Time", "Pos Effect", "Net Price"],
  },
  joins: {
    kind: "inherited",
    continues: (cells) => (cells[1] ?? "").trim() === "" && /^(?:BUY|SELL)$/.test((cells[3] ?? "").trim()),
    cells: [1, 2],
  },
  headers: [
    ["Exec Time", "Spread", "Side", "Qty", "Pos Effect", "Symbol", "Exp", "Strike", "Type", "Price", "Net Price"],
    ["Exec Time", "Spread", "Side", "Qty", "Pos Effect", "Symbol", "Type", "Price", "Net Price"],
  ],
  timezone: null,
  statedPnl: null,
  columns,
  timeColumn: "time",
  gather(section, cell, facts) {
    if (section !== "Cash Balance" && section !== "Futures Statements") return;
    const isFuture = section === "Futures Statements";
    const date = cell(isFuture ? "Exec Date" : "DATE");
    const clock = cell(isFuture ? "Exec Time" : "TIME");
    const [, quantity, what, at] = booked.exec(cell(isFuture ? "Description" : "DESCRIPTION")) ?? [];
    if (quantity === undefined || what === undefined || at === undefined) return;
    const [minute, seconds] = [minuteOf(`${date} ${clock}`), clock.split(":")[2] ?? ""];
    const key = cashKey(minute, quantity, at);
    const fee = feeOf(cell("Misc Fees"), cell("Commissions & Fees"));
    if (fee === null) return;
    facts.set(key, [facts.get(key), `${seconds}|${fee}|${what.replaceAll(/[;|]/g, " ")}`].filter(Boolean).join(";"));
  },
  groups: {
    windowMs: 60_000,
    // All of a minute and symbol together: what the cash says of a minute is given to its rows once.
    keyOf: ({ time: at, symbol }) => `${minuteOf(at.written)} ${symbol}`,
    read(rows, { facts }) {
      const unused = new Map<string, Cash[]>();
      return rows.map((row): Outcome<typeof columns> => {
        try {
          return { rows: [row], is: fillOf(row, cashOf(row, facts, unused)) };
        } catch (error) {
          if (!(error instanceof RowError)) throw error;
          return { rows: [row], is: error };
        }
      });
    },
  },
});

/** `KEY: F2 SOLD -100 AMZN @9.65`, `BOT +1 AAPL 100 19 JUN 26 200 CALL @1.25 CBOE`. */
const booked = /(?:BOT|SOLD) ([+-][\d.,]+) (.+?) @(-?[\d.,']*\d)/;

interface Cash {
  seconds: number | null;
  fee: Decimal;
  what: string;
}

/** `11/12/22 10:04`, whatever the digits of the year and of the month. */
function minuteOf(text: string): string {
  const [, month, day, year, hour, minute] = /^(\d{1,2})\/(\d{1,2})\/(\d{2,4}) (\d{1,2}):(\d{2})/.exec(text) ?? [];
  return month === undefined ? text.slice(0, 16) : [month, day, year?.slice(-2), hour, minute].map(Number).join(" ");
}

function cashKey(minute: string, quantity: string, price: string): string {
  return `cash ${minute} ${numberText(quantity)} ${numberText(price)}`;
}

/** Prices are written `.34`, quantities `+1,000`. */
function numberText(text: string): string {
  const plain = text.replace(/[+,]/g, "").replace(/^(-?)\./, "$10.");
  // A number that is too long for one is compared as it is written.
  return /^-?\d{1,30}(\.\d{1,18})?$/.test(plain) ? formatDecimal(parseDecimal(plain)) : plain;
}

/** A larger one is none, and could not be read again. */
const feeMax = 10n ** 24n * one;

/** Null: no numbers. Fees are negative when they were paid. */
function feeOf(...cells: readonly string[]): string | null {
  try {
    const sum = cells
      .filter((cell) => cell !== "" && cell !== "--")
      .reduce((total, cell) => total + readMoney(cell, { decimalMark: "." }), 0n);
    return absolute(sum) < feeMax ? formatDecimal(-sum) : null;
  } catch (error) {
    if (!(error instanceof CellError)) throw error;
    return null;
  }
}

/** The cash's entry of a fill: each is given once. The legs of a spread have one together: the first leg takes it. */
function cashOf(row: TradeRow, facts: ReadonlyMap<string, string>, unused: Map<string, Cash[]>): Cash | null {
  const price = row.netPrice === null || !/\d/.test(row.netPrice) ? null : row.netPrice;
  if (price === null) return null;
  const key = cashKey(minuteOf(row.time.written), formatDecimal(signed(row)), price);
  let entries = unused.get(key);
  if (entries === undefined) {
    entries = (facts.get(key) ?? "").split(";").filter(Boolean).map(cashIn);
    unused.set(key, entries);
  }
  const own = entries.filter(({ what }) => what.split(" ").includes(row.symbol) || what.startsWith(row.symbol));
  const seconds = secondsOf(row.time.written);
  const entry = own.find((candidate) => seconds !== null && candidate.seconds === seconds) ?? own[0];
  if (entry === undefined) return null;
  entries.splice(entries.indexOf(entry), 1);
  return entry;
}

function cashIn(text: string): Cash {
  const [seconds = "", fee = "0", what = ""] = text.split("|");
  return { seconds: /^\d{1,2}$/.test(seconds) ? Number(seconds) : null, fee: parseDecimal(fee), what };
}

function secondsOf(text: string): number | null {
  const seconds = /:\d{2}:(\d{2})$/.exec(text)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

function signed({ side, quantity }: TradeRow): Decimal {
  return side === "sell" ? -absolute(quantity) : absolute(quantity);
}

function fillOf(row: TradeRow, cash: Cash | null): GroupDraft {
  const { side, price } = row;
  const { market, symbol, baseAsset, contractSize } = instrumentOf(row);
  const quantity = absolute(row.quantity);
  const lacksSeconds = secondsOf(row.time.written) === null;
  const isLaterLeg = row.netPrice === null || !/\d/.test(row.netPrice);
  const fee = cash?.fee ?? (isLaterLeg ? 0n : null);
  return {
    id: null,
    identity: [minuteOf(row.time.written), symbol, side, formatDecimal(quantity), formatDecimal(price)],
    market,
    symbol,
    baseAsset,
    quoteAsset: "USD",
    side,
    quantity,
    price,
    contractSize,
    fee,
    feeAsset: fee === null ? null : "USD",
    executedAtMs: row.time.utcMs + (lacksSeconds ? (cash?.seconds ?? 0) * 1_000 : 0),
  };
}

interface Instrument {
  market: Market;
  symbol: string;
  baseAsset: string | null;
  contractSize: Decimal | null;
}

const hundred = 100n * one;

function instrumentOf({ symbol, type, expiry, strike }: TradeRow): Instrument {
  switch (type.toUpperCase()) {
    case "STOCK":
    case "FUND":
    case "ETF":
      return { market: "stock", symbol, baseAsset: symbol, contractSize: null };
    case "FUTURE":
      return {
        market: "future",
        symbol,
        baseAsset: symbol,
        contractSize: futuresContractOf(symbol, "symbol").contractSize,
      };
    case "FOREX":
      return { market: "forex", symbol, baseAsset: null, contractSize: null };
    case "CALL":
    case "PUT": {
      if (expiry === null || strike === null)
        throw new RowError("empty", "an option needs its expiry and strike", "strike");
      const isOnFuture = symbol.startsWith("/");
      return {
        market: "option",
        symbol: `${symbol} ${expiry} ${strike} ${type.toUpperCase()}`,
        baseAsset: symbol,
        contractSize: isOnFuture ? futuresContractOf(symbol, "symbol").contractSize : hundred,
      };
    }
    default:
      throw new RowError("unknown_value", "expected STOCK, ETF, FUND, CALL, PUT, FUTURE or FOREX", "type");
  }
}
