import { at, type Html, html } from "./html.ts";

export interface Column {
  /** Under the pointer. */
  text: string;
  /** Below the axis where it is negative. */
  value: number;
  tone: "gain" | "loss" | "plain";
  /** Below; null: none. */
  label: string | null;
}

/** Where a label stands below its column: at its border where the column is from there on or up to there. */
export type LabelPlace = "start" | "middle" | "end";

const width = 400;
const top = 22;
const height = 150;
const foot = 18;

/** Columns side by side, up and down from a line at nothing. Drawn in proportion, so that its texts stay legible on a phone. */
export function histogram(columns: readonly Column[], name: string, place: LabelPlace): Html {
  const highest = Math.max(0, ...columns.map(({ value }) => value));
  const lowest = Math.min(0, ...columns.map(({ value }) => value));
  const range = highest - lowest || 1;
  const zero = top + (highest / range) * height;
  const each = width / Math.max(1, columns.length);
  const bars = columns.map(({ text, value, tone, label }, index) => {
    const size = (Math.abs(value) / range) * height;
    const x = index * each;
    const labelX = x + each * { start: 0, middle: 0.5, end: 1 }[place];
    // At least a hair, so that something is seen where there is something.
    const drawn = value === 0 ? 0 : Math.max(1, size);
    const shape = html`<rect class="${tone}" x="${at(x + each * 0.08)}" y="${at(value > 0 ? zero - drawn : zero)}" width="${at(each * 0.84)}" height="${at(drawn)}"/>`;
    const under =
      label === null
        ? null
        : html`<text class="label" x="${at(labelX)}" y="${top + height + foot - 4}">${label}</text>`;
    return html`<g><rect class="hit" x="${at(x)}" width="${at(each)}" height="${top + height}"/>${shape}${under}<text class="tiptext" y="13">${text}</text></g>`;
  });
  return html`<svg class="bars" viewBox="0 0 ${width} ${top + height + foot}" role="img" aria-label="${name}"><path class="zero" d="M0 ${at(zero)}H${width}"/>${bars}</svg>`;
}
