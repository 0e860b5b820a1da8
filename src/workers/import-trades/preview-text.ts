import type { RefusedRows, SkippedRows } from "../../brokers/csv/report.ts";
import { type Decimal, divideRounded, formatDecimal } from "../../executions/decimal.ts";
import { renderTable, type Table, wrapWords } from "../../operation/table.ts";
import type { Trade } from "../../trades/trade.ts";
import type { FilePreview } from "./preview.ts";
import type { FileOutcome } from "./result.ts";

/** Of one reason, and reasons of one file; all that are kept are in `--json`. */
const linesShownMax = 10;
const reasonsShownMax = 20;
const symbolsShownMax = 12;
/** A title and two blanks. */
const labelWidth = 14;

interface Screen {
  columns: number;
  color: boolean;
}

/** What a dry run understood of a file, for a person, and for whoever that person asks. Without colors that would not survive a mail. */
export function previewText(file: FileOutcome, accountId: string | null, screen: Screen): string {
  const { name, title, error, report, preview } = file;
  const line = (label: string, text: string) => labelled(label, text, screen);
  const head = `${name}: ${title ?? "not recognised"}\n`;
  const problem = error === null ? "" : errorText(file, screen);
  if (report === null || preview === undefined) return `${head}${problem}`;
  return [
    head,
    problem,
    ...understood(file, preview, accountId).map(([label, text]) => line(label, text)),
    line("rows", rowsText(file)),
    line("executions", executionsText(preview)),
    tradesText(preview.firstTrades, screen),
    skippedText(report.skipped, screen),
    refusedText([...report.refusals.values()], screen),
  ].join("");
}

function errorText({ error }: FileOutcome, { columns }: Screen): string {
  const { message = "", hint } = error ?? {};
  return wrapWords(hint === undefined ? message : `${message}\n${hint}`, { columns, indent: "  " });
}

/** Its own line where it is long: a label, and the text beside it. */
function labelled(label: string, text: string, { columns }: Screen): string {
  const indent = " ".repeat(labelWidth);
  return `  ${label}`.padEnd(labelWidth) + wrapWords(text, { columns, indent }).slice(labelWidth);
}

function understood(file: FileOutcome, preview: FilePreview, accountId: string | null): [string, string][] {
  const { times: _times, account: _account, currency: _currency, ...others } = file.facts;
  const { broker, account, zone, markets, currencies, symbols } = preview;
  const { firstMs = null, lastMs = null } = file.report ?? {};
  const more = symbols.length - symbolsShownMax;
  const shown = symbols.slice(0, symbolsShownMax).join(", ");
  return [
    ["format", `${file.dialect} (${pairsOf(others)})`],
    ["broker", broker],
    [
      "account",
      [
        ...(account === null ? [] : [`${account} in the file`]),
        ...(accountId === null ? [] : [`imported into ${accountId}`]),
      ].join(", "),
    ],
    ["currency", currencies.join(", ") || "none seen"],
    ["markets", markets.join(", ") || "none seen"],
    ["symbols", more > 0 ? `${shown} and ${more}${preview.symbolsTruncated ? " or" : ""} more` : shown || "none seen"],
    ["time zone", zone === null ? "none: each time has an offset of its own" : `${zone.rule} (from ${zone.from})`],
    ["span", firstMs === null || lastMs === null ? "no execution" : `${timeText(firstMs)} to ${timeText(lastMs)} UTC`],
  ];
}

function pairsOf(facts: Readonly<Record<string, string>>): string {
  return Object.entries(facts)
    .map(([key, value]) => {
      if (key === "encoding" || key === "kind") return value;
      return `${key} ${value.length === 1 && /\D/.test(value) ? `"${value}"` : value}`;
    })
    .join(", ");
}

function rowsText({ report }: FileOutcome): string {
  const skipped = [...(report?.skipped.values() ?? [])].reduce((sum, { count }) => sum + count, 0);
  return `${report?.rows ?? 0} = ${report?.imported ?? 0} taken + ${skipped} no execution + ${report?.rejected ?? 0} refused`;
}

function executionsText({ executions: { created, duplicates, rejected } }: FilePreview): string {
  return `${created + duplicates + rejected} = ${created} new + ${duplicates} duplicate + ${rejected} refused by the journal`;
}

/** A table where there is room for it. */
function tradesText(trades: readonly Trade[], screen: Screen): string {
  if (trades.length === 0) return "  no new trade comes of it\n";
  const table = renderTable(tradesTable(trades), { columns: Number.POSITIVE_INFINITY, color: false });
  const width = Math.max(...table.split("\n").map((line) => Bun.stringWidth(line)));
  const fits = width + tradesIndent.length <= screen.columns;
  const text = fits ? table : trades.map((trade) => tradeText(trade, screen.columns - tradesIndent.length)).join("");
  return `  first trades (times in UTC)\n${text.replace(/^(?=.)/gm, tradesIndent)}`;
}

const tradesIndent = "    ";

function tradesTable(trades: readonly Trade[]): Table {
  const right = (title: string) => ({ title, align: "right" as const });
  const left = (title: string) => ({ title });
  return {
    columns: [
      ...[left("opened"), left("closed"), left("symbol"), left("side")],
      ...[right("quantity"), right("entry"), right("exit"), right("net PnL")],
    ],
    rows: trades.map((trade) => [
      timeText(trade.openedAtMs),
      closedText(trade),
      trade.symbol,
      trade.direction,
      short(trade.quantity),
      short(trade.entryPrice),
      short(trade.exitPrice),
      netText(trade),
    ]),
  };
}

function tradeText(trade: Trade, columns: number): string {
  const { symbol, direction, quantity, openedAtMs, entryPrice, exitPrice } = trade;
  const prices = [
    ...(entryPrice === null ? [] : [`entry ${short(entryPrice)}`]),
    ...(exitPrice === null ? [] : [`exit ${short(exitPrice)}`]),
    `net PnL ${netText(trade) || "not known yet"}`,
    ...trade.flags,
  ];
  const lines = `${timeText(openedAtMs)} to ${closedText(trade)}\n${prices.join(", ")}`;
  return `${symbol} ${direction} ${short(quantity)}\n${wrapWords(lines, { columns, indent: "  " })}`;
}

function closedText({ status, closedAtMs }: Trade): string {
  return status === "open" || closedAtMs === null ? "open" : timeText(closedAtMs);
}

function netText({ status, netPnl, pnlCurrency }: Trade): string {
  return status === "open" || netPnl === null ? "" : `${short(netPnl)} ${pnlCurrency}`;
}

function skippedText(skipped: ReadonlyMap<string, SkippedRows>, screen: Screen): string {
  const groups = [...skipped].map(([reason, rows]) => ({ ...rows, what: reason }));
  return groupsText("no execution", groups, screen);
}

function refusedText(refused: readonly RefusedRows[], screen: Screen): string {
  const groups = refused.map(({ code, column, message, ...rows }) => ({
    ...rows,
    what: `${column === null ? "" : `column ${column}, `}${code} (${message})`,
  }));
  return groupsText("refused", groups, screen);
}

function groupsText(title: string, groups: readonly (SkippedRows & { what: string })[], { columns }: Screen): string {
  if (groups.length === 0) return "";
  const most = groups.toSorted((a, b) => b.count - a.count);
  const shown = most.slice(0, reasonsShownMax);
  const rest = most.slice(reasonsShownMax);
  const texts = shown.map(({ count, what, lines }) =>
    wrapWords(`${count} ${count === 1 ? "row" : "rows"}, ${what}: ${linesText(lines, count)}`, {
      columns,
      indent: "    ",
    }),
  );
  const restRows = rest.reduce((sum, { count }) => sum + count, 0);
  const more = rest.length === 0 ? "" : `    ${restRows} rows for ${rest.length} more reasons (--json lists them)\n`;
  return `  ${title}\n${texts.join("")}${more}`;
}

function linesText(lines: readonly number[], count: number): string {
  const shown = lines.slice(0, linesShownMax).join(", ");
  const more = count - Math.min(lines.length, linesShownMax);
  return `line ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}

const digitsShown = 8;
const unit = 10n ** BigInt(18 - digitsShown);

/** Averages have up to 18 digits behind the point; all of them are in `--json`. */
function short(amount: Decimal | null): string {
  return amount === null ? "" : formatDecimal(divideRounded(amount, unit) * unit);
}
