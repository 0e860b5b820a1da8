import { executionTypes, markets } from "../executions/execution.ts";

/**
 * The contract's closed lists and the names of its fields, in the contract's order. Without arktype, so that the embedded
 * journal, which makes its columns and its rules from them, starts quickly; `wire.ts` makes its shapes from the same lists.
 */
export { executionTypes, markets };
export const sides = ["buy", "sell"] as const;
export const directions = ["long", "short"] as const;
export const liquidities = ["maker", "taker"] as const;
export const tradeStatuses = ["open", "closed", "void"] as const;
export const tradeOrigins = ["derived", "broker_reported"] as const;
export const legRoles = ["entry", "exit", "funding", "fee"] as const;
export const tradeFlags = [
  "unknown_origin",
  "estimated_fee",
  "missing_conversion",
  "pnl_mismatch",
  "dust_closed",
] as const;
export const costBasisMethods = ["fifo", "lifo", "average"] as const;
export const importStatuses = [
  "ok",
  "partial",
  "auth_failed",
  "rate_limited",
  "broker_unavailable",
  "needs_review",
] as const;
export const accountStatuses = ["active", "paused", "closed"] as const;
export const fileStatuses = ["imported", "partial", "rejected"] as const;
export const workerNames = ["trade_importer", "stats_analyzer"] as const;
export const cycleStatuses = ["success", "partial", "failed"] as const;
export const resultStatuses = ["ok", "partial", "error", "skipped"] as const;

export const executionFields = [
  "external_id",
  "execution_type",
  "market",
  "symbol",
  "base_asset",
  "quote_asset",
  "settle_asset",
  "side",
  "position_side",
  "quantity",
  "price",
  "quote_quantity",
  "contract_size",
  "fee",
  "fee_asset",
  "fee_in_quote",
  "realized_pnl",
  "order_id",
  "liquidity",
  "executed_at",
  "content_hash",
] as const;

export const tradeFields = [
  "external_id",
  "revision",
  "status",
  "origin",
  "market",
  "symbol",
  "base_asset",
  "quote_asset",
  "direction",
  "quantity",
  "open_quantity",
  "contract_size",
  "entry_price",
  "exit_price",
  "gross_pnl",
  "fees",
  "funding",
  "net_pnl",
  "pnl_currency",
  "pnl_in_base_currency",
  "base_currency",
  "opened_at",
  "closed_at",
  "duration_seconds",
  "initial_stop",
  "take_profit",
  "initial_risk",
  "r_multiple",
  "cost_basis_method",
  "execution_count",
  "flags",
] as const;

/** The contract's `limits.max_batch`: executions in a batch, and as many trades. */
export const batchItemsMax = 100;
export const batchLegsMax = 1000;
/** nginx takes 1 MiB unless told otherwise. */
export const batchBytesMax = 1_000_000;
export const statisticsBytesMax = 8_000_000;
export const checkpointBytesMax = 65_536;
export const stateBytesMax = 65_535;
export const contractVersion = "1.0";

export const decimalPattern = /^-?\d{1,30}(\.\d{1,18})?$/;
export const hashPattern = /^[0-9a-f]{64}$/;
export const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
/** The draft's quoted form is accepted by the platform; the workers send the plain one. */
export const idempotencyKeyPattern = /^[A-Za-z0-9_.:-]{8,255}$/;

/** Of a closed trade, what the statistics use and the contract lets be missing or null. */
export const closedTradeTextsOrNone = [
  "contract_size",
  "entry_price",
  "gross_pnl",
  "net_pnl",
  "pnl_in_base_currency",
  "base_currency",
  "r_multiple",
] as const;
