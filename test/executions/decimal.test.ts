import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  absolute,
  DecimalError,
  divide,
  divideRounded,
  formatDecimal,
  formatProduct,
  fractionDigits,
  fromProduct,
  multiply,
  one,
  parseDecimal,
  parseProduct,
  toProduct,
} from "../../src/executions/decimal.ts";

/** Whatever fits: 30 digits before the point, 18 after. */
const anyDecimal = fc.bigInt({ min: -(10n ** 48n) + 1n, max: 10n ** 48n - 1n });

describe("text", () => {
  test.each([
    ["0", 0n],
    ["-0", 0n],
    ["-0.0", 0n],
    ["1", one],
    ["007.50", (15n * one) / 2n],
    ["0.000000000000000001", 1n],
    ["-12.5", (-25n * one) / 2n],
    ["123456789012345", 123456789012345n * one],
    ["1234567890123456", 1234567890123456n * one],
    ["9007199254740993", 9007199254740993n * one],
    ["123456789012345.123456789012345678", 123456789012345123456789012345678n],
    ["999999999999999999999999999999", (10n ** 30n - 1n) * one],
    ["0.10000000000000000000000", one / 10n],
    ["00000000000000000000000000000000000001", one],
  ])("%s is read exactly", (text, value) => {
    expect(parseDecimal(text)).toBe(value);
  });

  test.each(["", "-", ".", "1.", ".5", "+1", "1e3", "1,5", " 1", "1 ", "1.2.3", "--1", "NaN", "Infinity", "0x1", "١"])(
    "%p is refused",
    (text) => {
      expect(() => parseDecimal(text)).toThrow(DecimalError);
    },
  );

  test("more digits than fit are refused, never rounded", () => {
    expect(() => parseDecimal(`1${"0".repeat(30)}`)).toThrow("at most 30 digits before the point");
    expect(() => parseDecimal("0.1234567890123456789")).toThrow("at most 18 digits after the point");
  });

  test("goes out and comes back, of decimals and of products", () => {
    fc.assert(
      fc.property(anyDecimal, anyDecimal, (a, b) => {
        expect(parseDecimal(formatDecimal(a))).toBe(a);
        expect(parseProduct(formatProduct(multiply(a, b)))).toBe(multiply(a, b));
        expect(formatDecimal(a)).toMatch(/^-?\d+(\.\d*[1-9])?$/);
        expect(formatDecimal(a)).not.toBe("-0");
      }),
    );
  });

  test.each([
    [0n, "0", 0],
    [1n, "0.000000000000000001", 18],
    [-one / 4n, "-0.25", 2],
    [1500n * one, "1500", 0],
  ])("%p is written %s, with %p digits after the point", (value, text, digits) => {
    expect(formatDecimal(value)).toBe(text);
    expect(fractionDigits(value)).toBe(digits);
  });
});

describe("sums", () => {
  test.each([
    [5n, 2n, 2n],
    [7n, 2n, 4n],
    [-5n, 2n, -2n],
    [-7n, 2n, -4n],
    [5n, -2n, -2n],
    [1n, 3n, 0n],
    [2n, 3n, 1n],
    [-2n, 3n, -1n],
    [6n, 3n, 2n],
  ])("%p / %p is %p: halves go to the even neighbour", (a, b, quotient) => {
    expect(divideRounded(a, b)).toBe(quotient);
  });

  test("by zero is an error", () => {
    expect(() => divide(one, 0n)).toThrow(RangeError);
  });

  test("a quotient is the nearest, and a product by one is itself", () => {
    fc.assert(
      fc.property(anyDecimal, anyDecimal, (a, b) => {
        fc.pre(b !== 0n);
        const error = absolute(a * one - divide(a, b) * b);
        expect(error * 2n <= absolute(b)).toBe(true);
        expect(fromProduct(toProduct(a))).toBe(a);
        expect(fromProduct(multiply(a, one))).toBe(a);
      }),
    );
  });
});
