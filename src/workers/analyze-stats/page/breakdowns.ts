import { formatDecimal, parseDecimal } from "../../../executions/decimal.ts";
import type { Breakdown, Dimension, Metrics } from "../../../statistics/body.ts";
import { countText, dayText, type FigureFormat } from "../format.ts";
import { breakdownOf, byNet, periodsOf, type ShownSection } from "../sections.ts";
import { at, type Html, html } from "./html.ts";
import { figure, type Ids, signedAmount, term } from "./term.ts";

interface Table {
  dimension: Dimension;
  title: string;
  /** `net`: the best first; `key`: as the clock and the calendar have it. */
  order: "net" | "key";
  nameOf: (key: string) => string;
  /** Said of one key alone it says nothing. */
  isOnlyForSeveral: boolean;
}

const same = (key: string): string => key;
const weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const sessionNames: Record<string, string> = { asia: "Asia", london: "London", new_york: "New York", other: "Other" };
const holdingNames: Record<string, string> = {
  under_1m: "under 1 m",
  "1m_15m": "1 m to 15 m",
  "15m_1h": "15 m to 1 h",
  "1h_4h": "1 h to 4 h",
  "4h_1d": "4 h to 1 d",
  "1d_7d": "1 d to 7 d",
  over_7d: "over 7 d",
};
const holdingOrder = Object.keys(holdingNames);

const tables: readonly Table[] = [
  { dimension: "symbol", title: "Symbols", order: "net", nameOf: same, isOnlyForSeveral: false },
  { dimension: "direction", title: "Direction", order: "net", nameOf: same, isOnlyForSeveral: false },
  {
    dimension: "weekday",
    title: "Weekday of the close",
    order: "key",
    nameOf: (key) => weekdays[Number(key) - 1] ?? key,
    isOnlyForSeveral: false,
  },
  {
    dimension: "session",
    title: "Session of the close",
    order: "net",
    nameOf: (key) => sessionNames[key] ?? key,
    isOnlyForSeveral: false,
  },
  {
    dimension: "holding_time",
    title: "Holding time",
    order: "key",
    nameOf: (key) => holdingNames[key] ?? key,
    isOnlyForSeveral: false,
  },
  { dimension: "market", title: "Market", order: "net", nameOf: same, isOnlyForSeveral: true },
  { dimension: "broker", title: "Broker", order: "net", nameOf: same, isOnlyForSeveral: true },
  { dimension: "account", title: "Account", order: "net", nameOf: same, isOnlyForSeveral: true },
];

/** Of more keys the best and the worst are shown, and the rest as one line. */
const headRows = 12;
const tailRows = 8;

export function breakdowns(
  shown: ShownSection,
  format: FigureFormat,
  ids: Ids,
  wanted: (dimension: Dimension) => boolean,
): Html[] {
  return tables.flatMap((table) => {
    const found = breakdownOf(shown, table.dimension);
    if (!wanted(table.dimension) || found.length === 0 || (table.isOnlyForSeveral && found.length === 1)) return [];
    return [html`<div class="card"><h3>${table.title}</h3>${breakdownTable(found, table, format, ids)}</div>`];
  });
}

function breakdownTable(found: readonly Breakdown[], { order, nameOf }: Table, format: FigureFormat, ids: Ids): Html {
  const sorted = order === "net" ? byNet(found) : found.toSorted((a, b) => rank(a) - rank(b));
  const scale = barScale(found.map(({ metrics }) => metrics));
  const row = ({ key, metrics }: Breakdown) => tableRow(nameOf(key), metrics, scale, format);
  const isCut = sorted.length > headRows + tailRows;
  const rows = isCut
    ? [
        ...sorted.slice(0, headRows).map(row),
        restRow(sorted.slice(headRows, -tailRows), format),
        ...sorted.slice(-tailRows).map(row),
      ]
    : sorted.map(row);
  return html`<table>${tableHead(ids)}<tbody>${rows}</tbody></table>`;
}

function rank({ dimension, key }: Breakdown): number {
  return dimension === "holding_time" ? holdingOrder.indexOf(key) : Number(key);
}

export function tableHead(ids: Ids): Html {
  return html`<thead><tr><th></th><th>${term("trades", ids, "n")}</th><th>${term("win_rate", ids, "Won")}</th><th>${term("profit_factor", ids, "PF")}</th><th class="extra">${term("expectancy", ids, "A trade")}</th><th>${term("net_pnl", ids, "Net P&L")}</th></tr></thead>`;
}

/** A rate of few trades is printed faintly: chance alone makes it. */
const fewTrades = 10;

export function tableRow(name: string, metrics: Metrics, scale: BarScale, format: FigureFormat): Html {
  const few = metrics.trades < fewTrades ? "few" : "";
  return html`<tr class="${few}"><th title="${name}">${name}</th><td>${metrics.trades.toLocaleString("en")}</td><td>${figure(metrics, "win_rate", format)}</td><td>${figure(metrics, "profit_factor", format)}</td><td class="extra">${figure(metrics, "expectancy", format, null)}</td><td class="net">${signedAmount(metrics.net_pnl, format)}${bar(Number(metrics.net_pnl), scale)}</td></tr>`;
}

/** All bars of a table go from one place, which is at the edge where all are gains or all are losses. */
interface BarScale {
  lowest: number;
  highest: number;
}

function barScale(all: readonly Metrics[]): BarScale {
  const nets = all.map(({ net_pnl }) => Number(net_pnl));
  return { lowest: Math.min(0, ...nets), highest: Math.max(0, ...nets) };
}

function bar(net: number, { lowest, highest }: BarScale): Html {
  const range = highest - lowest || 1;
  const zero = (-lowest / range) * 100;
  const length = (Math.abs(net) / range) * 100;
  const tone = net < 0 ? "loss" : "gain";
  return html`<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="4"/><rect class="${tone}" x="${at(net < 0 ? zero - length : zero)}" width="${at(length)}" height="4"/></svg>`;
}

/** What can be added up is added up. */
function restRow(rest: readonly Breakdown[], format: FigureFormat): Html {
  const trades = rest.reduce((sum, { metrics }) => sum + metrics.trades, 0);
  const net = formatDecimal(rest.reduce((sum, { metrics }) => sum + parseDecimal(metrics.net_pnl), 0n));
  return html`<tr class="rest"><th>${countText(rest.length, "other")}</th><td>${trades.toLocaleString("en")}</td><td></td><td></td><td class="extra"></td><td class="net">${signedAmount(net, format)}</td></tr>`;
}

/** Shown at once; what is older is folded. */
const monthsOpen = 12;

/** A month a row, the newest first: for all there are, and for who cannot point at the calendar. */
export function monthTable(shown: ShownSection, format: FigureFormat, ids: Ids): Html {
  const months = periodsOf(shown, "month").toReversed();
  const scale = barScale(months.map(({ metrics }) => metrics));
  const rows = months.map(({ key, metrics }) => tableRow(dayText(key), metrics, scale, format));
  const earlier = rows.slice(monthsOpen);
  const folded =
    earlier.length === 0
      ? null
      : html`<details><summary>${countText(earlier.length, "earlier month")}</summary><table>${tableHead(ids)}<tbody>${earlier}</tbody></table></details>`;
  return html`<div class="card"><h3>Months</h3><table>${tableHead(ids)}<tbody>${rows.slice(0, monthsOpen)}</tbody></table>${folded}</div>`;
}
