import { metricDefinitions } from "../../../statistics/definitions.ts";
import type { FigureFormat } from "../format.ts";
import type { ShownSection } from "../sections.ts";
import { figureOrReason } from "./hero.ts";
import { type Html, html } from "./html.ts";
import { type Ids, term } from "./term.ts";

/** Every figure there is, those that are not defined with the reason. */
export function allFigures(shown: ShownSection, format: FigureFormat, ids: Ids): Html {
  const { whole } = shown;
  const rows = metricDefinitions
    .filter(({ name }) => whole[name] !== undefined || whole.null_reasons?.[name] !== undefined)
    .map(({ name }) => html`<div><dt>${term(name, ids)}</dt><dd>${figureOrReason(shown, name, format)}</dd></div>`);
  return html`<details class="card all"><summary><h3>All figures</h3></summary><dl>${rows}</dl></details>`;
}

/** The definitions once more, to read and to print. */
export function glossary(): Html {
  const rows = metricDefinitions.map(
    ({ title, formula, source }) => html`<div><dt>${title}</dt><dd>${formula}. <i>${source}</i></dd></div>`,
  );
  return html`<details class="card glossary"><summary><h3>Definitions</h3></summary><dl>${rows}</dl></details>`;
}
