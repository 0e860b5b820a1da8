import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { divideRounded, formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import { Amount } from "../../src/statistics/amount.ts";
import { amountText, ratioText, unitsText } from "../../src/statistics/amount-text.ts";
import { BreakevenBand } from "../../src/statistics/band.ts";
import { averageText, ExactSum } from "../../src/statistics/exact-sum.ts";
import { readVolume } from "../../src/statistics/volume.ts";

const amountOf = (text: string): Amount => {
  const amount = new Amount();
  amount.read(text);
  return amount;
};

const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((all) => all.join(""));

/** Any decimal of the contract, small ones more often. */
const decimalText = (integerDigits: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom("", "-"), digits(1, integerDigits), fc.option(digits(1, 18)))
    .map(([sign, integer, fraction]) => `${sign}${integer}${fraction === null ? "" : `.${fraction}`}`);

describe("reading", () => {
  test("is exact, as parseDecimal is", () => {
    fc.assert(
      fc.property(fc.oneof(decimalText(4), decimalText(11), decimalText(30)), (text) => {
        const amount = amountOf(text);
        expect(amount.toDecimal()).toBe(parseDecimal(text));
        expect(amount.toNumber()).toBeCloseTo(Number(text), -Math.log10(Math.abs(Number(text)) * 1e-14 + 1e-30));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    "",
    "-",
    ".5",
    "5.",
    "1e5",
    "+1",
    "1,000",
    " 1",
    "1 ",
    "--1",
    "0x1",
    "1.2.3",
    "NaN",
    "Infinity",
    "1.1234567890123456789",
  ])("refuses %p", (text) => {
    expect(() => amountOf(text)).toThrow();
  });

  test("zeros after the eighteenth place are no digits", () => {
    expect(amountOf("1.50000000000000000000").toDecimal()).toBe(parseDecimal("1.5"));
  });
});

describe("text", () => {
  test("is the shortest exact one, as formatDecimal's is", () => {
    fc.assert(
      fc.property(decimalText(11), (text) => {
        const { high, low } = amountOf(text);
        expect(amountText(high, low)).toBe(formatDecimal(parseDecimal(text)));
      }),
      { numRuns: 1_000 },
    );
  });

  test("is exact to the last of 15 digits and beyond, and down to the last place", () => {
    const bounds = [1, 99, 100, 101, 1e8, 1e15 - 1, 1e15, 1e15 + 1, 2 ** 53 - 1];
    const units = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.constantFrom(...bounds, ...bounds.map((one) => -one), 0),
    );
    fc.assert(
      fc.property(units, (count) => {
        const exact = BigInt(count) * 10n ** 10n;
        expect(unitsText(count)).toBe(formatDecimal(exact));
        const amount = new Amount();
        amount.setDecimal(exact);
        expect(amountText(amount.high, amount.low)).toBe(formatDecimal(exact));
      }),
      { numRuns: 2_000 },
    );
  });

  test("of lanes of unequal signs", () => {
    expect(amountText(1, -1)).toBe("0.000099999999999999");
    expect(amountText(-1, 1)).toBe("-0.000099999999999999");
    expect(amountText(0, -1e10)).toBe("-0.00000001");
  });

  test.each([
    [0, "0"],
    [-0, "0"],
    [-1e-12, "0"],
    [0.1, "0.1"],
    [1 / 3, "0.33333333"],
    [-2 / 3, "-0.66666667"],
    [0.000000014, "0.00000001"],
    [1, "1"],
    [12345678.12345678, "12345678.12345678"],
    [1e9, "1000000000"],
    [123456789012.25, "123456789012.25"],
    [1e21, "1000000000000000000000"],
    [1e30, null],
    [Number.POSITIVE_INFINITY, null],
    [Number.NaN, null],
  ])("ratio %p: %p", (value, expected) => {
    expect(ratioText(value)).toBe(expected);
  });
});

describe("sums", () => {
  const sumOf = (texts: readonly string[]): ExactSum => {
    const sum = new ExactSum();
    for (const text of texts) sum.addAmount(amountOf(text));
    return sum;
  };
  const exactly = (texts: readonly string[]): bigint => texts.reduce((sum, text) => sum + parseDecimal(text), 0n);

  test("are exact in any order and split", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(decimalText(6), decimalText(30)), { maxLength: 300, size: "max" }),
        fc.nat({ max: 300 }),
        (texts, cut) => {
          const whole = sumOf(texts);
          const parts = sumOf(texts.slice(cut).reverse());
          parts.merge(sumOf(texts.slice(0, cut)));
          expect(whole.toText()).toBe(formatDecimal(exactly(texts)));
          expect(parts.toText()).toBe(whole.toText());
        },
      ),
    );
  });

  test.each(["9999999.999999999999999999", "99999999999.999999999999999999"])("of thousands of %s", (text) => {
    const texts = Array.from({ length: 5_000 }, (_, index) => `${index % 3 === 0 ? "-" : ""}${text}`);
    expect(sumOf(texts).toText()).toBe(formatDecimal(exactly(texts)));
    const alike = Array.from({ length: 5_000 }, () => `-${text}`);
    expect(sumOf(alike).toText()).toBe(formatDecimal(exactly(alike)));
  });

  test("averages are rounded half to even, to 8 places", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(decimalText(6), decimalText(25)), { minLength: 1, maxLength: 20, size: "max" }),
        (texts) => {
          const rounded = divideRounded(exactly(texts), BigInt(texts.length) * 10n ** 10n) * 10n ** 10n;
          expect(averageText(sumOf(texts), texts.length)).toBe(formatDecimal(rounded));
        },
      ),
    );
    expect(averageText(sumOf(["0.00000001"]), 2)).toBe("0");
    expect(averageText(sumOf(["0.00000003"]), 2)).toBe("0.00000002");
    expect(averageText(sumOf(["-0.00000003"]), 2)).toBe("-0.00000002");
  });
});

describe("outcomes", () => {
  const outcomes = (band: { min: string; max: string } | null, texts: string[]) => {
    const breakevenBand = new BreakevenBand(band);
    return texts.map((text) => breakevenBand.outcomeOf(amountOf(text)));
  };

  test("zero alone is breakeven, rounded to 8 places", () => {
    expect(
      outcomes(null, ["0.00000001", "-0.00000001", "0", "0.000000005", "0.000000005000000001", "-0.000000005"]),
    ).toEqual([1, -1, 0, 0, 1, 0]);
  });

  test("0.3 - 0.1 - 0.2 is no loss where it is exact", () => {
    expect(outcomes(null, [formatDecimal(parseDecimal("0.3") - parseDecimal("0.1") - parseDecimal("0.2"))])).toEqual([
      0,
    ]);
  });

  test("the ends of a band are breakeven", () => {
    expect(
      outcomes({ min: "-5", max: "10" }, ["10", "10.00000001", "-5", "-5.00000001", "10.000000005", "-5.000000006"]),
    ).toEqual([0, 1, 0, -1, 0, -1]);
  });

  test("as comparing the rounded net with the band", () => {
    const small = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
    fc.assert(
      fc.property(small, small, small, (net, a, b) => {
        const [min, max] = a < b ? [a, b] : [b, a];
        const rounded = divideRounded(net, 10n ** 10n) * 10n ** 10n;
        const expected = rounded > max ? 1 : rounded < min ? -1 : 0;
        const band = { min: formatDecimal(min), max: formatDecimal(max) };
        expect(outcomes(band, [formatDecimal(net)])).toEqual([expected]);
      }),
      { numRuns: 500 },
    );
  });

  test("amounts beyond the lanes", () => {
    expect(
      outcomes({ min: "-1000000000000", max: "1000000000000" }, ["1000000000000", "1000000000001", "-1000000000001"]),
    ).toEqual([0, 1, -1]);
  });

  test("refuses a band that ends below its start", () => {
    expect(() => new BreakevenBand({ min: "1", max: "-1" })).toThrow("breakeven band");
  });
});

describe("volume", () => {
  const volumeOf = (
    market: "spot" | "inverse",
    quantity: string,
    price: string,
    contractSize: string | null = null,
  ): string | null => {
    const into = new Amount();
    const isKnown = readVolume(into, {
      market,
      quantity: amountOf(quantity),
      price: amountOf(price),
      contractSize: contractSize === null ? null : amountOf(contractSize),
    });
    return isKnown ? formatDecimal(into.toDecimal()) : null;
  };

  test.each([
    ["spot", "0.010", "64000.10", null, "640.001"],
    ["spot", "0.01000000", "64000.10000000", "1", "640.001"],
    ["spot", "100", "1.08505", "100000", "10850500"],
    ["inverse", "100", "64000", "100", "0.15625"],
    ["inverse", "3", "7", null, "0.42857143"],
    ["spot", "10", "-37.63", "1000", "376300"],
    ["inverse", "1", "0", null, null],
    // Half way between two places, where floats leave a doubt.
    ["spot", "0.00000001", "0.5", null, "0"],
    ["spot", "0.00000003", "0.5", null, "0.00000002"],
    ["spot", "123456789.00000005", "0.1", null, "12345678.9"],
    ["spot", "123456789.123456785", "1000.1", null, "123469134802.36913068"],
  ] as const)("%s %s x %s x %s: %s", (market, quantity, price, contractSize, expected) => {
    expect(volumeOf(market, quantity, price, contractSize)).toBe(expected);
  });

  test("is the exact product, rounded half to even", () => {
    const positive = fc.tuple(digits(1, 9), digits(1, 18)).map(([a, b]) => `${a}.${b}`);
    fc.assert(
      fc.property(positive, positive, (quantity, price) => {
        const exact = divideRounded(parseDecimal(quantity) * parseDecimal(price), 10n ** 28n) * 10n ** 10n;
        expect(volumeOf("spot", quantity, price)).toBe(formatDecimal(exact));
      }),
      { numRuns: 500 },
    );
  });
});
