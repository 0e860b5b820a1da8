import type { User } from "../../../journal/wire.ts";
import type { Dimension, Statistics } from "../../../statistics/body.ts";
import { countText, dayText, type FigureFormat, formatOf, momentText, signedText } from "../format.ts";
import type { Shown } from "../result.ts";
import { type ShownSection, shownSections } from "../sections.ts";
import { breakdowns, monthTable } from "./breakdowns.ts";
import { calendar } from "./calendar.ts";
import { distributions } from "./distributions.ts";
import { equityChart } from "./equity-chart.ts";
import { allFigures, glossary } from "./figures.ts";
import { hero, notableTrades } from "./hero.ts";
import { type Html, html } from "./html.ts";
import { style } from "./style.ts";
import { type Ids, makeIds, minus, signedAmount } from "./term.ts";

/** Currencies with a part of their own; the others are a line each. */
const sectionsMax = 4;
/** On the left, and below it as much of when and how as makes the columns equal. */
const whatTraded = new Set<Dimension>(["symbol", "market", "broker", "account"]);

/** One file that needs nothing else, and may load nothing else: no script, no font, no picture. */
export function renderPage(user: User, shown: Shown): string {
  const sections = shownSections(shown);
  const ids = makeIds();
  const [first] = sections;
  const result =
    first === undefined
      ? ""
      : ` · ${minus(signedText(first.whole.net_pnl, formatOf(first.section, user.timezone).digits))} ${first.section.currency}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash()}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">
<title>Trading performance${result}</title><link rel="icon" href="data:,">
<style>${style}</style></head>
<body><main>
${header(user, shown.statistics, sections)}
${sections.slice(0, sectionsMax).map((section) => sectionHtml(section, user, ids, sections.length > 1))}
${others(sections.slice(sectionsMax), user)}
${sections.length === 0 ? html`<p class="card">There is no closed trade with a known P&amp;L yet.</p>` : glossary()}
${footer(user, shown.statistics)}
</main></body></html>
`;
  return page.text;
}

function styleHash(): string {
  return new Bun.CryptoHasher("sha256").update(style.text).digest("base64");
}

function header({ timezone }: User, { warnings }: Statistics, sections: readonly ShownSection[]): Html {
  const closes = sections.flatMap(({ points }) => [points.closedAtMs[0] ?? 0, points.closedAtMs.at(-1) ?? 0]);
  const day = (ms: number) => dayText(momentText(ms, timezone).slice(0, 10));
  const span =
    closes.length === 0
      ? null
      : html`<p>${day(Math.min(...closes))} to ${day(Math.max(...closes))}, by the close, times in ${timezone}</p>`;
  const links =
    sections.length < 2
      ? null
      : html`<nav>${sections.slice(0, sectionsMax).map(({ section, isTotal }, index) => html`<a href="#s${index}">${section.currency}${isTotal ? " in total" : null}</a>`)}</nav>`;
  return html`<header><h1>Trading performance</h1>${span}${links}${warnings.map(({ message }) => html`<p class="warning">${message}.</p>`)}</header>`;
}

function sectionHtml(shown: ShownSection, user: User, ids: Ids, isNamed: boolean): Html {
  const { section, isTotal } = shown;
  const format = formatOf(section, user.timezone);
  const start =
    section.currency === user.base_currency && Number(user.starting_balance ?? 0) > 0
      ? (user.starting_balance ?? null)
      : null;
  const title = isNamed
    ? html`<h2>${section.currency}${isTotal ? html` <small>all currencies together</small>` : null}</h2>`
    : null;
  return html`<section id="s${ids.section()}">${title}
${hero(shown, format, ids)}
${equityChart(shown, start, format, ids)}
${calendar(shown, format)}
<div class="grid">${distributions(shown, format)}</div>
${halves(shown, user, format, ids)}
${monthTable(shown, format, ids)}
${allFigures(shown, format, ids)}
</section>`;
}

function halves(shown: ShownSection, user: User, format: FigureFormat, ids: Ids): Html {
  const left = breakdowns(shown, format, ids, (dimension) => whatTraded.has(dimension));
  const right: Html[] = [];
  const others = breakdowns(shown, format, ids, (dimension) => !whatTraded.has(dimension));
  const notable = notableTrades(shown, user, format);
  for (const card of notable === null ? others : [...others, notable]) {
    (height(left) < height(right) ? left : right).push(card);
  }
  return html`<div class="halves"><div>${left}</div><div>${right}</div></div>`;
}

/** In rows of a table, about. */
function height(cards: readonly Html[]): number {
  return cards.reduce((sum, { text }) => sum + text.split("<tr").length + cardRows, 0);
}

/** What a card's title and edges take. */
const cardRows = 2;

function others(sections: readonly ShownSection[], user: User): Html | null {
  if (sections.length === 0) return null;
  const rows = sections.map(
    ({ section, whole }) =>
      html`<tr><th>${section.currency}</th><td>${countText(whole.trades, "trade")}</td><td class="net">${signedAmount(whole.net_pnl, formatOf(section, user.timezone))}</td></tr>`,
  );
  return html`<section><div class="card"><h3>Other currencies</h3><table><tbody>${rows}</tbody></table></div></section>`;
}

function footer({ user_id, timezone }: User, { computed_at, engine_version }: Statistics): Html {
  return html`<footer>User ${user_id}. Computed ${momentText(Date.parse(computed_at), timezone)} by ami-workers ${engine_version}. Amounts are rounded for reading; pointing at one shows all its digits. Past results say little about future ones, and few trades say little at all: look at n.</footer>`;
}
