/**
 * JSON as venues write it: an integer above 2^53 is a bare number, which `JSON.parse` reads wrongly. A bigint stands for such a number here.
 * Money is text already.
 */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? rawNumber(item) : item));
}

function rawNumber(value: bigint): unknown {
  const raw: unknown = Reflect.get(JSON, "rawJSON");
  if (typeof raw !== "function") throw new Error("JSON.rawJSON is missing");
  return raw(value.toString());
}
