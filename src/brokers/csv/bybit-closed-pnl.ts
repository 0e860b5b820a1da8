import { type Decimal, formatDecimal } from "../../executions/decimal.ts";
import type { Direction } from "../../executions/execution.ts";
import { type BybitContract, bybitTimes, contractOf } from "./bybit.ts";
import { decimal, optional, optionalDecimal, optionalOneOf, optionalText, text, time } from "./columns.ts";
import { type ClosedPosition, defineDialect, RowError, type Skip, skip } from "./dialect.ts";
import { directionByPnl, pnlByPrices } from "./price-pnl.ts";

/**
 * Bybit derivatives, "Closed P&L": one row a closing order, newest first. Two generations: one with the direction and a PnL after
 * fees and funding, which are not listed; and one that lists opening fee, closing fee and funding, but neither direction nor
 * order, so that the direction is the one whose prices make the PnL. When the position was opened stands in neither: its trade is taken
 * to be open since the closing order was placed, at the latest. Contracts of the first generation's header are in UTC.
 */
export const bybitClosedPnl = defineDialect({
  id: "bybit_closed_pnl",
  broker: "bybit",
  title: "Bybit closed P&L",
  export: "Bybit > Orders > Derivatives Orders > Closed P&L > Export",
  markets: ["linear", "inverse", "option"],
  layout: { kind: "table" },
  headers: [
    ["Contracts", "Closing Direction", "Qty", "Entry Price", "Exit Price", "Closed P&L", "Trade Time(UTC)"],
    ["Contracts", "Closing Direction", "Qty", "Entry Price", "Exit Price", "Closed P&L", "Trade Time"],
    [
      ...["Market", "Order Quantity", "Entry Price", "Exit Price", "Opening Fee", "Closing Fee", "Funding Fee"],
      ...["Realized P&L", "Trade time"],
    ],
  ],
  timezone: null,
  statedPnl: "net",
  columns: {
    account: optionalText("Uid"),
    symbol: text(["Contracts", "Market"]),
    // Some exports name the side of the closing order instead.
    direction: optionalOneOf<Direction>("Closing Direction", {
      "Close Long": "long",
      "Close Short": "short",
      Sell: "long",
      Buy: "short",
    }),
    quantity: decimal(["Qty", "Order Quantity"]),
    entryPrice: decimal("Entry Price"),
    exitPrice: decimal("Exit Price"),
    netPnl: decimal(["Closed P&L", "Realized P&L"]),
    openingFee: optionalDecimal("Opening Fee"),
    closingFee: optionalDecimal("Closing Fee"),
    funding: optionalDecimal("Funding Fee"),
    time: time(["Trade Time(UTC)", "Trade Time"], bybitTimes),
    ordered: optional(time("Create Time", bybitTimes)),
    order: optionalText("Order No."),
  },
  timeColumn: "time",
  accountColumn: "account",
  toTrade(row): ClosedPosition | Skip {
    const contract = contractOf(row.symbol, "symbol");
    if (row.quantity === 0n) return skip("nothing was closed");
    const { quantity, entryPrice, exitPrice, netPnl } = row;
    const listed = row.openingFee === null ? null : listedCosts(row);
    const prices = { market: contract.market, quantity, entryPrice, exitPrice, contractSize: contract.contractSize };
    const direction =
      row.direction ?? directionByPnl(prices, netPnl + (listed === null ? 0n : listed.fees + listed.funding));
    if (direction === null) {
      throw new RowError(
        "direction_unknown",
        "the row says neither its direction nor a PnL that its prices make",
        "netPnl",
      );
    }
    const grossPnl = listed === null ? pnlByPrices({ ...prices, direction }) : netPnl + listed.fees + listed.funding;
    return {
      id: null,
      identity: [
        row.order ?? "",
        row.time.text,
        formatDecimal(quantity),
        formatDecimal(entryPrice),
        formatDecimal(exitPrice),
      ],
      ...namesOf(contract),
      symbol: row.symbol,
      direction,
      quantity,
      entryPrice,
      exitPrice,
      grossPnl,
      fees: listed === null ? grossPnl - netPnl : listed.fees,
      funding: listed === null ? 0n : listed.funding,
      pnlCurrency: contract.settleAsset,
      openedAtMs: Math.min(row.ordered?.utcMs ?? row.time.utcMs, row.time.utcMs),
      closedAtMs: row.time.utcMs,
    };
  },
});

function listedCosts(row: Record<"openingFee" | "closingFee" | "funding", Decimal | null>) {
  return { fees: (row.openingFee ?? 0n) + (row.closingFee ?? 0n), funding: row.funding ?? 0n };
}

function namesOf({ market, baseAsset, quoteAsset, contractSize }: BybitContract) {
  return { market, baseAsset, quoteAsset, contractSize };
}
