import { type Direction, type Market, markets } from "../executions/execution.ts";
import type { Id } from "../statistics/closed-trade.ts";
import { amountFields, amountsWidth, TradeColumns } from "../statistics/trade-columns.ts";
import { readAmountBytes } from "./amount-bytes.ts";
import { isAt, type KnownText, KnownTexts, noText } from "./byte-text.ts";
import { closedTradeTextsOrNone, idPattern } from "./fields.ts";
import { closeBrace, closeBracket, comma, endOfString, endOfValue, none, nullWord, quote, zero } from "./json-bytes.ts";
import { TimeBytes } from "./time-bytes.ts";
import { skipped, TradeTemplate } from "./trade-template.ts";

/** The fields that are not amounts, from 1 on: what is done with them. */
const plainFields = [
  "trade_id",
  "account_id",
  "opened_at",
  "closed_at",
  "status",
  "broker",
  "market",
  "symbol",
  "direction",
  "pnl_currency",
  "base_currency",
] as const;
const [idAction, accountAction, openedAction, closedAction, statusAction] = [1, 2, 3, 4, 5] as const;
const [brokerAction, marketAction, symbolAction, directionAction, currencyAction, baseAction] = [6, 7, 8, 9, 10, 11];
/** The amount fields, in the order of the columns. */
const amountAction = plainFields.length + 1;
const amountNames = amountFields.map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
const actions = new Map<string, number>([...plainFields, ...amountNames].map((name, index) => [name, index + 1]));
const actionsMax = amountAction + amountNames.length;
const actionOf = (key: string): number => actions.get(key) ?? skipped;

const mayBeMissing: ReadonlySet<string> = new Set(closedTradeTextsOrNone);
const needed = [...actions].filter(([name]) => !mayBeMissing.has(name)).map(([, action]) => action);
const mayBeNull = Array.from({ length: actionsMax }, () => false);
for (const [name, action] of actions) mayBeNull[action] = mayBeMissing.has(name);
const optional = [...actions].filter(([name]) => mayBeMissing.has(name)).map(([, action]) => action);

const marketWords: ReadonlySet<string> = new Set(markets);
/** Digits that a double holds exactly whatever they are. */
const idDigitsMax = 15;
const idBytesMax = 64;
/** Orders of keys in one page, one after the other. */
const templatesMax = 16;

/**
 * Reads a page's list of closed trades from its bytes straight into columns, without a string or an object for what the statistics do
 * not need. It takes the plain form in which the contract's trades come and nothing else: whatever is odd is left to `JSON.parse` and
 * the checks of `closed-trades.ts`, of the whole page. What it takes it reads exactly as they do.
 */
export class TradeBytes {
  readonly columns: TradeColumns;
  readonly #texts = new KnownTexts();
  readonly #time = new TimeBytes();
  /** By action: the field's text in the trade before. */
  readonly #last: KnownText[] = Array.from({ length: actionsMax }, () => noText);
  /** Where the text that was read last ended. */
  #end = 0;
  #id: Id = 0;
  #template: TradeTemplate | null = null;
  /** Of the template: fields that may be null and that it does not have. */
  #missing: readonly number[] = [];
  #bytes: Uint8Array = noText.bytes;
  #view = new DataView(noText.bytes.buffer);

  constructor(tradesMax: number) {
    this.columns = new TradeColumns(tradesMax);
  }

  /** `at`: after the list's opening bracket. Where the list ended; `none`: it is not as plain as that, and the columns say nothing. */
  read(bytes: Uint8Array, at: number): number {
    const { columns } = this;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    columns.count = 0;
    if (bytes[at] === closeBracket) return at + 1;
    let templates = 0;
    let index = at;
    while (columns.count < columns.tradesMax) {
      let end = this.readItem(index);
      if (end === none) {
        if (++templates > templatesMax || !this.learn(index)) return none;
        end = this.readItem(index);
        if (end === none) return none;
      }
      columns.count++;
      if (bytes[end] === closeBracket) return end + 1;
      if (bytes[end] !== comma) return none;
      index = end + 1;
    }
    return none;
  }

  private learn(at: number): boolean {
    const template = TradeTemplate.of(this.#bytes, at, actionOf);
    if (template === null || !needed.every((action) => template.actions.includes(action))) return false;
    this.#template = template;
    this.#missing = optional.filter((action) => !template.actions.includes(action));
    return true;
  }

  private readItem(at: number): number {
    const template = this.#template;
    if (template === null) return none;
    const { lengths, words, actions } = template;
    const view = this.#view;
    let index = at;
    for (let field = 0; field < template.count; field++) {
      const length = lengths[field] as number;
      if (!isAt(view, index, words[field] as Int32Array, length)) return none;
      const action = actions[field] as number;
      index = action === skipped ? this.skip(index + length) : this.readField(action, index + length);
      if (index === none) return none;
    }
    for (const action of this.#missing) this.setNull(action);
    return this.#bytes[index] === closeBrace ? index + 1 : none;
  }

  private skip(at: number): number {
    if (this.#bytes[at] === quote) return endOfString(this.#bytes, at);
    return this.isNull(at) ? at + 4 : endOfValue(this.#bytes, at);
  }

  private readField(action: number, at: number): number {
    if (action >= amountAction) return this.readAmount(action, at);
    const { columns } = this;
    switch (action) {
      case idAction: {
        const end = this.readId(at, action);
        columns.ids[columns.count] = this.#id;
        return end;
      }
      case accountAction: {
        const end = this.readId(at, action);
        columns.accountIds[columns.count] = this.#id;
        return end;
      }
      case openedAction:
        return this.readTime(at, columns.openedAtMs);
      case closedAction:
        return this.readTime(at, columns.closedAtMs);
      default:
        if (mayBeNull[action] === true && this.isNull(at)) {
          this.setNull(action);
          return at + 4;
        }
        return this.readText(action, at);
    }
  }

  private readAmount(action: number, at: number): number {
    const { amounts, count } = this.columns;
    if (mayBeNull[action] === true && this.isNull(at)) {
      this.setNull(action);
      return at + 4;
    }
    return readAmountBytes(this.#bytes, at, amounts, count * amountsWidth + (action - amountAction) * 2);
  }

  private setNull(action: number): void {
    const { columns } = this;
    if (action === baseAction) columns.baseCurrencies[columns.count] = null;
    else columns.amounts[columns.count * amountsWidth + (action - amountAction) * 2] = Number.NaN;
  }

  private isNull(at: number): boolean {
    return at + 4 <= this.#view.byteLength && this.#view.getInt32(at, true) === nullWord;
  }

  private readTime(at: number, into: Float64Array): number {
    const end = this.#time.read(this.#bytes, this.#view, at);
    into[this.columns.count] = this.#time.ms;
    return end;
  }

  /** A whole number, or text. */
  private readId(at: number, action: number): number {
    const bytes = this.#bytes;
    if (bytes[at] === quote) return this.readTextId(at, action);
    let index = at;
    let value = 0;
    let digit = (bytes[index] as number) - zero;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = (bytes[++index] as number) - zero;
    }
    const digits = index - at;
    if (digits === 0 || digits > idDigitsMax || (digits > 1 && bytes[at] === zero)) return none;
    // A fraction or an exponent may follow: a comma or the end must.
    if (bytes[index] !== comma && bytes[index] !== closeBrace) return none;
    this.#id = value;
    return index;
  }

  private readTextId(at: number, action: number): number {
    if (action === accountAction) {
      const known = this.knownText(action, at);
      if (known === null || !idPattern.test(known.value)) return none;
      this.#id = known.value;
      return this.#end;
    }
    // Each comes once: there is no use in remembering it.
    const end = endOfString(this.#bytes, at);
    if (end === none || end - at > idBytesMax + 2) return none;
    const text = String.fromCharCode(...this.#bytes.subarray(at + 1, end - 1));
    if (!idPattern.test(text)) return none;
    this.#id = text;
    return end;
  }

  private readText(action: number, at: number): number {
    const known = this.knownText(action, at);
    if (known === null) return none;
    return this.take(action, known.value) ? this.#end : none;
  }

  /** The same as in the trade before, mostly. */
  private knownText(action: number, at: number): KnownText | null {
    const last = this.#last[action] as KnownText;
    const { length } = last.bytes;
    if (last.words.length > 0 && isAt(this.#view, at, last.words, length)) {
      this.#end = at + length;
      return last;
    }
    const known = this.#texts.read(this.#bytes, at);
    if (known === null) return null;
    this.#end = this.#texts.end;
    this.#last[action] = known;
    return known;
  }

  private take(action: number, text: string): boolean {
    const { columns } = this;
    const { count } = columns;
    switch (action) {
      case statusAction:
        return text === "closed";
      case brokerAction:
        columns.brokers[count] = text;
        return true;
      case marketAction:
        columns.markets[count] = text as Market;
        return marketWords.has(text);
      case symbolAction:
        columns.symbols[count] = text;
        return true;
      case directionAction:
        columns.directions[count] = text as Direction;
        return text === "long" || text === "short";
      case currencyAction:
        columns.pnlCurrencies[count] = text;
        return true;
      case baseAction:
        columns.baseCurrencies[count] = text;
        return true;
      default:
        return false;
    }
  }
}
