import { absolute, divide, formatDecimal } from "../../executions/decimal.ts";
import { decimal, optionalDecimal, optionalText, text, time } from "./columns.ts";
import { cryptocomKind } from "./cryptocom-kinds.ts";
import { defineDialect, type GroupDraft, type Outcome, type Row, RowError } from "./dialect.ts";
import { exchangedOf, type Leg, quotesOfCurrencyExchanges } from "./exchanged.ts";

const columns = {
  time: time("Timestamp (UTC)", ["YYYY-MM-DD hh:mm:ss"]),
  coin: text("Currency"),
  amount: decimal("Amount"),
  toCoin: optionalText("To Currency"),
  toAmount: optionalDecimal("To Amount"),
  native: text("Native Currency"),
  nativeAmount: decimal("Native Amount"),
  kind: cryptocomKind("Transaction Kind"),
  description: optionalText("Transaction Description"),
};

type AppRow = Row<typeof columns>;
type AppOutcome = Outcome<typeof columns>;

/**
 * Crypto.com App, "Transaction history": a row a thing that happened, in UTC, without ids. An exchange has both of its sides in one row, a purchase by card
 * what was paid in the account's own currency; the spread is in the price, and there are no fees. A swap or conversion of small balances is a row of
 * each coin, in one second: of several coins the file says what each was worth, not what came of it, so that these are priced in the account's
 * currency. (Columns and kinds as in BittyTax and rotki.)
 */
export const cryptocomApp = defineDialect({
  id: "cryptocom_app",
  broker: "cryptocom_app",
  title: "Crypto.com App transaction history",
  export: "Crypto.com App > Accounts > History > Export (Crypto Wallet, Fiat Wallet)",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Timestamp (UTC)", "Transaction Description", "Currency", "Amount", "To Currency", "To Amount"],
      ...["Native Currency", "Native Amount", "Transaction Kind"],
    ],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns,
  timeColumn: "time",
  groups: {
    windowMs: 0,
    keyOf: ({ kind }) => (typeof kind === "object" && "swap" in kind ? kind.swap : null),
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      const { kind } = first;
      if (kind === "exchange") return [{ rows, is: exchangeOf(first) }];
      if (kind === "purchase") return [{ rows, is: purchaseOf(first) }];
      return "swap" in kind ? swapOf(rows) : [{ rows, is: kind }];
    },
  },
});

function exchangeOf(row: AppRow): GroupDraft {
  const { coin, amount, toCoin, toAmount } = row;
  if (toCoin === null || toAmount === null) throw new RowError("incomplete_trade", "what came in is missing", "toCoin");
  return draftOf(row, [
    { asset: coin, amount: -absolute(amount) },
    { asset: toCoin, amount: absolute(toAmount) },
  ]);
}

/** By card: or the sale of a coin for it. */
function purchaseOf(row: AppRow): GroupDraft {
  const { coin, amount, native, nativeAmount } = row;
  if (coin === native) throw new RowError("incomplete_trade", "what it was paid with is the same currency", "native");
  if (nativeAmount === 0n || amount === 0n) return worthOf(row);
  const paid = absolute(nativeAmount);
  return draftOf(row, [
    { asset: coin, amount },
    { asset: native, amount: amount < 0n ? paid : -paid },
  ]);
}

function swapOf(rows: readonly AppRow[]): AppOutcome[] {
  const [first] = rows;
  if (first === undefined) return [];
  const coins = new Set(rows.map(({ coin }) => coin));
  const came = rows.some(({ amount }) => amount > 0n);
  const went = rows.some(({ amount }) => amount < 0n);
  if (coins.size === 2 || !came || !went) {
    const is = draftOf(
      first,
      rows.map(({ coin, amount }) => ({ asset: coin, amount })),
    );
    return [{ rows, is }];
  }
  return rows.map((row): AppOutcome => ({ rows: [row], is: purchaseOf(row) }));
}

function draftOf(row: AppRow, legs: readonly Leg[]): GroupDraft {
  const { base, quote, ...exchanged } = exchangedOf(legs, quotesOfCurrencyExchanges);
  return {
    ...common(row, { base, quote }),
    identity: [row.time.text, `${base}/${quote}`, exchanged.side, ...amountsOf(exchanged)],
    ...exchanged,
  };
}

/** So little that it is worth nothing in the account's currency. */
function worthOf(row: AppRow): GroupDraft {
  const { coin: base, native: quote, amount, nativeAmount } = row;
  const side = amount < 0n ? "sell" : "buy";
  const quantity = absolute(amount);
  const quoteQuantity = absolute(nativeAmount);
  return {
    ...common(row, { base, quote }),
    identity: [row.time.text, `${base}/${quote}`, side, ...amountsOf({ quantity, quoteQuantity })],
    side,
    quantity,
    quoteQuantity,
    price: quantity === 0n ? 0n : divide(quoteQuantity, quantity),
  };
}

function amountsOf({ quantity, quoteQuantity }: { quantity: bigint; quoteQuantity: bigint }): string[] {
  return [formatDecimal(quantity), formatDecimal(quoteQuantity)];
}

function common({ kind }: AppRow, { base, quote }: { base: string; quote: string }) {
  return {
    id: null,
    type: typeof kind === "string" ? "fill" : "conversion",
    market: "spot",
    symbol: `${base}/${quote}`,
    baseAsset: base,
    quoteAsset: quote,
    fee: 0n,
    feeAsset: quote,
  } as const;
}
