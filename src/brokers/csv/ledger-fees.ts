import type { Decimal } from "../../executions/decimal.ts";
import type { GroupDraft } from "./dialect.ts";
import { type Leg, sumsOf } from "./exchanged.ts";

/**
 * A fill with what was paid for it. One fee is the execution's, the base asset's first, since it makes the position smaller; each other one is
 * an entry of its own. `fees`: positive when paid.
 */
export function withFees(fill: GroupDraft, fees: readonly Leg[]): GroupDraft[] {
  const paid = [...sumsOf(fees)].filter(([, amount]) => amount !== 0n);
  const ownIndex = Math.max(
    0,
    paid.findIndex(([asset]) => asset === fill.baseAsset),
  );
  const [own] = paid.splice(ownIndex, 1);
  const [feeAsset, fee]: [string | null, Decimal] = own ?? [fill.quoteAsset ?? null, 0n];
  return [{ ...fill, fee, feeAsset }, ...paid.map(([asset, amount]) => feeEntry(fill, asset, amount))];
}

/** What was charged for a fill, or for several of one symbol, as an entry of its own. */
export function feeEntry(
  { id, identity = [], market, symbol, baseAsset, quoteAsset, orderId, executedAtMs }: GroupDraft,
  asset: string,
  fee: Decimal,
): GroupDraft {
  return {
    ...(id === null ? { id, identity: [...identity, "fee", asset] } : { id: `${id}:fee:${asset}` }),
    type: "fee",
    market,
    symbol,
    ...(baseAsset === undefined ? {} : { baseAsset }),
    ...(quoteAsset === undefined ? {} : { quoteAsset }),
    ...(orderId === undefined ? {} : { orderId }),
    ...(executedAtMs === undefined ? {} : { executedAtMs }),
    side: null,
    fee,
    feeAsset: asset,
  };
}
