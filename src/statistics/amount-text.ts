import { formatDecimal, one, parseDecimal } from "../executions/decimal.ts";
import { lowBase } from "./lanes.ts";

const unitsInOne = 1e8;
/** The high lane counts so many units of 10^-8, the low lane so many parts of one. */
const unitsInHigh = 1e4;
const lowInUnit = 1e10;
/** Below it JavaScript writes an exponent. */
const shortMin = 1e-6 * unitsInOne;
/** Decimals of more digits can share a float. */
const shortMax = 1e15;

/** Has that number of units of 10^-8 at most 15 digits, and no exponent when written as one of 1? Zero has not: it may be -0. */
function isShort(units: number): boolean {
  return units > 0 ? units >= shortMin && units < shortMax : units <= -shortMin && units > -shortMax;
}

/**
 * Numbers as the contract's decimal text: the shortest form, never an exponent, never -0. A body has some ten thousand of them.
 *
 * A decimal of up to 15 digits is what JavaScript writes for the float next to it: no two such decimals share one, and it writes the
 * shortest that is read as that float. That text is made natively and in one piece, while a text that was put together is copied once
 * more when the body is written. Of longer ones digits are taken four at a time from a table.
 */
export function amountText(high: number, low: number): string {
  const lowUnits = low / lowInUnit;
  const all = high * unitsInHigh + lowUnits;
  if (isShort(all) && lowUnits === Math.floor(lowUnits)) return `${all / unitsInOne}`;
  let units = high;
  let rest = low;
  if (units > 0 && rest < 0) {
    units -= 1;
    rest += lowBase;
  } else if (units < 0 && rest > 0) {
    units += 1;
    rest -= lowBase;
  }
  if (units < 0 || rest < 0) return `-${positiveText(-units, -rest)}`;
  return positiveText(units, rest);
}

function positiveText(units: number, rest: number): string {
  const integer = Math.floor(units / 10_000);
  const first = units - integer * 10_000;
  if (rest === 0) return first === 0 ? `${integer}` : `${integer}${pointTrimmed(first)}`;
  const next = Math.floor(rest / 1e10);
  const last = rest - next * 1e10;
  if (last === 0) return `${integer}${pointFour(first)}${trimmed(next)}`;
  const third = Math.floor(last / 1e6);
  const fourth = last - third * 1e6;
  const head = `${integer}${pointFour(first)}${four(next)}`;
  if (fourth === 0) return `${head}${trimmed(third)}`;
  const fifth = Math.floor(fourth / 100);
  const sixth = (fourth - fifth * 100) * 100;
  return sixth === 0
    ? `${head}${four(third)}${trimmed(fifth)}`
    : `${head}${four(third)}${four(fifth)}${trimmed(sixth)}`;
}

const safeMax = Number.MAX_SAFE_INTEGER;
/** Decimals of the contract have at most 30 digits before the point. */
const ratioMax = 1e30;

/** A whole number of units of 10^-8. */
export function unitsText(units: number): string {
  if (isShort(units)) return `${units / unitsInOne}`;
  const size = units < 0 ? -units : units;
  const integer = Math.floor(size / unitsInOne);
  const rest = size - integer * unitsInOne;
  if (rest === 0) return units < 0 ? `-${integer}` : `${integer}`;
  const first = Math.floor(rest / 10_000);
  const next = rest - first * 10_000;
  const text = next === 0 ? `${integer}${pointTrimmed(first)}` : `${integer}${pointFour(first)}${trimmed(next)}`;
  return units < 0 ? `-${text}` : text;
}

/** From here on toFixed writes an exponent. */
const fixedMax = 1e21;

/** A float rounded to 8 places; null: larger than the contract can say, or none. */
export function ratioText(value: number): string | null {
  const units = Math.round(value * unitsInOne);
  if (units <= safeMax && units >= -safeMax) return units === 0 ? "0" : unitsText(units);
  if (!(Math.abs(value) < ratioMax)) return null;
  return formatDecimal(Math.abs(value) < fixedMax ? parseDecimal(value.toFixed(8)) : BigInt(value) * one);
}

/**
 * `0000` to `9999`, the same without the zeros at the end, and both behind a point: three pieces at a time are joined at one go, a
 * fourth one costs as much again. Made at first use.
 */
interface Tables {
  four: string[];
  trimmed: string[];
  pointFour: string[];
  pointTrimmed: string[];
}

let tables: Tables | null = null;

function makeTables(): Tables {
  const fours = Array.from({ length: 10_000 }, (_, value) => `${value}`.padStart(4, "0"));
  const trimmedOnes = fours.map((text) => text.replace(/0+$/, ""));
  // Not "." + text, which would be joined anew each time it is read.
  const behindPoint = (text: string) => [".", text].join("");
  tables = {
    four: fours,
    trimmed: trimmedOnes,
    pointFour: fours.map(behindPoint),
    pointTrimmed: trimmedOnes.map(behindPoint),
  };
  return tables;
}

function four(value: number): string {
  return (tables ?? makeTables()).four[value] as string;
}

function trimmed(value: number): string {
  return (tables ?? makeTables()).trimmed[value] as string;
}

function pointFour(value: number): string {
  return (tables ?? makeTables()).pointFour[value] as string;
}

function pointTrimmed(value: number): string {
  return (tables ?? makeTables()).pointTrimmed[value] as string;
}
