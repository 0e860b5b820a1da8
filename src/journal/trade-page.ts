import type { TradeColumns } from "../statistics/trade-columns.ts";
import { none } from "./json-bytes.ts";
import { TradeBytes } from "./trade-bytes.ts";

/** As many as a page is asked for; one with more is for `JSON.parse`. */
const tradesMax = 1_000;
const start = new TextEncoder().encode('{"data":[');

/** What a page says besides its list, which is empty here: that is in the columns. */
export interface ColumnPage {
  readonly json: { readonly data: readonly unknown[] };
  readonly columns: TradeColumns;
  readonly body: Uint8Array;
}

/** Reads pages of closed trades, one after the other, into the same columns. */
export class TradePageReader {
  readonly #trades = new TradeBytes(tradesMax);
  #page: ColumnPage | null = null;

  /** Null: the page is not of the plain form, and is for `JSON.parse`. */
  read(body: Uint8Array): ColumnPage | null {
    this.#page = null;
    for (let index = 0; index < start.length; index++) if (body[index] !== start[index]) return null;
    const end = this.#trades.read(body, start.length);
    if (end === none) return null;
    const rest = restOf(body.subarray(end));
    if (rest !== null) this.#page = { json: { ...rest, data: [] }, columns: this.#trades.columns, body };
    return this.#page;
  }

  /** The page that was read last, if that is its JSON. */
  pageOf(json: unknown): ColumnPage | null {
    return this.#page?.json === json ? this.#page : null;
  }

  /** Lets go of it. */
  clear(): void {
    this.#page = null;
  }
}

/** Readers for several lists at once: columns, and the texts that were met, are kept for the next list. */
export class TradePageReaders {
  readonly #idle: TradePageReader[] = [];

  take(): TradePageReader {
    return this.#idle.pop() ?? new TradePageReader();
  }

  giveBack(reader: TradePageReader): void {
    reader.clear();
    this.#idle.push(reader);
  }
}

/** Not to be taken for a mark at the start of a text. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What follows the list, as JSON with a number in the list's place: a second `data` would take it. */
function restOf(bytes: Uint8Array): object | null {
  try {
    const rest: unknown = JSON.parse(`{"data":0${decoder.decode(bytes)}`);
    return typeof rest === "object" && rest !== null && "data" in rest && rest.data === 0 ? rest : null;
  } catch {
    return null;
  }
}
