import type { Random } from "../../venues/random.ts";
import type { TextMutation } from "./mutate-texts.ts";

const tags = [
  ...[
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "</table>",
    "<table>",
    "</html>",
    "<html>",
    "<br>",
    "<div>",
    "</div>",
    "<title>",
  ],
  ...[
    "<script>",
    "</script>",
    "<style>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml ",
    "<",
    ">",
    "&",
    "<td colspan=",
    "<td/>",
  ],
  ...[
    '<td colspan="999999999">',
    '<td colspan="-1">',
    '<td class="hidden">',
    '<td title="',
    '<meta name="generator" content="x">',
  ],
  ...[
    "&lt;",
    "&#0;",
    "&#x110000;",
    "&nbsp;",
    "&notanentity;",
    "&#99999999999;",
    "<c r='ZZZ1048577'><v>1</v></c>",
    "<row r='0'>",
  ],
];

/** Of HTML, and of the XML in a workbook. */
export const pageMutations: Record<string, TextMutation> = {
  "a tag put in": (text, random) => insert(text, random, random.pick(tags)),
  "many tags put in": (text, random) => {
    let changed = text;
    for (let times = random.integer(2, 12); times > 0; times--) changed = insert(changed, random, random.pick(tags));
    return changed;
  },
  "a script put in": (text, random) =>
    insert(
      text,
      random,
      `<script>document.write("<tr><td>${"1".repeat(random.integer(1, 2_000))}</td></tr>")</script>`,
    ),
  "a tag removed": (text, random) => withoutOne(text, random, /<[^>]{0,200}>/g),
  "closing tags removed": (text, random) =>
    text.replaceAll(random.pick(["</tr>", "</td>", "</c>", "</row>", "</si>", "</v>"]), ""),
  "nested deeply": (text, random) => {
    const tag = random.pick(["div", "table", "tr", "td", "b", "row", "c", "si"]);
    const depth = random.pick([50, 499, 501, 5_000, 60_000]);
    return insert(text, random, `<${tag}>`.repeat(depth) + (random.chance(0.5) ? `</${tag}>`.repeat(depth) : ""));
  },
  "tables in tables": (text, random) => insert(text, random, "<table><tr><td>".repeat(random.integer(1, 120))),
  "a long attribute": (text, random) => insert(text, random, `<td title="${"é".repeat(random.integer(1, 200_000))}">`),
  "entities of its own": (text, random) => insert(text, random, lol),
  "an attribute changed": (text, random) =>
    text.replace(/(\s(?:r|s|t|colspan|class)=)"([^"]*)"/g, (whole, name: string, value: string) =>
      random.chance(0.03)
        ? `${name}"${random.pick(["", "-1", "s", "n", "e", "99999999999", "A0", "XFE1", "1.5", value + value])}"`
        : whole,
    ),
  "spaces in numbers": (text) => text.replaceAll(/(\d)(?=\d{3}\.\d)/g, "$1&nbsp;"),
};

const lol = `<!DOCTYPE lol [<!ENTITY a "${"lol".repeat(50)}">${Array.from(
  { length: 9 },
  (_, level) => `<!ENTITY ${"bcdefghij"[level]} "${`&${"abcdefghi"[level]};`.repeat(10)}">`,
).join("")}]><td>&j;</td>`;

function insert(text: string, random: Random, piece: string): string {
  const at = random.integer(0, text.length);
  return text.slice(0, at) + piece + text.slice(at);
}

function withoutOne(text: string, random: Random, pattern: RegExp): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: whole, index } = random.pick(found);
  return text.slice(0, index) + text.slice(index + whole.length);
}
