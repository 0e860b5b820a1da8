import {
  absolute,
  type Decimal,
  divide,
  divideRounded,
  fromProduct,
  multiply,
  parseDecimal,
} from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import { allFills, type SymbolReading } from "./futures-fills.ts";
import type { FuturesTrade, Income } from "./rows.ts";
import { fromSettlement, type Named } from "./to-execution.ts";

/**
 * A delivery that stands in the income list alone. What was held follows from all fills of the contract, and the price from the PnL that the list
 * states, by average cost as Binance counts it.
 */
export async function settlementsOf(request: SymbolReading, rows: readonly Income[]): Promise<Execution[]> {
  const { named, reading } = request;
  const found: Execution[] = [];
  if (rows.length === 0) return found;
  const fills = await allFills(request);
  for (const row of rows) {
    const positions = positionsAt(named, fills, row.time);
    const [position] = positions;
    if (position !== undefined && positions.length === 1) {
      const price = priceOf(named, position, parseDecimal(row.income));
      found.push(fromSettlement(named, row, { net: position.net, side: position.side, price }));
    } else if (positions.length > 1) {
      // Two sides and one sum: it cannot be told which part is whose. The PnL that is missing shows in the reconciliation.
      reading.client.tools.context.log.warning("settlement_unclear", {
        broker: "binance",
        symbol: named.symbol,
        sides: positions.length,
      });
    }
  }
  return found;
}

interface Position {
  side: "long" | "short" | null;
  /** Positive: long. */
  net: Decimal;
  /** In the settle asset, never negative. */
  cost: Decimal;
}

/** Those that are not flat; a fill that the venue placed at the delivery has closed its own. */
function positionsAt(named: Named, fills: readonly FuturesTrade[], atMs: number): Position[] {
  const positions = new Map<string, Position>();
  for (const fill of fills.filter(({ time }) => time <= atMs)) {
    const side = fill.positionSide === "BOTH" ? null : fill.positionSide === "LONG" ? "long" : "short";
    const position = positions.get(fill.positionSide) ?? { side, net: 0n, cost: 0n };
    positions.set(fill.positionSide, position);
    const quantity = parseDecimal(fill.qty);
    apply(position, fill.side === "BUY" ? quantity : -quantity, notionalOf(named, quantity, parseDecimal(fill.price)));
  }
  return [...positions.values()].filter(({ net }) => net !== 0n);
}

function apply(position: Position, signed: Decimal, value: Decimal): void {
  const { net, cost } = position;
  position.net += signed;
  if (net === 0n || net > 0n === signed > 0n) position.cost += value;
  else if (absolute(signed) <= absolute(net)) position.cost -= shareOf(cost, absolute(signed), absolute(net));
  else position.cost = shareOf(value, absolute(position.net), absolute(signed));
}

function shareOf(amount: Decimal, part: Decimal, whole: Decimal): Decimal {
  return divideRounded(amount * part, whole);
}

function notionalOf({ market, info }: Named, quantity: Decimal, price: Decimal): Decimal {
  if (market === "linear") return fromProduct(multiply(quantity, price));
  return divide(fromProduct(multiply(quantity, parseDecimal(info?.contractSize ?? "1"))), price);
}

function priceOf(named: Named, { net, cost }: Position, pnl: Decimal): Decimal {
  const isLinear = named.market === "linear";
  // A long gains when its value rises; in coins it falls when the price rises.
  const value = net > 0n === isLinear ? cost + pnl : cost - pnl;
  if (isLinear) return divide(value, absolute(net));
  return divide(fromProduct(multiply(absolute(net), parseDecimal(named.info?.contractSize ?? "1"))), value);
}
