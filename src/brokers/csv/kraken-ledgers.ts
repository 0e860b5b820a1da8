import { decimal, oneOf, optionalId, optionalText, text, time } from "./columns.ts";
import { defineDialect, type GroupDraft, type Row, type Skip, skip } from "./dialect.ts";
import { exchangedOf, quotesOfCurrencyExchanges } from "./exchanged.ts";
import { assetOf } from "./kraken.ts";
import { withFees } from "./ledger-fees.ts";

const columns = {
  // Requests of old files have none yet.
  id: optionalId("txid"),
  refid: text("refid"),
  time: time("time", ["YYYY-MM-DD hh:mm:ss"]),
  type: oneOf<"trade" | Skip>("type", {
    trade: "trade",
    spend: "trade",
    receive: "trade",
    conversion: "trade",
    sale: "trade",
    deposit: skip("a deposit"),
    withdrawal: skip("a withdrawal"),
    transfer: skip("a transfer"),
    staking: skip("a staking reward"),
    earn: skip("an earn reward or move"),
    reward: skip("a reward"),
    dividend: skip("a dividend"),
    margin: skip("margin: its fills are in trades.csv"),
    rollover: skip("a fee for keeping margin"),
    settled: skip("a settlement of margin"),
    adjustment: skip("an adjustment"),
    credit: skip("a credit"),
    "invite bonus": skip("a bonus"),
    invitebonus: skip("a bonus"),
    nfttrade: skip("an NFT"),
    nftcreatorfee: skip("an NFT"),
    nftrebate: skip("an NFT"),
    custodytransfer: skip("a transfer"),
    hybridearndeposit: skip("an earn reward or move"),
    hybridearnwithdrawal: skip("an earn reward or move"),
  }),
  subtype: optionalText("subtype"),
  asset: text("asset"),
  amount: decimal("amount"),
  fee: decimal("fee"),
};

/**
 * Kraken, ledgers.csv: the rows of one trade have one refid, and are within a few seconds of each other. Amounts are without their fee, which is of
 * the row's own asset, so that a trade can have fees in both. Newer files have a column `wallet` or `subclass` more.
 */
export const krakenLedgers = defineDialect({
  id: "kraken_ledgers",
  broker: "kraken",
  title: "Kraken ledgers",
  export: "Kraken > Account > Documents > Export > Ledgers",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [["txid", "refid", "time", "type", "subtype", "aclass", "asset", "amount", "fee", "balance"]],
  timezone: "UTC",
  statedPnl: null,
  columns,
  timeColumn: "time",
  groups: {
    windowMs: 60_000,
    // What Kraken calls Unknown has nothing in common.
    keyOf: ({ type, refid }) => (type !== "trade" || refid === "Unknown" ? null : refid),
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      return [{ rows, is: first.type === "trade" ? tradeOf(rows, first) : first.type }];
    },
  },
});

function tradeOf(rows: readonly Row<typeof columns>[], { refid, type }: Row<typeof columns>): GroupDraft[] | Skip {
  const legs = rows.map(({ asset, amount }) => ({ asset: assetOf(asset), amount }));
  const fees = rows.map(({ asset, fee }) => ({ asset: assetOf(asset), amount: fee }));
  if (type === "trade" && new Set(legs.map(({ asset }) => asset)).size === 1 && rows.length > 1) {
    return skip("a move of one asset");
  }
  const { base, quote, ...exchanged } = exchangedOf(legs, quotesOfCurrencyExchanges);
  const fill = {
    id: refid,
    market: "spot",
    symbol: `${base}/${quote}`,
    baseAsset: base,
    quoteAsset: quote,
    ...exchanged,
  } as const;
  return withFees(fill, fees);
}
