import { decimal, text, time } from "./columns.ts";
import { defineDialect, type GroupDraft, type Row, RowError, type Skip, skip } from "./dialect.ts";
import { exchangedOf, quotesOfCoinExchanges, sumsOf } from "./exchanged.ts";
import { withFees } from "./ledger-fees.ts";

const columns = {
  time: time("time", ["YYYY-MM-DD hh:mm:ss"]),
  action: text("action_desc"),
  actionId: text("action_data"),
  coin: text("type"),
  change: decimal("change_amount"),
};

type Entry = Row<typeof columns>;

const orders = ["order placed", "order filled", "order fullfilled"];
const fees = ["trading fees", "trade fee"];
const dust = ["dust swap-small balances deducted", "dust swap-gt added"];

const others: ReadonlyMap<string, Skip> = new Map(
  Object.entries({
    deposits: skip("a deposit"),
    deposit: skip("a deposit"),
    withdrawals: skip("a withdrawal"),
    withdraw: skip("a withdrawal"),
    "referral superior rebate": skip("a rebate of commissions"),
    airdrop: skip("an airdrop"),
    "airdrop bonus": skip("an airdrop"),
    "hodl interest": skip("interest"),
    "interest income": skip("interest"),
  }),
);

/**
 * Gate, "Billing Details": a row a change of a balance; those of one order have its number as `action_data`. Placing an order takes all of its amount,
 * so that an order is one execution at its average price, at the time of its last fill; of an order that took longer than a month the rows
 * are refused. The file says no zone, and those who know it disagree (BittyTax reads UTC, a beancount importer Singapore's): it must be
 * said. (Columns and actions as in these two.)
 */
export const gateBilling = defineDialect({
  id: "gate_billing",
  broker: "gate",
  title: "Gate billing details",
  export: "Gate > Wallet > Billing Details (Transaction History) > Export",
  markets: ["spot"],
  layout: { kind: "table" },
  headers: [["no", "time", "action_desc", "action_data", "type", "change_amount", "amount", "total"]],
  timezone: null,
  statedPnl: null,
  columns,
  timeColumn: "time",
  groups: {
    windowMs: 30 * 86_400_000,
    keyOf: ({ action, actionId }) => (others.has(action.toLowerCase()) ? null : actionId),
    read(rows) {
      const [first] = rows;
      if (first === undefined) return [];
      return [{ rows, is: others.get(first.action.toLowerCase()) ?? orderOf(rows, first) }];
    },
  },
});

function orderOf(rows: readonly Entry[], { actionId }: Entry): GroupDraft[] | Skip {
  const isOf = (names: readonly string[]) => (row: Entry) => names.includes(row.action.toLowerCase());
  const stranger = rows.find((row) => ![...orders, ...fees, ...dust].some((name) => name === row.action.toLowerCase()));
  if (stranger !== undefined) {
    throw new RowError(
      "unknown_value",
      `expected an action of Gate that is known, found "${stranger.action}"`,
      "action",
    );
  }
  const isFee = isOf(fees);
  const legs = rows.filter((row) => !isFee(row));
  const moves = legs.map(({ coin, change }) => ({ asset: coin, amount: change }));
  if (legs.length > 1 && [...sumsOf(moves).values()].every((sum) => sum === 0n)) {
    return skip("an order that filled nothing");
  }
  const { base, quote, ...exchanged } = exchangedOf(moves, quotesOfCoinExchanges);
  const isDust = legs.every(isOf(dust));
  const filled = legs.filter(({ change }) => change > 0n).map(({ time: at }) => at.utcMs);
  const fill: GroupDraft = {
    id: `order-${actionId}`,
    type: isDust ? "conversion" : "fill",
    orderId: isDust ? null : actionId,
    market: "spot",
    symbol: `${base}_${quote}`,
    baseAsset: base,
    quoteAsset: quote,
    ...exchanged,
    executedAtMs: Math.max(...filled),
  };
  const paid = rows.filter(isFee).map(({ coin, change }) => ({ asset: coin, amount: -change }));
  return withFees(fill, paid);
}
