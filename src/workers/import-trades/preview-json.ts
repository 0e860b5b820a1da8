import { linesMax, problemsMax } from "../../brokers/csv/report.ts";
import { formatDecimal } from "../../executions/decimal.ts";
import { formatTimestamp } from "../../journal/timestamp.ts";
import type { Trade } from "../../trades/trade.ts";
import type { FileOutcome } from "./result.ts";

/** What a dry run understood of a file, for a program: what `preview-text.ts` says, with all the lines that are kept. */
export function previewJson(file: FileOutcome, accountId: string | number | null): Record<string, unknown> {
  const { name, dialect, title, facts, report, preview, error } = file;
  const time = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : formatTimestamp(ms));
  const { created = 0, duplicates = 0, rejected = 0 } = preview?.executions ?? {};
  return {
    name,
    dialect,
    title,
    broker: preview?.broker ?? null,
    account_id: accountId,
    account_in_file: preview?.account ?? null,
    currencies: preview?.currencies ?? [],
    markets: preview?.markets ?? [],
    symbols: preview?.symbols ?? [],
    symbols_truncated: preview?.symbolsTruncated ?? false,
    time_zone: preview?.zone?.rule ?? null,
    time_zone_from: preview?.zone?.from ?? null,
    first_at: time(report?.firstMs),
    last_at: time(report?.lastMs),
    facts,
    rows: report?.rows ?? 0,
    rows_taken: report?.imported ?? 0,
    rows_skipped: [...(report?.skipped.values() ?? [])].reduce((sum, { count }) => sum + count, 0),
    rows_refused: report?.rejected ?? 0,
    executions: created + duplicates + rejected,
    executions_new: created,
    executions_duplicate: duplicates,
    executions_refused: rejected,
    first_trades: (preview?.firstTrades ?? []).map(tradeJson),
    skipped: [...(report?.skipped ?? [])].map(([reason, { count, lines }]) => ({ reason, count, lines })),
    refused: [...(report?.refusals.values() ?? [])].map(({ code, column, count, lines, message }) => ({
      code,
      column,
      count,
      lines,
      message,
    })),
    lines_max: linesMax,
    errors: report?.problems ?? [],
    errors_max: problemsMax,
    error,
  };
}

function tradeJson(trade: Trade): Record<string, unknown> {
  const decimal = (value: bigint | null) => (value === null ? null : formatDecimal(value));
  return {
    external_id: trade.externalId,
    status: trade.status,
    market: trade.market,
    symbol: trade.symbol,
    direction: trade.direction,
    opened_at: formatTimestamp(trade.openedAtMs),
    closed_at: trade.closedAtMs === null ? null : formatTimestamp(trade.closedAtMs),
    quantity: decimal(trade.quantity),
    entry_price: decimal(trade.entryPrice),
    exit_price: decimal(trade.exitPrice),
    gross_pnl: decimal(trade.grossPnl),
    fees: decimal(trade.fees),
    funding: decimal(trade.funding),
    net_pnl: decimal(trade.netPnl),
    pnl_currency: trade.pnlCurrency,
    flags: trade.flags,
  };
}
