import { cutToWidth } from "./progress.ts";

export interface Column {
  title: string;
  /** Numbers stand right, and are never cut: a part of a number is another number. */
  align?: "left" | "right";
  /** Never cut either: an id that is cut is another id. */
  whole?: boolean;
}

/** A cell; a color is used only where the terminal has some. */
export type Cell = string | { text: string; color: "red" | "yellow" | "green" | "faint" };

export interface Table {
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
  /** Where the terminal is too narrow for all of it: the first cell of a row, and below it the others, with their titles. */
  stacks?: boolean;
}

const gap = "  ";
const cellWidthMin = 8;
const colors = { red: 31, yellow: 33, green: 32, faint: 90 } as const;
const plainColor = 39;
const bold = [1, 22] as const;

interface PlainCell {
  text: string;
  /** Select Graphic Rendition: on, off. */
  sequence: readonly [number, number] | null;
}

const noCell: PlainCell = { text: "", sequence: null };

/** Aligned columns under their titles, every line ended. The widest texts are cut when the terminal is too narrow. */
export function renderTable(table: Table, terminal: { columns: number; color: boolean }): string {
  const { columns, rows, stacks = false } = table;
  const head = columns.map(({ title }): PlainCell => ({ text: title, sequence: bold }));
  const lines = [head, ...rows.map((row) => columns.map((_, index) => plainCell(row[index])))];
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((cells) => Bun.stringWidth(cells[index]?.text ?? ""))),
  );
  const texts = columns.flatMap(({ align, whole }, index) => (align === "right" || whole ? [] : [index]));
  const available = terminal.columns - gap.length * (columns.length - 1);
  if (stacks && widths.reduce((sum, width) => sum + width, 0) > available) return renderStacked(table, terminal);
  narrow(widths, texts, available);
  return lines
    .map((cells) => {
      const placed = columns.map(({ align }, index) => {
        const { text, sequence } = cells[index] ?? noCell;
        const width = widths[index] ?? 0;
        const cut = cutToWidth(text, width);
        const blanks = " ".repeat(width - Bun.stringWidth(cut));
        const painted = terminal.color && sequence ? `\u001b[${sequence[0]}m${cut}\u001b[${sequence[1]}m` : cut;
        return align === "right" ? blanks + painted : painted + blanks;
      });
      return `${placed.join(gap).trimEnd()}\n`;
    })
    .join("");
}

function renderStacked({ columns, rows }: Table, terminal: { columns: number }): string {
  const blocks = rows.map((row) => {
    const [first, ...others] = columns.map((_, index) => plainCell(row[index]).text);
    const pairs = others.flatMap((text, index) => (text === "" ? [] : [`${columns[index + 1]?.title} ${text}`]));
    return `${columns[0]?.title} ${first}\n${wrapWords(pairs.join(", "), { columns: terminal.columns, indent: "  " })}`;
  });
  return blocks.join("");
}

/** Lines that are no wider, each indented and ended. A word that is too long for one stands alone, whole. */
export function wrapWords(text: string, { columns, indent }: { columns: number; indent: string }): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = indent;
    for (const word of paragraph.split(" ")) {
      const isFirst = line === indent;
      const longer = isFirst ? line + word : `${line} ${word}`;
      if (isFirst || Bun.stringWidth(longer) <= columns) line = longer;
      else {
        lines.push(line);
        line = indent + word;
      }
    }
    lines.push(line);
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** Takes from the widest of these columns until all fits; small ones stay whole, and a line that is still too long wraps. */
function narrow(widths: number[], candidates: readonly number[], available: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  for (; excess > 0; excess--) {
    const widest = candidates.toSorted((first, second) => (widths[second] ?? 0) - (widths[first] ?? 0))[0];
    const width = widest === undefined ? 0 : (widths[widest] ?? 0);
    if (widest === undefined || width <= cellWidthMin) return;
    widths[widest] = width - 1;
  }
}

/** One line, and nothing in it that moves a terminal's cursor. */
function plainCell(cell: Cell = ""): PlainCell {
  const { text, color } = typeof cell === "string" ? { text: cell, color: null } : cell;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
  return { text: line, sequence: color === null ? null : [colors[color], plainColor] };
}
