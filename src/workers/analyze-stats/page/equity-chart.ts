import { type EquityCourse, equityCourse } from "../equity.ts";
import { amountText, countText, dayText, type FigureFormat, momentText, percentText, signedText } from "../format.ts";
import { periodsOf, type ShownSection } from "../sections.ts";
import { type Axis, niceAxis, tickText } from "./axis.ts";
import { type Band, type Bands, bandsOf, sumTexts } from "./bands.ts";
import { at, type Html, html } from "./html.ts";
import { type Ids, minus, term, toneOfAmount } from "./term.ts";

/** What can be pointed at: on a phone two pixels each. */
const bandsMax = 180;
/** Units of the drawings, which are stretched to their place. */
const width = 1_000;
const equityHeight = 280;
const drawdownHeight = 80;
const datesShown = 5;

interface Frame {
  bands: Bands;
  course: EquityCourse;
  /** Null: not known, the curve is of the P&L alone. */
  startText: string | null;
  format: FigureFormat;
}

/** Equity and drawdown one above the other, with a line that says what is under the pointer. */
export function equityChart(shown: ShownSection, startText: string | null, format: FigureFormat, ids: Ids): Html {
  const { whole, points } = shown;
  const bands = bandsOf(periodsOf(shown, "day"), whole.net_pnl, bandsMax);
  const course = equityCourse(points, startText === null ? 0 : Number(startText));
  const frame: Frame = { bands, course, startText, format };
  const equity = niceAxis(...extentOf(course.equity), 4);
  const isFraction = startText !== null && course.equity.every((value) => value > 0);
  const falls = isFraction ? fractionsOf(course) : course.drawdown;
  const drawdown = niceAxis(Math.min(extentOf(falls)[0], isFraction ? -0.001 : -1e-8), 0, 2);
  const fallText = (value: number) =>
    isFraction ? `${tickText(value * 100, { ...drawdown, step: drawdown.step * 100 })}%` : tickText(value, drawdown);
  return html`<figure class="card chart">
<figcaption><h3>${startText === null ? "Net P&L, summed up" : "Balance"}</h3>${deepest(shown, format, ids)}</figcaption>
<div class="plot">
<div class="draw">${equityDrawing(frame, equity, shown, ids)}<span class="part">${isFraction ? "Drawdown, % of the peak" : "Drawdown"}</span>${drawdownDrawing(frame, falls, drawdown)}
<div class="bands">${bands.list.map((band) => bandHtml(band, frame))}</div>
<p class="read">${lastText(frame)}</p></div>
<div class="ticks"><div class="t1">${equity.ticks.toReversed().map((tick) => html`<span>${tickText(tick, equity)}</span>`)}</div><div class="t2">${drawdown.ticks.toReversed().map((tick) => html`<span>${fallText(tick)}</span>`)}</div></div>
<div class="dates">${datesOf(frame)}</div>
</div></figure>`;
}

function extentOf(values: Float64Array): [lowest: number, highest: number] {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

function fractionsOf({ equity, drawdown }: EquityCourse): Float64Array {
  return drawdown.map((fall, index) => fall / ((equity[index] as number) - fall));
}

function equityDrawing(frame: Frame, axis: Axis, shown: ShownSection, ids: Ids): Html {
  const { bands, course } = frame;
  const [above, below] = [ids.next(), ids.next()];
  const y = (value: number) => ((axis.max - value) / (axis.max - axis.min)) * equityHeight;
  const line = pathOf(course.atMs, course.equity, bands, y);
  const start = y(course.equity[0] ?? 0);
  const lines = axis.ticks.map((tick) => `M0 ${at(y(tick))}H${width}`).join("");
  const area = `${line}V${at(start)}H0Z`;
  return html`<svg class="equity" viewBox="0 0 ${width} ${equityHeight}" preserveAspectRatio="none" role="img" aria-label="Equity curve">
<path class="grid" d="${lines}"/>${deepestSpan(shown, bands)}
<clipPath id="${above}"><rect width="${width}" height="${at(start)}"/></clipPath><clipPath id="${below}"><rect y="${at(start)}" width="${width}" height="${at(equityHeight - start)}"/></clipPath>
<path class="above" clip-path="url(#${above})" d="${area}"/><path class="below" clip-path="url(#${below})" d="${area}"/>
<path class="zero" d="M0 ${at(start)}H${width}"/><path class="line" d="${line}"/></svg>`;
}

function drawdownDrawing({ bands, course }: Frame, falls: Float64Array, axis: Axis): Html {
  const y = (value: number) => ((axis.max - value) / (axis.max - axis.min)) * drawdownHeight;
  const line = pathOf(course.atMs, falls, bands, y);
  const lines = axis.ticks.map((tick) => `M0 ${at(y(tick))}H${width}`).join("");
  return html`<svg class="drawdown" viewBox="0 0 ${width} ${drawdownHeight}" preserveAspectRatio="none" role="img" aria-label="Drawdown"><path class="grid" d="${lines}"/><path class="fall" d="${line}V0H0Z"/><path class="fall-line" d="${line}"/></svg>`;
}

function xOf(ms: number, { startMs, endMs }: Bands): number {
  return Math.min(1, Math.max(0, (ms - startMs) / (endMs - startMs))) * width;
}

/**
 * A line in steps, since equity stands still between two closes. Of what falls on one column only the first, the highest, the lowest and
 * the last are drawn, which looks the same and is bounded whatever the number of trades.
 */
function pathOf(atMs: Float64Array, values: Float64Array, bands: Bands, y: (value: number) => number): string {
  let path = `M0 ${at(y(values[0] ?? 0))}`;
  for (let index = 1; index < atMs.length; ) {
    const column = Math.round(xOf(atMs[index] as number, bands));
    let [lowest, highest, end] = [index, index, index];
    for (; end < atMs.length && Math.round(xOf(atMs[end] as number, bands)) === column; end++) {
      if ((values[end] as number) < (values[lowest] as number)) lowest = end;
      if ((values[end] as number) > (values[highest] as number)) highest = end;
    }
    path += `H${column}`;
    const drawn = new Set([index, Math.min(lowest, highest), Math.max(lowest, highest), end - 1]);
    for (const row of drawn) path += `V${at(y(values[row] as number))}`;
    index = end;
  }
  return `${path}H${width}`;
}

/** From the peak to where it was regained, or to the end. */
function deepestSpan({ whole }: ShownSection, bands: Bands): Html | null {
  const { max_drawdown_peak_at: peak, max_drawdown_recovered_at: recovered } = whole;
  if (peak === undefined) return null;
  const from = xOf(Date.parse(peak), bands);
  const to = recovered === undefined ? width : xOf(Date.parse(recovered), bands);
  return html`<rect class="span" x="${at(from)}" width="${at(Math.max(1, to - from))}" height="${equityHeight}"/>`;
}

function deepest({ whole }: ShownSection, format: FigureFormat, ids: Ids): Html | null {
  const { max_drawdown_peak_at: peak, max_drawdown_trough_at: trough, max_drawdown_recovered_at: recovered } = whole;
  if (peak === undefined || trough === undefined || whole.max_drawdown === undefined) return null;
  const day = (instant: string) => dayText(momentText(Date.parse(instant), format.zone).slice(0, 10));
  const end = recovered === undefined ? "not recovered yet" : `recovered ${day(recovered)}`;
  const share = whole.max_drawdown_pct_at_max === undefined ? "" : ` (${percentText(whole.max_drawdown_pct_at_max)})`;
  return html`<p class="note"><i class="key"></i>${term("max_drawdown", ids, "Deepest drawdown")} <b title="${whole.max_drawdown} ${format.currency}">${amountText(whole.max_drawdown, format.digits)}${share}</b>, ${day(peak)} to ${day(trough)}, ${end}</p>`;
}

function bandHtml(band: Band, frame: Frame): Html {
  return html`<i title="${equityOf(band, frame)} ${frame.format.currency}"><b>${bandText(band, frame)}</b></i>`;
}

function equityOf({ total }: Band, { startText }: Frame): string {
  return startText === null ? total : sumTexts(startText, total);
}

function bandText(band: Band, frame: Frame): Html {
  const { firstKey, lastKey, net, trades } = band;
  const { digits } = frame.format;
  const days = spanText(firstKey, lastKey);
  return html`${days} <em>${minus(amountText(equityOf(band, frame), digits))}</em> <span class="${toneOfAmount(net) ?? ""}">${minus(signedText(net, digits))}</span> ${countText(trades, "trade")}`;
}

/** `13 – 15 Jul 2026`: what both days have in common is said once. */
function spanText(first: string, last: string): string {
  if (first === last) return dayText(first);
  const words = dayText(first).split(" ");
  const isSameMonth = first.slice(0, 7) === last.slice(0, 7);
  const isSameYear = first.slice(0, 4) === last.slice(0, 4);
  return `${words.slice(0, isSameMonth ? 1 : isSameYear ? 2 : 3).join(" ")} – ${dayText(last)}`;
}

function lastText(frame: Frame): Html | null {
  const last = frame.bands.list.at(-1);
  return last === undefined ? null : bandText(last, frame);
}

function datesOf({ bands }: Frame): Html[] {
  const { list } = bands;
  const count = Math.min(datesShown, list.length);
  return Array.from({ length: count }, (_, index) => {
    const place = count === 1 ? 0 : Math.round((index * (list.length - 1)) / (count - 1));
    const band = list[place];
    return html`<span>${band === undefined ? "" : dayText(index === count - 1 ? band.lastKey : band.firstKey)}</span>`;
  });
}
