import type { User } from "../../../journal/wire.ts";
import type { MetricName, Metrics } from "../../../statistics/body.ts";
import type { NotableTrade } from "../extremes.ts";
import { countText, dayText, type FigureFormat, figureText, momentText, percentText, signedText } from "../format.ts";
import type { ShownSection } from "../sections.ts";
import { at, type Html, html } from "./html.ts";
import { figure, figureHtml, type Ids, minus, signedAmount, term, toneOfAmount } from "./term.ts";

/** What everybody asks first: how much, of how many trades, and the eight figures that say how. */
export function hero(shown: ShownSection, format: FigureFormat, ids: Ids): Html {
  const { whole } = shown;
  const { currency, digits } = format;
  return html`<div class="card hero"><div class="total"><p class="label">${term("net_pnl", ids)}</p><p class="big ${toneOfAmount(whole.net_pnl) ?? ""}" title="${whole.net_pnl} ${currency}">${minus(signedText(whole.net_pnl, digits))} <small>${currency}</small></p>${costs(shown, format, ids)}</div>${outcomes(shown, ids)}</div>
<div class="tiles">${tiles(shown).map(([name, caption]) => html`<div class="tile"><p class="label">${term(name, ids)}</p><p class="value">${figure(whole, name, format)}</p><p class="caption">${caption(format)}</p></div>`)}</div>`;
}

function costs({ whole }: ShownSection, format: FigureFormat, ids: Ids): Html | null {
  if (whole.gross_pnl === undefined) return null;
  return html`<p class="caption">${term("gross_pnl", ids, "gross")} ${figure(whole, "gross_pnl", format)}, ${term("fees", ids, "fees")} ${figure(whole, "fees", format)}, ${term("funding", ids, "funding")} ${figure(whole, "funding", format)}</p>`;
}

/** One bar of all trades: won, even, lost. */
function outcomes({ whole }: ShownSection, ids: Ids): Html {
  const { trades, wins, losses, breakevens } = whole;
  const part = (count: number) => (count / Math.max(1, trades)) * 100;
  const even =
    breakevens === 0
      ? null
      : html`<span>${term("breakevens", ids, "even")} <b>${breakevens.toLocaleString("en")}</b></span>`;
  return html`<div class="outcomes"><p class="label">${term("trades", ids)} <b>${trades.toLocaleString("en")}</b></p><svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/><rect class="gain" width="${at(part(wins))}" height="10"/><rect class="loss" x="${at(100 - part(losses))}" width="${at(part(losses))}" height="10"/></svg><p class="caption split"><span>${term("wins", ids, "won")} <b>${wins.toLocaleString("en")}</b></span>${even}<span>${term("losses", ids, "lost")} <b>${losses.toLocaleString("en")}</b></span></p></div>`;
}

type Tile = [name: MetricName, caption: (format: FigureFormat) => string];

/** Each with its n, or with what it is made of. */
function tiles({ whole }: ShownSection): Tile[] {
  const { trades, wins, r_trades = 0, trading_days = 0, return_basis, annualisation_days } = whole;
  const n = `n ${trades.toLocaleString("en")}`;
  const text = (name: MetricName, format: FigureFormat) => minus(figureText(whole, name, format).short);
  const series = `${countText(trading_days, "trading day")}, ${return_basis === "equity" ? "daily returns" : "daily P&L"}, ${annualisation_days} a year`;
  return [
    ["win_rate", () => `${wins.toLocaleString("en")} of ${trades.toLocaleString("en")}`],
    ["profit_factor", (format) => `${text("gross_profit", format)} won, ${text("gross_loss", format)} lost`],
    [
      "expectancy",
      (format) =>
        r_trades > 0 ? `${n}; ${text("expectancy_r", format)}, n ${r_trades.toLocaleString("en")}` : `a trade, ${n}`,
    ],
    ["payoff_ratio", (format) => `${text("average_win", format)} won, ${text("average_loss", format)} lost on average`],
    ["max_drawdown", (format) => `${fallText(whole, format)}, ${n}`],
    ["sharpe_ratio", () => series],
    ["recovery_factor", () => `net P&L / max drawdown, ${n}`],
    [
      "longest_loss_streak",
      (format) => `lost ${text("longest_loss_streak_pnl", format)}; ${text("longest_win_streak", format)} won in a row`,
    ],
  ];
}

/** The deepest in money and the deepest in percent are often two. */
function fallText(whole: Metrics, format: FigureFormat): string {
  const { max_drawdown_pct: deepest, max_drawdown_pct_at_max: ofPeak } = whole;
  if (deepest === undefined || ofPeak === undefined)
    return figureText(whole, "max_drawdown_pct", format).reason ?? "in money";
  return `${percentText(ofPeak)} of its peak${deepest === ofPeak ? "" : `; in percent ${percentText(deepest)}`}`;
}

export function notableTrades({ points }: ShownSection, user: User, format: FigureFormat): Html | null {
  if (points.best.length + points.worst.length === 0) return null;
  const row = ({ symbol, direction, openedAtMs, closedAtMs, net }: NotableTrade) =>
    html`<tr><th title="${symbol}">${symbol} <small>${direction}</small></th><td title="${momentText(openedAtMs, user.timezone)} to ${momentText(closedAtMs, user.timezone)}">${dayText(momentText(closedAtMs, user.timezone).slice(0, 10))}</td><td class="net">${signedAmount(net, format)}</td></tr>`;
  const table = (title: string, trades: readonly NotableTrade[]) =>
    trades.length === 0 ? null : html`<div><h4>${title}</h4><table><tbody>${trades.map(row)}</tbody></table></div>`;
  return html`<div class="card"><h3>Trades that stand out</h3><div class="pair">${table("Best", points.best)}${table("Worst", points.worst)}</div></div>`;
}

/** A reason instead of a dash where there is room for it. */
export function figureOrReason(shown: ShownSection, name: MetricName, format: FigureFormat): Html {
  const text = figureText(shown.whole, name, format);
  return text.reason === null
    ? figure(shown.whole, name, format)
    : figureHtml({ ...text, short: text.reason, exact: null });
}
