import type { MetricName, Metrics } from "../../../statistics/body.ts";
import { definitionOf } from "../../../statistics/definitions.ts";
import { type FigureFormat, type FigureText, figureText, signedText } from "../format.ts";
import { type Html, html } from "./html.ts";

/** Names on one page. */
export interface Ids {
  next: () => string;
  /** From 0. */
  section: () => number;
}

export function makeIds(): Ids {
  let count = 0;
  let sections = 0;
  return { next: () => `d${++count}`, section: () => sections++ };
}

/** A figure's name with its definition: on hover, on focus, and as a panel on a press, which is how a finger asks. */
export function term(name: MetricName, ids: Ids, label?: string): Html {
  const { title, formula, source } = definitionOf(name);
  const id = ids.next();
  return html`<span class="def"><button type="button" popovertarget="${id}">${label ?? title}</button><span class="tip" popover id="${id}"><b>${title}</b>${formula}.<i>${source}</i></span></span>`;
}

/** A figure with all its digits on hover, or the reason why there is none. */
export function figure(
  metrics: Metrics,
  name: MetricName,
  format: FigureFormat,
  tone: Tone | null = toneOf(name, metrics[name]),
): Html {
  return figureHtml(figureText(metrics, name, format), tone);
}

export function figureHtml({ short, exact, reason }: FigureText, tone: Tone | null = null): Html {
  const more = reason ?? exact;
  const title = more === null ? null : html` title="${more}"`;
  const kind = reason === null ? (tone ?? "") : "none";
  return html`<span class="num ${kind}"${title}>${minus(short)}</span>`;
}

export type Tone = "gain" | "loss";

/** Figures whose sign says whether it was good. */
const signed = new Set<MetricName>([
  "net_pnl",
  "gross_pnl",
  "expectancy",
  "expectancy_r",
  "average_daily_pnl",
  "best_day_pnl",
  "worst_day_pnl",
  "longest_win_streak_pnl",
  "longest_loss_streak_pnl",
  "cagr",
]);

function toneOf(name: MetricName, value: unknown): Tone | null {
  return signed.has(name) ? toneOfAmount(String(value)) : null;
}

export function toneOfAmount(text: string): Tone | null {
  const number = Number(text);
  return number > 0 ? "gain" : number < 0 ? "loss" : null;
}

/** A minus as wide as a plus. */
export function minus(text: string): string {
  return text.replace(/^-/, "−");
}

/** An amount with its sign, all its digits on hover. */
export function signedAmount(text: string, { digits, currency }: FigureFormat): Html {
  return figureHtml(
    { short: signedText(text, digits), exact: `${text} ${currency}`, reason: null },
    toneOfAmount(text),
  );
}
