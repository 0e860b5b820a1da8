import { type FigureFormat, signedText } from "../format.ts";
import type { SectionPoints } from "../points.ts";
import { breakdownOf, type ShownSection } from "../sections.ts";
import { niceAxis } from "./axis.ts";
import { type Column, histogram } from "./histogram.ts";
import { type Html, html } from "./html.ts";
import { minus, toneOfAmount } from "./term.ts";

const columnsMax = 24;
/** What is outside stands in the outermost columns: one wild trade must not squeeze all others into one. */
const tailShare = 0.01;
/** Labels below a histogram of many columns. */
const labelsShown = 5;

export function distributions(shown: ShownSection, format: FigureFormat): Html {
  const { points, whole } = shown;
  const risk = points.multiple.filter((multiple) => !Number.isNaN(multiple));
  return html`<div class="card"><h3>Net P&amp;L of a trade</h3>${amountHistogram(points.net, format)}</div>
<div class="card"><h3>Holding time</h3>${holdingHistogram(points)}</div>
${risk.length === 0 ? null : html`<div class="card"><h3>R of a trade <small>n ${(whole.r_trades ?? 0).toLocaleString("en")}</small></h3>${riskHistogram(risk)}</div>`}
<div class="card"><h3>Net P&amp;L by hour of the close</h3>${hourColumns(shown, format)}</div>`;
}

function amountHistogram(net: Float64Array, { currency }: FigureFormat): Html {
  const columns = binned(net, ` ${currency}`);
  return histogram(columns, "Distribution of the net P&L of a trade", "start");
}

function riskHistogram(multiples: Float64Array): Html {
  const columns = binned(multiples, " R");
  return histogram(columns, "Distribution of R", "start");
}

/** Columns of equal width with a border at nothing. */
function binned(values: Float64Array, unit: string): Column[] {
  const sorted = values.toSorted();
  const quantile = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
  const isLong = sorted.length > 1 / tailShare;
  const { min, max, step } = niceAxis(
    Math.min(0, isLong ? quantile(tailShare) : quantile(0)),
    Math.max(0, isLong ? quantile(1 - tailShare) : quantile(1)),
    columnsMax,
  );
  const count = Math.max(1, Math.round((max - min) / step));
  const counts = new Array<number>(count).fill(0);
  for (const value of values) {
    const column = Math.min(count - 1, Math.max(0, Math.floor((value - min) / step)));
    counts[column] = (counts[column] ?? 0) + 1;
  }
  const places = Math.max(0, 1 - Math.floor(Math.log10(step)));
  const every = Math.ceil(count / labelsShown);
  const zeroColumn = Math.round(-min / step);
  const textOf = (value: number) => minus(value.toLocaleString("en", { maximumFractionDigits: places }));
  return counts.map((trades, column) => {
    const [from, to] = [min + column * step, min + (column + 1) * step];
    const isFirst = column === 0 && quantile(0) < min;
    const isLast = column === count - 1 && quantile(1) > max;
    const span = isFirst
      ? `below ${textOf(to)}`
      : isLast
        ? `${textOf(from)} and more`
        : `${textOf(from)} to ${textOf(to)}`;
    return {
      value: trades,
      text: `${span}${unit}: ${shareText(trades, values.length)}`,
      tone: to <= 0 ? "loss" : "gain",
      label: (column - zeroColumn) % every === 0 ? textOf(from) : null,
    };
  });
}

function shareText(trades: number, of: number): string {
  const share = of === 0 ? 0 : (trades / of) * 100;
  return `${trades.toLocaleString("en")} of ${of.toLocaleString("en")} (${share.toFixed(1)}%)`;
}

const holdingColumns = [
  { below: 60, label: "1 m" },
  { below: 300, label: "5 m" },
  { below: 900, label: "15 m" },
  { below: 3_600, label: "1 h" },
  { below: 14_400, label: "4 h" },
  { below: 43_200, label: "12 h" },
  { below: 86_400, label: "1 d" },
  { below: 259_200, label: "3 d" },
  { below: 604_800, label: "7 d" },
  { below: 2_592_000, label: "30 d" },
  { below: Number.POSITIVE_INFINITY, label: "more" },
];

/** Each column up to its label. */
function holdingHistogram({ count, openedAtMs, closedAtMs }: SectionPoints): Html {
  const counts = holdingColumns.map(() => 0);
  for (let row = 0; row < count; row++) {
    const seconds = ((closedAtMs[row] as number) - (openedAtMs[row] as number)) / 1_000;
    const column = holdingColumns.findIndex(({ below }) => seconds < below);
    counts[column] = (counts[column] ?? 0) + 1;
  }
  const columns = holdingColumns.map(({ label }, index): Column => {
    const before = holdingColumns[index - 1]?.label;
    const span =
      before === undefined ? `under ${label}` : label === "more" ? `${before} and more` : `${before} to ${label}`;
    const trades = counts[index] ?? 0;
    return {
      value: trades,
      text: `${span}: ${shareText(trades, count)}`,
      tone: "plain",
      label: label === "more" ? null : label,
    };
  });
  return histogram(columns, "Distribution of holding times", "end");
}

const labelledHours = 4;

function hourColumns(shown: ShownSection, { digits, currency }: FigureFormat): Html {
  const byHour = new Map(breakdownOf(shown, "hour").map(({ key, metrics }) => [Number(key), metrics]));
  const columns = Array.from({ length: 24 }, (_, hour): Column => {
    const metrics = byHour.get(hour);
    const net = metrics?.net_pnl ?? "0";
    const clock = String(hour).padStart(2, "0");
    const text =
      metrics === undefined ? "no trade" : `${minus(signedText(net, digits))} ${currency}, n ${metrics.trades}`;
    return {
      value: Number(net),
      text: `${clock}:00 to ${clock}:59: ${text}`,
      tone: toneOfAmount(net) ?? "plain",
      label: hour % labelledHours === 0 ? clock : null,
    };
  });
  return histogram(columns, "Net P&L by hour of the close", "middle");
}
