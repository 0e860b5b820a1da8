import { decimal, oneOf, optionalId, optionalText, text, time } from "./columns.ts";
import { defineDialect, type GroupDraft, type Row, RowError, type Skip, skip } from "./dialect.ts";
import { conversionDraft, exchangedOf, quotesOfCurrencyExchanges } from "./exchanged.ts";
import { withFees } from "./ledger-fees.ts";

const columns = {
  portfolio: optionalText("portfolio"),
  type: oneOf<"match" | "fee" | "conversion" | Skip>("type", {
    match: "match",
    fee: "fee",
    rebate: "fee",
    conversion: "conversion",
    deposit: skip("a deposit"),
    withdrawal: skip("a withdrawal"),
    transfer: skip("a transfer"),
    payout: skip("a payout"),
  }),
  time: time(["time", "timestamp"], ["iso"]),
  amount: decimal("amount"),
  asset: text("amount/balance unit"),
  tradeId: optionalId("trade id"),
  orderId: optionalId("order id"),
};

type AccountRow = Row<typeof columns>;

/**
 * Coinbase Pro and Exchange, account statement: a match is a row of each of its two assets, with a fee's row beside them; all have the
 * trade's id, which counts up within a product. Amounts are signed.
 */
export const coinbaseProAccount = defineDialect({
  id: "coinbase_pro_account",
  broker: "coinbase_pro",
  title: "Coinbase Pro account statement",
  export: "Coinbase Pro (or Exchange) > Statements > Generate > Account",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [
    ["type", "time", "amount", "balance", "amount/balance unit", "transfer id", "trade id", "order id"],
    ["type", "timestamp", "amount", "balance", "amount/balance unit", "transfer id", "trade id", "order id"],
  ],
  timezone: "UTC",
  statedPnl: null,
  columns,
  timeColumn: "time",
  accountColumn: "portfolio",
  groups: {
    windowMs: 1_000,
    keyOf({ type, tradeId, orderId }) {
      if (typeof type !== "string") return null;
      return type === "conversion" ? "conversion" : `${tradeId ?? ""} ${orderId ?? ""}`;
    },
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      if (typeof first.type !== "string") return [{ rows, is: first.type }];
      return [{ rows, is: first.type === "conversion" ? conversionOf(rows, first) : matchOf(rows, first) }];
    },
  },
});

function matchOf(rows: readonly AccountRow[], { tradeId, orderId }: AccountRow): GroupDraft[] {
  if (tradeId === null) throw new RowError("empty", "a trade id is missing", "tradeId");
  const legs = rows.filter(({ type }) => type === "match");
  const fees = rows.filter(({ type }) => type === "fee").map(({ asset, amount }) => ({ asset, amount: -amount }));
  const { base, quote, ...exchanged } = exchangedOf(legs, quotesOfCurrencyExchanges);
  const fill = {
    id: tradeId,
    orderId,
    symbol: `${base}-${quote}`,
    market: "spot",
    baseAsset: base,
    quoteAsset: quote,
  } as const;
  return withFees({ ...fill, ...exchanged }, fees);
}

/** Dollars and USDC, one for one. */
function conversionOf(rows: readonly AccountRow[], first: AccountRow): GroupDraft {
  const conversion = conversionDraft(rows, quotesOfCurrencyExchanges, "-");
  const identity = [first.time.text, conversion.type, conversion.baseAsset, conversion.quoteAsset];
  return { id: null, identity, ...conversion };
}
