/** Text that is HTML already: whatever else stands in a template is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlPart = Html | string | number | null | readonly HtmlPart[];

/** A template whose values are escaped, in text and in quoted attributes alike; lists are joined, null is nothing. */
export function html(strings: TemplateStringsArray, ...values: HtmlPart[]): Html {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += partText(value) + (strings[index + 1] ?? "");
  });
  return new Html(text);
}

function partText(value: HtmlPart): string {
  if (value === null) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "object") return value.map(partText).join("");
  return escapeHtml(String(value));
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text: string): string {
  return text.replace(forbidden, "\ufffd").replace(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** Control characters are no part of HTML. */
const forbidden = /(?![\t\n\r])\p{Cc}/gu;

/** A number of a drawing: a tenth of a unit is finer than any screen. */
export function at(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  return Object.is(rounded, -0) ? "0" : String(rounded);
}
