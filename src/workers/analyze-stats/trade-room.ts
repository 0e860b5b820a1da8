/**
 * How many trades the users in hand may hold in memory together. Who came first is never held up, so that one user with more than
 * that is gone through alone, and nobody waits for ever.
 */
export class TradeRoom {
  readonly #max: number;
  readonly #places: TradePlace[] = [];
  #taken = 0;
  #wake = Promise.withResolvers<void>();

  constructor(max: number) {
    this.#max = max;
  }

  enter(): TradePlace {
    const place: TradePlace = {
      taken: 0,
      take: async (count) => {
        while (this.#taken + count > this.#max && this.#places[0] !== place) await this.#wake.promise;
        place.taken += count;
        this.#taken += count;
      },
      leave: () => {
        const index = this.#places.indexOf(place);
        if (index < 0) return;
        this.#places.splice(index, 1);
        this.#taken -= place.taken;
        this.#wake.resolve();
        this.#wake = Promise.withResolvers<void>();
      },
    };
    this.#places.push(place);
    return place;
  }
}

export interface TradePlace {
  taken: number;
  /** Waits until there is room for so many more. */
  take: (count: number) => Promise<void>;
  leave: () => void;
}
