/**
 * JSON with integers above 2^53 kept: they come as text, all other numbers as numbers. Ids of orders and transfers are that long, and are bare
 * numbers in Binance's answers.
 */
export function parseJson(text: string): unknown {
  // Reading each number's own text costs about ten times as much: only where there is one that long.
  return longInteger.test(text) ? JSON.parse(text, keepLong as Reviver) : JSON.parse(text);
}

type Reviver = (key: string, value: unknown) => unknown;

/** Inside of a text too, which costs time and nothing else. */
const longInteger = /[0-9]{16}/;

function keepLong(_key: string, value: unknown, context: { source?: string }): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? "")
    ? context.source
    : value;
}
