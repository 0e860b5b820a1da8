import { formatDecimal } from "../../executions/decimal.ts";
import type { Direction } from "../../executions/execution.ts";
import { decimal, oneOf, optionalDecimal, optionalText, text, time } from "./columns.ts";
import { type ClosedPosition, defineDialect, RowError, type Skip, skip } from "./dialect.ts";
import { instrumentOf } from "./okx.ts";

/**
 * OKX, "Position history": one row a position, with the PnL of its prices, fees, funding and what a liquidation cost, each signed. A position that
 * was closed in part only is still open.
 */
export const okxPositions = defineDialect({
  id: "okx_positions",
  broker: "okx",
  title: "OKX position history",
  export: "OKX > Assets > Order center > Position history > Export",
  markets: ["linear", "inverse", "option", "margin"],
  layout: { kind: "table" },
  headers: [
    [
      ...["Position Create Time", "Position Update Time", "Instrument Name", "Direction", "Total Close Quantity"],
      ...["Average Open Price", "Average Close Price", "Margin Currency", "Pnl", "Fee", "Funding Fee"],
    ],
  ],
  timezone: "UTC",
  timezoneAbove: /Time Zone:\s*(UTC[+-]\d{1,2}(?::?\d{2})?|UTC)/i,
  statedPnl: "gross",
  columns: {
    opened: time("Position Create Time", ["YYYY-MM-DD hh:mm:ss"]),
    time: time("Position Update Time", ["YYYY-MM-DD hh:mm:ss"]),
    symbol: text("Instrument Name"),
    direction: oneOf<Direction | "net">("Direction", { Long: "long", Short: "short", Net: "net" }),
    quantity: decimal("Total Close Quantity"),
    entryPrice: decimal("Average Open Price"),
    exitPrice: decimal("Average Close Price"),
    currency: text("Margin Currency"),
    pnl: decimal("Pnl"),
    fee: decimal("Fee"),
    funding: decimal("Funding Fee"),
    liquidation: optionalDecimal("Liquidation Clearance Fee"),
    type: optionalText("Type"),
    face: optionalDecimal("Contract Face Value"),
    multiplier: optionalDecimal("Contract Multiplier"),
  },
  timeColumn: "time",
  toTrade(row): ClosedPosition | Skip {
    if (row.type !== null && /partial/i.test(row.type)) return skip("a position that is still open in part");
    if (row.direction === "net")
      throw new RowError("direction_unknown", "the row does not say long or short", "direction");
    const { market, baseAsset, quoteAsset } = instrumentOf(row.symbol, "symbol");
    const { quantity, entryPrice, exitPrice, direction } = row;
    return {
      id: null,
      identity: [
        row.opened.text,
        row.time.text,
        row.symbol,
        direction,
        formatDecimal(quantity),
        formatDecimal(entryPrice),
      ],
      market: market === "spot" ? "margin" : market,
      symbol: row.symbol,
      baseAsset,
      quoteAsset,
      direction,
      quantity,
      entryPrice,
      exitPrice,
      contractSize: row.face === null ? null : (row.face * (row.multiplier ?? 10n ** 18n)) / 10n ** 18n,
      grossPnl: row.pnl,
      fees: -(row.fee + (row.liquidation ?? 0n)),
      funding: -row.funding,
      pnlCurrency: row.currency,
      openedAtMs: row.opened.utcMs,
      closedAtMs: row.time.utcMs,
    };
  },
});
