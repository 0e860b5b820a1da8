import type { User } from "../../journal/wire.ts";
import { type Cell, type Column, renderTable, type Table } from "../../operation/table.ts";
import type { Breakdown, MetricName } from "../../statistics/body.ts";
import { brailleCurve } from "./braille-curve.ts";
import { equityCourse, sampledEquity } from "./equity.ts";
import type { NotableTrade } from "./extremes.ts";
import {
  amountText,
  countText,
  dateText,
  type FigureFormat,
  figureText,
  formatOf,
  momentText,
  percentText,
  signedText,
} from "./format.ts";
import type { Shown } from "./result.ts";
import { breakdownOf, byNet, type ShownSection, shownSections } from "./sections.ts";

interface Screen {
  columns: number;
  color: boolean;
}

/** Currencies with few trades are for `--json` and the page. */
const sectionsMax = 4;
const symbolsMax = 8;
const notableMax = 3;
const curve = { height: 6, widthMin: 24, widthMax: 60 };

/** One user's figures in a terminal: the key ones with what they are made of, the curve, the best and the worst. */
export function renderSummary(user: User, shown: Shown, screen: Screen): string {
  const sections = shownSections(shown);
  const { user_id, timezone } = user;
  if (sections.length === 0) return `User ${user_id} has no closed trade with a known P&L.\n`;
  const parts = [
    `User ${user_id}, times in ${timezone}\n`,
    ...sections.slice(0, sectionsMax).map((section) => renderSection(section, user, screen)),
  ];
  const rest = sections.slice(sectionsMax).map(({ section }) => section.currency);
  if (rest.length > 0)
    parts.push(`And ${countText(rest.length, "more currency", "more currencies")}: ${rest.join(", ")}\n`);
  return `${parts.join("\n")}\n`;
}

function renderSection(shown: ShownSection, user: User, screen: Screen): string {
  const { section, whole, isTotal } = shown;
  const format = formatOf(section, user.timezone);
  const span = spanText(shown, user.timezone);
  const title = `${section.currency}${isTotal ? ", all currencies together" : ""}: ${countText(whole.trades, "trade")}, ${span}`;
  const parts = [
    `${bold(title, screen)}\n${renderTable(keyFigures(shown, format), screen)}`,
    renderCurve(shown, user, format, screen),
    renderNotable(shown, format, screen),
    renderSymbols(shown, format, screen),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

const bold = (text: string, { color }: Screen): string => (color ? `\u001b[1m${text}\u001b[22m` : text);

function spanText({ points }: ShownSection, zone: string): string {
  const first = dateText(points.closedAtMs[0] ?? 0, zone);
  const last = dateText(points.closedAtMs.at(-1) ?? 0, zone);
  return first === last ? first : `${first} to ${last}`;
}

function keyFigures(shown: ShownSection, format: FigureFormat): Table {
  const { whole } = shown;
  const text = (name: MetricName) => {
    const { short, reason } = figureText(whole, name, format);
    return reason === null ? short : `${short} (${reason})`;
  };
  const short = (name: MetricName) => figureText(whole, name, format).short;
  const row = (title: string, name: MetricName, ...details: string[]): Cell[] => [
    title,
    painted(short(name), whole[name], name),
    { text: details.filter((detail) => detail !== "").join(", "), color: "faint" },
  ];
  const { wins, losses, breakevens } = whole;
  const trades = whole.trades.toLocaleString("en");
  const risked = (whole.r_trades ?? 0).toLocaleString("en");
  const costs =
    whole.fees === undefined ? "" : `gross ${short("gross_pnl")}, fees ${short("fees")}, funding ${short("funding")}`;
  const days = countText(whole.trading_days ?? 0, "trading day");
  const ratios = whole.return_basis === "equity" ? "of daily returns" : "of daily P&L";
  return {
    columns: [{ title: "" }, { title: "", align: "right" }, { title: "" }],
    rows: [
      row("net P&L", "net_pnl", costs),
      row(
        "win rate",
        "win_rate",
        `n ${trades}`,
        `${wins} won`,
        `${losses} lost`,
        breakevens > 0 ? `${breakevens} even` : "",
      ),
      row("profit factor", "profit_factor", `won ${short("gross_profit")}`, `lost ${short("gross_loss")}`),
      row(
        "expectancy",
        "expectancy",
        `a trade, n ${trades}`,
        risked === "0" ? "" : `${short("expectancy_r")}, n ${risked}`,
      ),
      row("average win", "average_win", `average loss ${short("average_loss")}`, `payoff ${short("payoff_ratio")}`),
      row("largest win", "largest_win", `largest loss ${short("largest_loss")}`),
      row("max drawdown", "max_drawdown", drawdownText(shown, format)),
      row("Sharpe", "sharpe_ratio", `Sortino ${text("sortino_ratio")}`, `${days}, ${ratios}`),
      row(
        "longest streak",
        "longest_win_streak",
        `won; ${short("longest_loss_streak")} lost, now ${streakText(whole.current_streak ?? 0)}`,
      ),
      row(
        "holding time",
        "median_holding_seconds",
        `median; wins ${short("average_win_holding_seconds")}, losses ${short("average_loss_holding_seconds")} on average`,
      ),
      ...bestDayRow(shown, format),
    ],
  };
}

function bestDayRow({ whole }: ShownSection, { digits }: FigureFormat): Cell[][] {
  const { best_day, best_day_pnl, worst_day, worst_day_pnl } = whole;
  if (best_day_pnl === undefined || worst_day_pnl === undefined) return [];
  const worst = `on ${best_day}; worst ${signedText(worst_day_pnl, digits)} on ${worst_day}`;
  return [
    [
      "best day",
      painted(amountText(best_day_pnl, digits), best_day_pnl, "best_day_pnl"),
      { text: worst, color: "faint" },
    ],
  ];
}

/** Gains and losses by color, too, where the sign says which it is. */
function painted(text: string, value: unknown, name: MetricName): Cell {
  const signed = name === "net_pnl" || name === "expectancy" || name === "best_day_pnl";
  const number = Number(value);
  if (!signed || !(number !== 0)) return text;
  return { text, color: number > 0 ? "green" : "red" };
}

function drawdownText({ whole }: ShownSection, { zone }: FigureFormat): string {
  const {
    max_drawdown_pct,
    max_drawdown_peak_at: peak,
    max_drawdown_trough_at: trough,
    max_drawdown_recovered_at: recovered,
  } = whole;
  if (peak === undefined || trough === undefined) return "none";
  const parts = [
    ...(max_drawdown_pct === undefined ? [] : [`at most ${percentText(max_drawdown_pct)}`]),
    `${dateText(Date.parse(peak), zone)} to ${dateText(Date.parse(trough), zone)}`,
    recovered === undefined ? "not recovered yet" : `recovered ${dateText(Date.parse(recovered), zone)}`,
  ];
  return parts.join(", ");
}

function streakText(streak: number): string {
  return streak === 0 ? "none" : `${Math.abs(streak)} ${streak > 0 ? "won" : "lost"}`;
}

function renderCurve(
  { section, points }: ShownSection,
  user: User,
  { digits, zone }: FigureFormat,
  screen: Screen,
): string {
  if (points.count < 2) return "";
  const start = section.currency === user.base_currency ? Number(user.starting_balance ?? 0) : 0;
  const course = equityCourse(points, start);
  const values = sampledEquity(course, curve.widthMax * 2);
  const [top, bottom] = [Math.max(...values), Math.min(...values)].map((value) =>
    amountText(value.toFixed(digits), digits),
  );
  const labelWidth = Math.max(top?.length ?? 0, bottom?.length ?? 0);
  const width = Math.min(curve.widthMax, screen.columns - labelWidth - 3);
  if (width < curve.widthMin) return "";
  const rows = brailleCurve(values, { width, height: curve.height });
  const lines = rows.map((row, index) => {
    const label = index === 0 ? top : index === rows.length - 1 ? bottom : "";
    return `${(label ?? "").padStart(labelWidth)} │ ${row}\n`;
  });
  const [first, last] = [course.atMs[0] ?? 0, course.atMs.at(-1) ?? 0].map((ms) => dateText(ms, zone));
  const dates = `${first}${(last ?? "").padStart(width - (first?.length ?? 0))}`;
  return `${start > 0 ? "balance" : "net P&L, summed up"}\n${lines.join("")}${" ".repeat(labelWidth + 3)}${dates}\n`;
}

function renderNotable({ points }: ShownSection, { digits, zone }: FigureFormat, screen: Screen): string {
  const row = (label: string, { symbol, direction, closedAtMs, net }: NotableTrade): Cell[] => [
    label,
    symbol,
    direction,
    momentText(closedAtMs, zone),
    { text: signedText(net, digits), color: net.startsWith("-") ? "red" : "green" },
  ];
  const best = points.best.slice(0, notableMax).map((trade, index) => row(index === 0 ? "best" : "", trade));
  const worst = points.worst.slice(0, notableMax).map((trade, index) => row(index === 0 ? "worst" : "", trade));
  if (best.length + worst.length === 0) return "";
  const columns = [
    { title: "trades" },
    { title: "symbol" },
    { title: "direction" },
    { title: "closed" },
    { title: "net P&L", align: "right" as const },
  ];
  return renderTable({ columns, rows: [...best, ...worst] }, screen);
}

/** The best and the worst, where not all have room. */
function renderSymbols(shown: ShownSection, format: FigureFormat, screen: Screen): string {
  const symbols = byNet(breakdownOf(shown, "symbol"));
  const isCut = symbols.length > symbolsMax;
  const tail = isCut ? Math.floor(symbolsMax / 3) : 0;
  const head = isCut ? symbolsMax - tail : symbols.length;
  const row = ({ key, metrics }: Breakdown): Cell[] => [
    key,
    metrics.trades.toLocaleString("en"),
    figureText(metrics, "win_rate", format).short,
    figureText(metrics, "profit_factor", format).short,
    figureText(metrics, "expectancy", format).short,
    painted(signedText(metrics.net_pnl, format.digits), metrics.net_pnl, "net_pnl"),
  ];
  const hidden = symbols.length - head - tail;
  const rows = [
    ...symbols.slice(0, head).map(row),
    ...(hidden > 0 ? [[{ text: `… ${hidden.toLocaleString("en")} more`, color: "faint" as const }]] : []),
    ...symbols.slice(symbols.length - tail).map(row),
  ];
  const right = (title: string): Column => ({ title, align: "right" });
  return renderTable(
    {
      columns: [
        { title: "symbol" },
        right("trades"),
        right("win rate"),
        right("profit factor"),
        right("expectancy"),
        right("net P&L"),
      ],
      rows,
    },
    screen,
  );
}
