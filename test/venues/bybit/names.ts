import { type Decimal, fromProduct, multiply } from "../../../src/executions/decimal.ts";
import type { VenueFill } from "../ledger-rows.ts";
import type { World } from "../world.ts";
import type { SymbolSpec, WorldMarket } from "../world-symbols.ts";

export type Category = "spot" | "linear" | "inverse" | "option";

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** `BTCUSD` for inverse perpetuals, `BTCUSDT-26SEP26` for dated ones. */
export function symbolOf(spec: SymbolSpec): string {
  if (spec.deliveryMs === null) return spec.pair;
  const date = new Date(spec.deliveryMs);
  const day = String(date.getUTCDate()).padStart(2, "0");
  return `${spec.pair}-${day}${months[date.getUTCMonth()]}${String(date.getUTCFullYear()).slice(2)}`;
}

export function specByName(world: World, market: WorldMarket, symbol: string): SymbolSpec | undefined {
  return world.of(market).find((spec) => symbolOf(spec) === symbol);
}

/** Inverse contracts are worth one USD each. */
export function sizeOf(spec: SymbolSpec, quantity: Decimal): Decimal {
  return spec.contractSize === null ? quantity : fromProduct(multiply(quantity, spec.contractSize));
}

/** A UUID that the fill's market, symbol and number decide. */
export function execIdOf(fill: Pick<VenueFill, "market" | "symbol" | "id">): string {
  return uuidOf(`${fill.market}/${fill.symbol}/${fill.id}`);
}

export function uuidOf(text: string): string {
  const hex = new Bun.CryptoHasher("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
