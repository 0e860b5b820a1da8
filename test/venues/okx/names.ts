import type { Decimal } from "../../../src/executions/decimal.ts";
import { divide } from "../../../src/executions/decimal.ts";
import { unit } from "../amounts.ts";
import type { SymbolSpec, WorldMarket } from "../world-symbols.ts";

export type InstrumentType = "SPOT" | "MARGIN" | "SWAP" | "FUTURES" | "OPTION";

/** `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USD-260130` */
export function instrumentOf(spec: SymbolSpec): string {
  const pair = `${spec.base}-${spec.quote}`;
  if (spec.market === "spot") return pair;
  if (spec.deliveryMs === null) return `${pair}-SWAP`;
  return `${pair}-${new Date(spec.deliveryMs).toISOString().slice(2, 10).replaceAll("-", "")}`;
}

export function typeOf(spec: SymbolSpec): InstrumentType {
  if (spec.market === "spot") return "SPOT";
  return spec.deliveryMs === null ? "SWAP" : "FUTURES";
}

export function marketsOf(type: InstrumentType): readonly WorldMarket[] {
  if (type === "SPOT") return ["spot"];
  return type === "SWAP" || type === "FUTURES" ? ["linear", "inverse"] : [];
}

/** Of one contract: base units of linear ones, US dollars of inverse ones. */
export function contractValueOf(spec: SymbolSpec): Decimal {
  return spec.contractSize ?? unit(spec.quantityDigits);
}

/** Derivatives are counted in contracts. */
export function sizeOf(spec: SymbolSpec, quantity: Decimal): Decimal {
  return spec.market === "linear" ? divide(quantity, contractValueOf(spec)) : quantity;
}
