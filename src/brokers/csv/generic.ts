import { absolute, formatDecimal } from "../../executions/decimal.ts";
import { executionTypes, markets } from "../../executions/execution.ts";
import { decimal, optionalDecimal, optionalId, optionalOneOf, optionalText, readEpoch, text, time } from "./columns.ts";
import { type Column, defineDialect, RowError } from "./dialect.ts";
import type { TimeCell } from "./times.ts";

/**
 * Our own layout, for what no other dialect reads: one row an execution, in any order. Columns may stand in any order;
 * `--map "their name=our name"` reads a file with other names. README.md lists the columns.
 *
 * - time: `2026-03-01 10:00:00`, with `T`, a fraction and an offset if there are; or time_ms, time_s: since 1970
 * - symbol, quantity, price; side: buy or sell (without it the sign of the quantity says it)
 * - fee (positive: paid), fee_currency; realized_pnl (before fees)
 * - id (the broker's own, of the execution), order_id
 * - market, currency (what prices are in), base, settle_currency, contract_size, type, position_side, liquidity
 */
export const generic = defineDialect({
  id: "generic",
  broker: "csv",
  anyBroker: true,
  title: "Executions in our own layout",
  export: "written by yourself or by another program",
  markets,
  layout: { kind: "table" },
  headers: [
    ["time", "symbol", "side", "quantity", "price"],
    ["time_ms", "symbol", "side", "quantity", "price"],
    ["time_s", "symbol", "side", "quantity", "price"],
  ],
  closed: true,
  timezone: null,
  statedPnl: "gross",
  columns: {
    time: timeColumn(),
    symbol: text("symbol"),
    side: optionalOneOf("side", { buy: "buy", sell: "sell", b: "buy", s: "sell" }),
    quantity: decimal("quantity"),
    price: optionalDecimal("price"),
    fee: optionalDecimal("fee"),
    feeAsset: optionalText("fee_currency"),
    realizedPnl: optionalDecimal("realized_pnl"),
    id: optionalId("id"),
    orderId: optionalId("order_id"),
    market: optionalOneOf("market", Object.fromEntries(markets.map((market) => [market, market]))),
    quoteAsset: optionalText("currency"),
    baseAsset: optionalText("base"),
    settleAsset: optionalText("settle_currency"),
    contractSize: optionalDecimal("contract_size"),
    type: optionalOneOf("type", Object.fromEntries(executionTypes.map((type) => [type, type]))),
    positionSide: optionalOneOf("position_side", { long: "long", short: "short" }),
    liquidity: optionalOneOf("liquidity", { maker: "maker", taker: "taker" }),
    account: optionalText("account"),
  },
  timeColumn: "time",
  accountColumn: "account",
  summaryRow: (cells) => (/^(grand |sub-?)?(total|sum)s?:?$/i.test(cells[0]?.trim() ?? "") ? "a total" : null),
  toExecution(row, settings) {
    const market = row.market ?? settings.market ?? "spot";
    const type = row.type ?? "fill";
    if (type === "funding" || type === "fee") {
      throw new RowError("unsupported_type", "funding and fees on their own are not read from files yet", "type");
    }
    const side = row.side ?? (row.quantity < 0n ? "sell" : "buy");
    if (side === "buy" && row.quantity < 0n) {
      throw new RowError("contradiction", "a purchase of less than nothing", "quantity");
    }
    const quantity = absolute(row.quantity);
    return {
      id: row.id,
      identity: [
        row.time.text,
        row.symbol,
        side,
        formatDecimal(quantity),
        row.price === null ? "" : formatDecimal(row.price),
        row.orderId ?? "",
        row.positionSide ?? "",
      ],
      type,
      market,
      symbol: row.symbol,
      baseAsset: row.baseAsset,
      quoteAsset: row.quoteAsset,
      quoteAssetElse: settings.currency,
      settleAsset: row.settleAsset,
      side,
      positionSide: row.positionSide,
      quantity,
      price: row.price,
      contractSize: row.contractSize,
      fee: row.fee,
      feeAsset: row.feeAsset,
      realizedPnl: row.realizedPnl,
      orderId: row.orderId,
      liquidity: row.liquidity,
      executedAtMs: row.time.utcMs,
    };
  },
});

function timeColumn(): Column<TimeCell> {
  const iso = time("time", ["iso"]);
  return {
    header: ["time", "time_ms", "time_s"],
    parse: (cell, reading, header) => {
      const name = header.toLowerCase();
      if (name.startsWith("time_ms")) return readEpoch(cell, 1);
      return name.startsWith("time_s") ? readEpoch(cell, 1_000) : iso.parse(cell, reading, header);
    },
  };
}
