import { absolute, type Decimal, formatDecimal, multiply, toProduct } from "../../executions/decimal.ts";
import type { Side } from "../../executions/execution.ts";
import type { Pair } from "../../executions/symbols.ts";
import { type GroupDraft, RowError } from "./dialect.ts";

/** A fill as a ledger writes it: a row of the coin and a row of the money, both with the price. */
export interface LegRow {
  /** As executed, without its fee; positive. */
  amount: Decimal;
  asset: string;
  /** Positive: paid, in the leg's own asset or in another. */
  fee: Decimal | null;
  feeAsset: string | null;
}

export interface PairedLegs<L extends LegRow> {
  coin: L | null;
  money: L | null;
}

/** Exchanges round the money of a fill to the digits of its currency. */
const roundingMax = toProduct(10n ** 13n);

/** Legs of fills at one price, in one direction and at one time: each coin with the money that it makes at the price. */
export function pairLegs<L extends LegRow>(coins: readonly L[], monies: readonly L[], price: Decimal): PairedLegs<L>[] {
  const left = [...monies];
  const paired = coins.map((coin): PairedLegs<L> => {
    const value = multiply(coin.amount, price);
    const index = left.findIndex((money) => absolute(value - toProduct(money.amount)) <= roundingMax);
    const [money = null] = index < 0 ? [] : left.splice(index, 1);
    return { coin, money };
  });
  // What is left over of either side is one fill when it can be nothing else.
  const alone = paired.filter(({ money }) => money === null);
  const [lonely] = alone;
  const [rest] = left;
  if (alone.length === 1 && lonely !== undefined && left.length === 1 && rest !== undefined) {
    return paired.map((legs) => (legs === lonely ? { coin: lonely.coin, money: rest } : legs));
  }
  return [...paired, ...left.map((money) => ({ coin: null, money }))];
}

export interface FillOfLegs extends Pick<GroupDraft, "symbol" | "id" | "orderId"> {
  pair: Pair;
  side: Side;
  price: Decimal;
  /** Without the quantity. */
  identity: readonly string[];
}

/** The fill; where one of its legs is missing, what the other one says of it. */
export function fillOf<L extends LegRow>(
  { coin, money }: PairedLegs<L>,
  { pair, side, price, ...fill }: FillOfLegs,
): GroupDraft | RowError {
  if (price <= 0n) return new RowError("not_positive", "the price must be above zero");
  const quantity = coin === null ? quotient(money?.amount ?? 0n, price) : coin.amount;
  if (quantity === null) {
    return new RowError(
      "incomplete_trade",
      `only the ${pair.quote} of a fill is there, and it is no multiple of the price`,
    );
  }
  const charged = [coin, money].find((leg) => leg !== null && leg.fee !== null && leg.fee !== 0n) ?? null;
  // The fee stands in the row of what came in: without that row it is not known.
  const incoming = side === "buy" ? coin : money;
  const isFeeKnown = charged !== null || (incoming !== null && incoming.fee !== null);
  return {
    ...fill,
    // The same whichever of its legs are there.
    identity: [...fill.identity, formatDecimal(quantity)],
    market: "spot",
    baseAsset: pair.base,
    quoteAsset: pair.quote,
    side,
    quantity,
    price,
    quoteQuantity: money === null ? null : money.amount,
    fee: isFeeKnown ? (charged?.fee ?? 0n) : null,
    feeAsset: isFeeKnown ? (charged?.feeAsset ?? incoming?.asset ?? pair.quote) : null,
  };
}

/** Null: it does not come out even. */
function quotient(value: Decimal, price: Decimal): Decimal | null {
  const product = toProduct(value);
  return product % price === 0n ? product / price : null;
}
