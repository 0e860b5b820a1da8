import { type Decimal, one } from "../../executions/decimal.ts";
import { CellError, type Reading, readDecimal } from "./dialect.ts";

/** `110 045`, `110'04`, `-1'16`: what is behind the blank counts 32nds, and a third digit their parts. */
const fractional = /^(-?)([\d,]+)[ '-](\d{2})(\d?)$/;
/** Eighths of a 32nd: 2 and 5 and 7 are quarters, written short. */
const eighths: Record<string, bigint> = {
  "": 0n,
  "0": 0n,
  "1": 1n,
  "2": 2n,
  "3": 3n,
  "5": 4n,
  "6": 5n,
  "7": 6n,
  "8": 7n,
};

/** A price of a bond future in 32nds, or a plain one. @throws {CellError} */
export function readFractionalPrice(cell: string, reading: Pick<Reading, "decimalMark">): Decimal {
  const [, sign, points, thirtySeconds, rest = ""] = fractional.exec(cell) ?? [];
  if (points === undefined || thirtySeconds === undefined) return readDecimal(cell, reading);
  const part = eighths[rest];
  const count = BigInt(thirtySeconds);
  if (part === undefined || count > 31n) throw new CellError("not_a_number", "a price in 32nds");
  const value = readDecimal(points.replaceAll(",", ""), { decimalMark: "." }) + ((count * 8n + part) * one) / 256n;
  return sign === "-" ? -value : value;
}
