import { absolute, type Decimal, divide } from "../../executions/decimal.ts";
import type { Market } from "../../executions/execution.ts";
import { looseMoney, optional, optionalId, optionalText, readLooseMoney, text, time } from "./columns.ts";
import { type Column, type Draft, defineDialect, RowError, type Skip, skip } from "./dialect.ts";

/** What is opened and what is closed; all else is no trade. */
const actions = new Map<string, "open" | "close">(
  Object.entries({
    "open position": "open",
    "position opened": "open",
    "position closed": "close",
    "close position": "close",
    "profit/loss of trade": "close",
  }),
);

/**
 * eToro account statement, "Account Activity": one row for each thing that happened. Amounts are in US dollars, whatever the asset is priced in: what was put in
 * when a position was opened, and what came out when it was closed. A price is the amount a unit, so that profits are exact; of a position with
 * leverage it is no market price. The file does not say which positions were short: their profits are right, their direction is not. Days come first,
 * times are in UTC.
 */
export const etoro = defineDialect({
  id: "etoro",
  broker: "etoro",
  title: "eToro account activity",
  export: "eToro > Settings > Account > Account statement > XLS, sheet Account Activity saved as CSV",
  markets: ["stock", "cfd", "spot"],
  layout: { kind: "table" },
  headers: [
    [
      "Date",
      "Type",
      "Details",
      "Amount",
      "Units",
      "Realized Equity Change",
      "Realized Equity",
      "Balance",
      "Position ID",
    ],
  ],
  timezone: "UTC",
  statedPnl: "gross",
  columns: {
    time: time("Date", ["DD/MM/YYYY hh:mm:ss", "YYYY-MM-DD hh:mm:ss"]),
    type: text("Type"),
    details: optionalText("Details"),
    amount: looseMoney("Amount"),
    units: optional(unitsColumn()),
    change: optional(looseMoney("Realized Equity Change")),
    positionId: optionalId("Position ID"),
    assetType: optionalText("Asset type"),
  },
  timeColumn: "time",
  toExecution(row): Draft | Skip {
    const action = actions.get(row.type.toLowerCase());
    if (action === undefined) return skip(`no trade (${row.type})`);
    if (row.units === null || row.positionId === null || row.details === null) {
      throw new RowError("empty", "a position needs its units, its id and what it is in", "units");
    }
    const [asset = row.details] = row.details.split("/");
    const amount = absolute(row.amount);
    if (row.units === 0n) throw new RowError("not_positive", "the units must be above zero", "units");
    return {
      id: null,
      // A position is opened once and can be closed in parts.
      identity: [action, row.positionId, row.time.text],
      market: marketOf(row.assetType),
      symbol: row.details,
      baseAsset: asset,
      quoteAsset: "USD",
      side: action === "open" ? "buy" : "sell",
      quantity: row.units,
      price: divide(amount, row.units),
      quoteQuantity: amount,
      fee: 0n,
      feeAsset: "USD",
      realizedPnl: action === "close" ? row.change : null,
      orderId: row.positionId,
      executedAtMs: row.time.utcMs,
    };
  },
});

/** Units have a decimal point in every language, and `Contracts` or `Lots` behind them at times. */
function unitsColumn(): Column<Decimal> {
  return {
    header: ["Units", "Units / Contracts"],
    parse: (cell) => readLooseMoney(cell.replace(/\s*[a-z]+$/i, ""), { decimalMark: "." }),
  };
}

function marketOf(assetType: string | null): Market {
  if (assetType !== null && /crypto/i.test(assetType)) return "spot";
  return assetType !== null && /cfd/i.test(assetType) ? "cfd" : "stock";
}
