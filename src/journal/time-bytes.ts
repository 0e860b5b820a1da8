import { dayMs, dayOf } from "../statistics/days.ts";
import { daysIn } from "../statistics/instant.ts";
import { minus, none, point, quote } from "./json-bytes.ts";

/** Two digits as one number of 16 bits, the first one lowest: what they say, or `noDigits`. */
const pairs = new Uint8Array(65_536);
const noDigits = 255;

function fillPairs(): void {
  pairs.fill(noDigits);
  for (let value = 0; value < 100; value++) {
    pairs[(0x30 + (value % 10)) * 256 + 0x30 + Math.floor(value / 10)] = value;
  }
}

/** The contract's times in JSON: `"2026-03-01T10:00:00Z"`, with none to six fraction digits, of which three count. */
export class TimeBytes {
  /** What was read last. */
  ms = 0;
  #date = -1;
  #dateMs = 0;

  constructor() {
    if (pairs[0] !== noDigits) fillPairs();
  }

  /** Where it ended; `none`: no such time. */
  read(bytes: Uint8Array, view: DataView, at: number): number {
    // The shortest one, its quotes included.
    if (at + 22 > bytes.length) return none;
    const century = pairOf(view, at + 1);
    const year = pairOf(view, at + 3);
    const month = pairOf(view, at + 6);
    const date = pairOf(view, at + 9);
    const hour = pairOf(view, at + 12);
    const minute = pairOf(view, at + 15);
    const second = pairOf(view, at + 18);
    if (century > 99 || year > 99 || month > 99 || date > 99 || hour > 23 || minute > 59 || second > 59) return none;
    const isShaped =
      bytes[at] === quote &&
      bytes[at + 5] === minus &&
      bytes[at + 8] === minus &&
      bytes[at + 11] === 0x54 &&
      bytes[at + 14] === 0x3a &&
      bytes[at + 17] === 0x3a;
    if (!isShaped || !this.setDate(century * 100 + year, month, date)) return none;
    this.ms = this.#dateMs + ((hour * 60 + minute) * 60 + second) * 1_000;
    return this.readFraction(bytes, at + 20);
  }

  private readFraction(bytes: Uint8Array, at: number): number {
    let index = at;
    if (bytes[index] === point) {
      index++;
      const start = index;
      let weight = 100;
      for (let digit = digitAt(bytes, index); digit >= 0 && digit <= 9; digit = digitAt(bytes, index)) {
        this.ms += digit * weight;
        weight = weight === 100 ? 10 : weight === 10 ? 1 : 0;
        index++;
      }
      if (index === start || index > start + 6) return none;
    }
    return bytes[index] === 0x5a && bytes[index + 1] === quote ? index + 2 : none;
  }

  /** Trades stand by time, mostly: the date is the last one's. */
  private setDate(year: number, month: number, date: number): boolean {
    const number = (year * 100 + month) * 100 + date;
    if (number === this.#date) return true;
    if (month < 1 || month > 12 || date < 1 || date > daysIn(year, month)) return false;
    this.#date = number;
    this.#dateMs = dayOf(year, month, date) * dayMs;
    return true;
  }
}

function pairOf(view: DataView, at: number): number {
  return pairs[view.getUint16(at, true)] as number;
}

function digitAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) - 0x30;
}
