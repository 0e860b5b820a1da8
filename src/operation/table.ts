import { cutToWidth } from "./progress.ts";

export interface Column {
  title: string;
  /** Numbers stand right. */
  align?: "left" | "right";
}

/** A cell; a color is used only where the terminal has some. */
export type Cell = string | { text: string; color: "red" | "yellow" | "green" | "faint" };

export interface Table {
  columns: readonly Column[];
  rows: readonly (readonly Cell[])[];
}

const gap = "  ";
const cellWidthMin = 8;
const colors = { red: 31, yellow: 33, green: 32, faint: 90 } as const;

/** Aligned columns under their titles, every line ended. The widest cells are cut when the terminal is too narrow. */
export function renderTable({ columns, rows }: Table, terminal: { columns: number; color: boolean }): string {
  const texts = rows.map((row) => columns.map((_, index) => textOf(row[index])));
  const widths = columns.map(({ title }, index) =>
    Math.max(Bun.stringWidth(title), ...texts.map((row) => Bun.stringWidth(row[index] ?? ""))),
  );
  narrow(widths, terminal.columns - gap.length * (columns.length - 1));
  const line = (cells: readonly string[], paint: (text: string, index: number) => string) =>
    `${columns
      .map(({ align }, index) => {
        const width = widths[index] ?? 0;
        const text = cutToWidth(cells[index] ?? "", width);
        const blanks = " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
        const last = index === columns.length - 1;
        const painted = paint(text, index);
        return align === "right" ? `${blanks}${painted}` : last ? painted : `${painted}${blanks}`;
      })
      .join(gap)
      .trimEnd()}\n`;
  const plain = (text: string) => text;
  const bold = (text: string) => `\u001b[1m${text}\u001b[22m`;
  const head = line(
    columns.map(({ title }) => title),
    terminal.color ? bold : plain,
  );
  const body = texts.map((cells, row) =>
    line(cells, terminal.color ? (text, index) => painted(text, rows[row]?.[index]) : plain),
  );
  return head + body.join("");
}

/** Takes from the widest until all fits; small columns stay whole. */
function narrow(widths: number[], available: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) - available;
  for (; excess > 0; excess--) {
    const widest = Math.max(...widths);
    if (widest <= cellWidthMin) return;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}

/** One line, and nothing that moves a terminal's cursor. */
function textOf(cell: Cell | undefined): string {
  const text = cell === undefined ? "" : typeof cell === "string" ? cell : cell.text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

function painted(text: string, cell: Cell | undefined): string {
  if (cell === undefined || typeof cell === "string") return text;
  return `\u001b[${colors[cell.color]}m${text}\u001b[39m`;
}
