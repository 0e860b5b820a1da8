import type { Period } from "../../../statistics/body.ts";
import { dayOf, weekdayOf } from "../../../statistics/days.ts";
import { countText, dayText, type FigureFormat, signedText } from "../format.ts";
import { periodsOf, type ShownSection } from "../sections.ts";
import { type Html, html } from "./html.ts";
import { minus, signedAmount, toneOfAmount } from "./term.ts";

/** Shown at once, and in all: what is older stands in the table of months. */
const monthsOpen = 12;
const monthsMax = 60;
const shades = 4;

/** A month a card, the newest first; a day's color says how much, the line below says what is under the pointer. */
export function calendar(shown: ShownSection, format: FigureFormat): Html {
  const months = periodsOf(shown, "month").toReversed().slice(0, monthsMax);
  const days = Map.groupBy(periodsOf(shown, "day"), ({ key }) => key.slice(0, 7));
  const scale = shadeScale(periodsOf(shown, "day"));
  const cards = months.map((month) => monthCard(month, days.get(month.key) ?? [], scale, format));
  const earlier = cards.slice(monthsOpen);
  return html`<div class="card"><h3>Daily results</h3><div class="months">${cards.slice(0, monthsOpen)}</div>${
    earlier.length === 0
      ? null
      : html`<details><summary>${countText(earlier.length, "earlier month")}</summary><div class="months">${earlier}</div></details>`
  }</div>`;
}

/** The day that divides the strongest tenth from the rest is the darkest shade, so that one wild day does not bleach all others. */
function shadeScale(days: readonly Period[]): number {
  const sizes = days.map(({ metrics }) => Math.abs(Number(metrics.net_pnl))).sort((a, b) => a - b);
  return sizes[Math.floor((sizes.length - 1) * 0.9)] || 1;
}

function monthCard(month: Period, days: readonly Period[], scale: number, format: FigureFormat): Html {
  const [year = 0, number = 1] = month.key.split("-").map(Number);
  const first = dayOf(year, number, 1);
  const length = dayOf(number === 12 ? year + 1 : year, number === 12 ? 1 : number + 1, 1) - first;
  const byDate = new Map(days.map((day) => [Number(day.key.slice(8)), day]));
  const cells = Array.from({ length }, (_, index) => dayCell(index + 1, byDate.get(index + 1), scale, format));
  const { trades, net_pnl } = month.metrics;
  return html`<div class="month"><h4>${dayText(month.key)}</h4><div class="days o${weekdayOf(first)}">${cells}</div><p class="read">${signedAmount(net_pnl, format)} <span class="more">${countText(trades, "trade")}</span></p></div>`;
}

function dayCell(date: number, day: Period | undefined, scale: number, { digits, currency }: FigureFormat): Html {
  if (day === undefined) return html`<i></i>`;
  const { net_pnl, trades, wins } = day.metrics;
  const share = Math.min(1, Math.abs(Number(net_pnl)) / scale);
  const tone = toneOfAmount(net_pnl);
  const shade = tone === null ? "z" : `${tone[0]}${Math.max(1, Math.ceil(Math.sqrt(share) * shades))}`;
  return html`<i class="${shade}" title="${net_pnl} ${currency}"><b>${date}: <span class="num ${tone ?? ""}">${minus(signedText(net_pnl, digits))}</span> <span class="more">${countText(trades, "trade")}, ${wins} won</span></b></i>`;
}
