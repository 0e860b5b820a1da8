import {
  batchLegsMax,
  costBasisMethods,
  directions,
  executionTypes,
  legRoles,
  liquidities,
  markets,
  sides,
  stateBytesMax,
  tradeFlags,
  tradeOrigins,
  tradeStatuses,
} from "../fields.ts";
import type { WireExecution, WireLeg, WireTrade } from "../wire.ts";
import {
  addError,
  checkFields,
  decimal,
  type Errors,
  type Field,
  hash,
  integer,
  isObject,
  list,
  oneOf,
  optional,
  type Rule,
  required,
  text,
  timestamp,
} from "./rules.ts";

/**
 * What the platform asks of an execution and of a trade, rules between fields included. Written by hand rather than with
 * arktype: these say in Laravel's words and keys what is wrong, and the embedded journal opens without loading arktype.
 */
const asset = optional(text(24));

const executionRules: Record<keyof WireExecution, Field> = {
  external_id: required(text(191)),
  execution_type: required(oneOf(executionTypes)),
  market: required(oneOf(markets)),
  symbol: required(text(64)),
  base_asset: asset,
  quote_asset: asset,
  settle_asset: asset,
  side: optional(oneOf(sides)),
  position_side: optional(oneOf(directions)),
  quantity: optional(decimal),
  price: optional(decimal),
  quote_quantity: optional(decimal),
  contract_size: optional(decimal),
  fee: optional(decimal),
  fee_asset: asset,
  fee_in_quote: optional(decimal),
  realized_pnl: optional(decimal),
  order_id: optional(text(128)),
  liquidity: optional(oneOf(liquidities)),
  executed_at: required(timestamp),
  content_hash: required(hash),
};

/** What it is, or null when something is wrong with it. */
export function checkExecution(item: unknown, prefix: string, errors: Errors): WireExecution | null {
  if (!isObject(item)) return notAnObject(prefix, errors);
  const found: Errors = {};
  const execution = checkFields(executionRules, item, found, prefix) as unknown as WireExecution;
  const missing = (field: keyof WireExecution): void => {
    if (execution[field] === null) addError(found, prefix + field, "The :attribute field is required.");
  };
  const type = execution.execution_type;
  if (type === "funding" || type === "fee") {
    missing("fee");
    missing("fee_asset");
    if (execution.side !== null) addError(found, `${prefix}side`, "The :attribute field is prohibited.");
  } else {
    missing("side");
    missing("quantity");
    if (type !== "transfer") missing("price");
  }
  return withoutErrors(found, errors) ? execution : null;
}

/** 65,535 bytes of UTF-8, which is not 65,535 characters. */
const state: Rule = (value) => {
  if (typeof value !== "string") return "The :attribute must be a string.";
  return Buffer.byteLength(value) > stateBytesMax
    ? `The :attribute must not be greater than ${stateBytesMax} bytes.`
    : null;
};

const tradeRules: Record<Exclude<keyof WireTrade, "legs">, Field> = {
  external_id: required(text(191)),
  revision: required(integer(1)),
  status: required(oneOf(tradeStatuses)),
  origin: required(oneOf(tradeOrigins)),
  market: required(oneOf(markets)),
  symbol: required(text(64)),
  base_asset: asset,
  quote_asset: asset,
  direction: required(oneOf(directions)),
  quantity: required(decimal),
  open_quantity: required(decimal),
  contract_size: optional(decimal),
  entry_price: optional(decimal),
  exit_price: optional(decimal),
  gross_pnl: optional(decimal),
  fees: required(decimal),
  funding: required(decimal),
  net_pnl: optional(decimal),
  pnl_currency: required(text(24)),
  pnl_in_base_currency: optional(decimal),
  base_currency: asset,
  opened_at: required(timestamp),
  closed_at: optional(timestamp),
  duration_seconds: optional(integer(0)),
  initial_stop: optional(decimal),
  take_profit: optional(decimal),
  initial_risk: optional(decimal),
  r_multiple: optional(decimal),
  cost_basis_method: optional(oneOf(costBasisMethods)),
  execution_count: required(integer(0)),
  flags: required(flags),
  state: optional(state),
};

const legRules: Record<keyof WireLeg, Field> = {
  execution_id: required(text(191)),
  role: required(oneOf(legRoles)),
  quantity: optional(decimal),
  price: optional(decimal),
  fee: optional(decimal),
  pnl: optional(decimal),
};

/** What it is, or null when something is wrong with it. */
export function checkTrade(item: unknown, prefix: string, errors: Errors): WireTrade | null {
  if (!isObject(item)) return notAnObject(prefix, errors);
  const found: Errors = {};
  const trade = checkFields(tradeRules, item, found, prefix) as unknown as Omit<WireTrade, "legs">;
  const legs = checkLegs(item.legs, `${prefix}legs`, found);
  checkStatus(trade, prefix, found);
  if (trade.net_pnl === null && Array.isArray(trade.flags) && !trade.flags.includes("unknown_origin")) {
    addError(found, `${prefix}net_pnl`, "The :attribute field is required unless flags is in unknown_origin.");
  }
  return withoutErrors(found, errors) ? { ...trade, legs } : null;
}

function checkStatus(trade: Omit<WireTrade, "legs">, prefix: string, errors: Errors): void {
  const closed = trade.status === "closed";
  for (const field of ["closed_at", "duration_seconds"] as const) {
    if (closed === (trade[field] !== null)) continue;
    addError(errors, prefix + field, `The :attribute field is ${closed ? "required" : "prohibited"}.`);
  }
  if (closed && typeof trade.open_quantity === "string" && !/^0(\.0+)?$/.test(trade.open_quantity)) {
    addError(errors, `${prefix}open_quantity`, "The :attribute must be zero.");
  }
  if (trade.status !== "open" && trade.state !== null) {
    addError(errors, `${prefix}state`, "The :attribute field is prohibited.");
  }
}

function checkLegs(given: unknown, path: string, errors: Errors): WireLeg[] {
  const wrong = given == null ? "The :attribute field must be present." : list(batchLegsMax)(given);
  if (wrong !== null) {
    addError(errors, path, wrong);
    return [];
  }
  return (given as unknown[]).map((leg, index) => {
    const prefix = `${path}.${index}.`;
    if (!isObject(leg)) addError(errors, prefix.slice(0, -1), "The :attribute must be an array.");
    return checkFields(legRules, isObject(leg) ? leg : {}, errors, prefix) as unknown as WireLeg;
  });
}

function flags(value: unknown): string | null {
  const wrong = list(tradeFlags.length)(value);
  if (wrong !== null) return wrong;
  const given = value as unknown[];
  const known: readonly unknown[] = tradeFlags;
  if (!given.every((flag) => known.includes(flag))) return "The selected :attribute is invalid.";
  return new Set(given).size === given.length ? null : "The :attribute field has a duplicate value.";
}

function notAnObject(prefix: string, errors: Errors): null {
  addError(errors, prefix.slice(0, -1), "The :attribute must be an array.");
  return null;
}

function withoutErrors(found: Errors, errors: Errors): boolean {
  Object.assign(errors, found);
  return Object.keys(found).length === 0;
}
