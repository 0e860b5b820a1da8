import { expect, test } from "bun:test";
import fc from "fast-check";
import { endOfValue, none } from "../../src/journal/json-bytes.ts";

const encoder = new TextEncoder();

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ...['""', '"a"', '"\\u00C4\\uabcd"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"é\u{1f600}"', '" "', "true", "false", "null"],
  ...["0", "-0", "7", "-120", "0.5", "1e5", "1E+05", "-1.25e-7", "[]", "[1]", '["a",null,-1.5,"b"]'],
])("%s is stepped over to its end, whatever follows", (text) => {
  for (const behind of ["", ",", "}", "]"]) {
    expect(endOfValue(encoder.encode(text + behind), 0)).toBe(sizeOf(text));
  }
});

function sizeOf(text: string): number {
  return encoder.encode(text).length;
}

test.each([
  ...["", '"', '"a', '"\u0000"', '"\u001f"', '"\n"', '"\\x"', '"\\u12g4"', '"\\u123"', '"\\', "tru", "nul", "nan", "."],
  ...["-", "01", "-01", "1.", "1.e5", "1e", "1e+", "+1", ".5", "[", "[1", "[1,", "[1,]", "[,]", "[1 ,2]", " 1"],
  ...["{}", "[[]]", "[{}]"],
])("%j is nothing that is stepped over", (text) => {
  const end = endOfValue(encoder.encode(text), 0);
  expect(end === none || end < sizeOf(text)).toBeTrue();
});

test("what is stepped over is JSON", () => {
  const unit = fc.constantFrom(...'""\\\\u019aAfFeE.-+,[]ntrl\u001f\u0020é/');
  const text = fc.oneof(
    fc.string({ unit, maxLength: 12 }),
    fc.string({ unit, maxLength: 8 }).map((inner) => `"${inner}"`),
    fc.array(fc.string({ unit, maxLength: 5 }), { maxLength: 3 }).map((items) => `[${items.join(",")}]`),
    fc.json({ maxDepth: 1 }),
  );
  fc.assert(
    fc.property(text, (value) => {
      if (endOfValue(encoder.encode(value), 0) === sizeOf(value)) expect(isJson(value)).toBeTrue();
    }),
    { numRuns: 2_000 },
  );
});
