import { shorten } from "./report.ts";

/** A section of a statement, and its header where it has begun. */
export interface SectionTitle {
  name: string;
  header: readonly string[] | null;
}

type RowOfSections = "title" | "header" | "wanted header" | "wanted" | "other";

/**
 * A statement whose sections begin with a row that has the title in its first cell and nothing in the others; the next row is the header. Goes
 * over the rows from first to last.
 */
export class TitledSections {
  title: SectionTitle | null;
  #last: RowOfSections = "other";
  readonly #wanted: string;
  readonly #marks: readonly string[];

  /** `marks`: names that only the wanted section's header has together, whatever its title is. */
  constructor({ section, marks }: { section: string; marks: readonly string[] }, title: SectionTitle | null) {
    this.#wanted = section;
    this.#marks = marks;
    this.title = title;
  }

  /** What a row is that is not blank. */
  take(cells: readonly string[]): RowOfSections {
    this.#last = this.#kindOf(cells);
    return this.#last;
  }

  #kindOf(cells: readonly string[]): RowOfSections {
    const first = cells[0]?.trim() ?? "";
    if (first !== "" && cells.every((cell, index) => index === 0 || cell.trim() === "")) {
      this.title = { name: first, header: null };
      return "title";
    }
    const { title } = this;
    if ((title === null || title.header === null) && this.#isMarked(cells)) {
      this.title = { name: this.#wanted, header: cells.map((cell) => cell.trim()) };
      return "wanted header";
    }
    if (title === null) return "other";
    const isWanted = title.name.toLowerCase() === this.#wanted.toLowerCase();
    if (title.header === null) {
      this.title = { ...title, header: cells.map((cell) => cell.trim()) };
      return isWanted ? "wanted header" : "header";
    }
    return isWanted ? "wanted" : "other";
  }

  #isMarked(cells: readonly string[]): boolean {
    return this.#marks.every((mark) => cells.some((cell) => cell.trim() === mark));
  }

  get reason(): string {
    return `section ${shorten(this.title?.name ?? "")}`;
  }

  /** The section of the row that was taken last, where that is a row of another one. */
  get other(): { name: string; header: readonly string[] } | null {
    const { title } = this;
    if (this.#last !== "other" || title === null || title.header === null) return null;
    return { name: title.name, header: title.header };
  }
}
