import type { Layout } from "./dialect.ts";
import { shorten } from "./report.ts";
import type { SectionTitle } from "./titled-sections.ts";

/** Tables that stand one below the other, each with its header; goes over the rows from first to last. */
export class StackedSections {
  title: SectionTitle | null;
  readonly #headerHas: ReadonlySet<string>;
  readonly #controls: ReadonlySet<string>;

  constructor({ headerHas, controls }: Extract<Layout, { kind: "stacked" }>, title: SectionTitle | null) {
    this.title = title;
    this.#headerHas = new Set(headerHas);
    this.#controls = new Set(controls);
  }

  /** What a row is that is not blank. */
  take(cells: readonly string[]): "control" | "header" | "row" {
    const first = cells[0]?.trim() ?? "";
    if (this.#controls.has(first)) {
      if (first === "BOS")
        this.title = { name: (cells[2] ?? cells[1] ?? "").split(";")[0]?.trim() ?? "", header: null };
      return "control";
    }
    return cells.some((cell) => this.#headerHas.has(cell.trim())) ? "header" : "row";
  }

  /** Of rows of a table that is not wanted. */
  get reason(): string {
    return this.title === null ? "a row of another section" : `section ${shorten(this.title.name)}`;
  }
}
