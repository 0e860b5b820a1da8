import {
  absolute,
  type Decimal,
  divide,
  formatDecimal,
  fromProduct,
  multiply,
  parseDecimal,
} from "../../executions/decimal.ts";
import type { Side } from "../../executions/execution.ts";
import { decimal, oneOf, optional, optionalId, optionalText, readMoney, text, time } from "./columns.ts";
import { type Column, type Draft, defineDialect, type Row, RowError, type Skip, skip } from "./dialect.ts";
import { conversionDraft, quotesOfCurrencyExchanges } from "./exchanged.ts";

interface Money {
  value: Decimal;
  /** As the header says it, in files of before 2021; null: a column says it. */
  currency: string | null;
}

/** `Subtotal`, or `EUR Subtotal` in the first generation. */
function moneyIn(name: string, pattern: RegExp): Column<Money | null> {
  return optional({
    header: [name, pattern],
    numeric: true,
    parse: (cell, reading, header) => ({
      value: readMoney(cell, reading),
      currency: pattern.exec(header)?.[1] ?? null,
    }),
  });
}

const columns = {
  id: optionalId("ID"),
  time: time("Timestamp", ["iso"]),
  type: oneOf<Side | "conversion" | Skip>("Transaction Type", {
    Buy: "buy",
    "Advanced Trade Buy": "buy",
    "Advance Trade Buy": "buy",
    Sell: "sell",
    "Advanced Trade Sell": "sell",
    "Advance Trade Sell": "sell",
    Convert: "conversion",
    Send: skip("a transfer"),
    Receive: skip("a transfer"),
    Transfer: skip("a transfer"),
    Deposit: skip("a deposit"),
    Withdrawal: skip("a withdrawal"),
    "Exchange Deposit": skip("a transfer"),
    "Exchange Withdrawal": skip("a transfer"),
    "Pro Deposit": skip("a transfer"),
    "Pro Withdrawal": skip("a transfer"),
    "Prime Deposit": skip("a transfer"),
    "Prime Withdrawal": skip("a transfer"),
    "Vault Withdrawal": skip("a transfer"),
    "Coinbase Earn": skip("a reward"),
    "Learning Reward": skip("a reward"),
    "Rewards Income": skip("a reward"),
    "Reward Income": skip("a reward"),
    "Inflation Reward": skip("a reward"),
    "Staking Income": skip("a staking reward"),
    "Interest payout": skip("interest"),
    "Incentives Rewards Payout": skip("a reward"),
    "Retail Staking Transfer": skip("a move for staking"),
    "Retail Unstaking Transfer": skip("a move for staking"),
    "Retail Eth2 Deprecation": skip("a change of an asset's name"),
    "Asset Migration": skip("a change of an asset's name"),
    "Cash to Savings": skip("a transfer"),
    "Savings to Cash": skip("a transfer"),
    Subscription: skip("a subscription"),
    "Subscription Rebate": skip("a subscription"),
    "Subscription Rebates (24 Hours)": skip("a subscription"),
    "Card Spend": skip("paid by card"),
    "Card Buy Back": skip("paid by card"),
    "Admin Debit": skip("a correction"),
    Donation: skip("a donation"),
  }),
  asset: text("Asset"),
  quantity: decimal("Quantity Transacted"),
  currency: optionalText(["Price Currency", "Spot Price Currency"]),
  subtotal: moneyIn("Subtotal", /^([A-Z]{3}) Subtotal$/),
  fees: optional(feesColumn()),
  notes: optionalText("Notes"),
};

type CoinbaseRow = Row<typeof columns>;

/**
 * Coinbase, "Transaction history", in five generations of columns: a row a purchase, sale or conversion, among all that happened to the account. Some
 * lines stand above the header. What a trade was priced in stands in its note ("… for 6.88 EUR on SOL-EUR at 190 EUR/SOL"); the columns are in the
 * currency of the account. Of a conversion the note says both sides; newer files have a row for each side and both have the note.
 */
export const coinbase = defineDialect({
  id: "coinbase",
  broker: "coinbase",
  title: "Coinbase transaction history",
  export: "Coinbase > Profile > Statements > Custom statement, All transactions > CSV",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [["Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Notes"]],
  timezone: "UTC",
  statedPnl: null,
  columns,
  timeColumn: "time",
  toExecution(row): Draft | Skip {
    if (typeof row.type !== "string") return row.type;
    return row.type === "conversion" ? conversionOf(row) : tradeOf(row, row.type);
  },
});

function feesColumn(): Column<Decimal> {
  return {
    header: ["Fees and/or Spread", "Fees", /^[A-Z]{3} Fees$/],
    numeric: true,
    parse: (cell, reading) => readMoney(cell, reading),
  };
}

function tradeOf(row: CoinbaseRow, side: Side): Draft {
  const quantity = absolute(row.quantity);
  const said = noteOf(row.notes ?? "");
  const currency = row.currency ?? row.subtotal?.currency ?? null;
  const quote = said?.quote ?? currency;
  if (quote === null)
    throw new RowError("currency_unknown", "neither a column nor the note says what it was priced in", "notes");
  const inColumns = quote === currency && row.subtotal !== null;
  if (!inColumns && said?.rate === undefined) {
    throw new RowError(
      "price_unknown",
      `the columns are in ${currency ?? "no currency"}, and the note says no price in ${quote}`,
      "notes",
    );
  }
  const quoteQuantity = inColumns
    ? absolute(row.subtotal?.value ?? 0n)
    : fromProduct(multiply(quantity, said?.rate ?? 0n));
  const fee = inColumns ? absolute(row.fees ?? 0n) : absolute((said?.total ?? quoteQuantity) - quoteQuantity);
  return {
    ...common(row),
    market: "spot",
    symbol: `${row.asset}-${quote}`,
    baseAsset: row.asset,
    quoteAsset: quote,
    side,
    quantity,
    price: said?.rate ?? (quantity === 0n ? null : divide(quoteQuantity, quantity)),
    quoteQuantity,
    fee,
    feeAsset: quote,
  };
}

function common(row: CoinbaseRow): Pick<Draft, "id" | "identity" | "executedAtMs"> {
  const type = typeof row.type === "string" ? row.type : "";
  return {
    id: row.id,
    identity: [row.time.text, type, row.asset, formatDecimal(absolute(row.quantity))],
    executedAtMs: row.time.utcMs,
  };
}

interface Note {
  total: Decimal;
  quote: string;
  rate?: Decimal;
}

const traded =
  /^(?:Bought|Sold) [\d,.]+ \S+ for [^\d\s]*([\d,]*\.?\d+) ([A-Z0-9]+)(?: on (\S+)-(\S+))?(?: at ([\d,]*\.?\d+) \S+)?/;
const converted = /^Converted ([\d,]*\.?\d+) (\S+) to ([\d,]*\.?\d+) (\S+)/;

/** "Bought 0.035 SOL for 6.6899 EUR on SOL-EUR at 190 EUR/SOL"; null: it says nothing of the kind. */
function noteOf(notes: string): Note | null {
  const [, total, quote, , , rate] = traded.exec(notes) ?? [];
  if (total === undefined || quote === undefined) return null;
  return { total: numberIn(total), quote, ...(rate === undefined ? {} : { rate: numberIn(rate) }) };
}

/** Notes are in English, whatever the file's numbers are. */
function numberIn(text: string): Decimal {
  const plain = text.replaceAll(",", "");
  try {
    return parseDecimal(plain.startsWith(".") ? `0${plain}` : plain);
  } catch {
    throw new RowError("not_a_number", `expected a number in the note, found "${text}"`, "notes");
  }
}

function conversionOf(row: CoinbaseRow): Draft | Skip {
  const [, soldText, sold, boughtText, bought] = converted.exec(row.notes ?? "") ?? [];
  if (soldText === undefined || boughtText === undefined || sold === undefined || bought === undefined) {
    throw new RowError("incomplete_trade", "the note does not say what was converted to what", "notes");
  }
  if (row.asset === bought && row.asset !== sold) return skip("the other side of a conversion");
  const legs = [
    // The column has more digits than the note.
    { asset: sold, amount: -absolute(row.quantity) },
    { asset: bought, amount: numberIn(boughtText) },
  ];
  return { ...common(row), ...conversionDraft(legs, quotesOfCurrencyExchanges, "-") };
}
