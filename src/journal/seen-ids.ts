import type { Id } from "./wire.ts";

/**
 * The items of a list that came already. The contract orders trades by id, so that of numbers the last one is enough: 8 bytes each are
 * kept, and a set is made of them only where that order does not hold.
 */
export class SeenIds {
  readonly #ascending: number[] = [];
  #all: Set<Id> | null = null;

  /** False: it came before. */
  add(id: Id): boolean {
    if (this.#all === null && typeof id === "number") {
      const last = this.#ascending.at(-1);
      if (last === undefined || id > last) {
        this.#ascending.push(id);
        return true;
      }
    }
    this.#all ??= new Set<Id>(this.#ascending.splice(0));
    if (this.#all.has(id)) return false;
    this.#all.add(id);
    return true;
  }
}
