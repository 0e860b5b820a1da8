import { messageOf } from "../errors.ts";
import { type Redactor, redacted } from "./redaction.ts";

/** How much of a value is kept. Lines that turn out too long are made again with less. */
export interface Limits {
  depth: number;
  items: number;
  characters: number;
}

export const generous: Limits = { depth: 8, items: 100_000, characters: 1_000_000 };
/** As much as a person takes in. */
export const readable: Limits = { depth: 4, items: 10, characters: 4_000 };
export const sparing: Limits = { depth: 4, items: 20, characters: 500 };

/** Whatever was logged, as what JSON can hold, without secrets. Never throws: a log line must not break a run. */
export function loggable(value: unknown, redactor: Redactor, limits: Limits): unknown {
  return convert(value, { redactor, limits, above: [] });
}

interface Conversion {
  redactor: Redactor;
  limits: Limits;
  /** The objects around this one: a cycle ends here. */
  above: readonly object[];
}

function convert(value: unknown, conversion: Conversion): unknown {
  switch (typeof value) {
    case "string":
      return shortened(conversion.redactor.text(value), conversion.limits.characters);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return String(value);
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : guarded(value, conversion);
    default:
      return `[${typeof value}]`;
  }
}

/** Somebody's getter may throw. */
function guarded(value: object, conversion: Conversion): unknown {
  try {
    return convertObject(value, conversion);
  } catch (error) {
    return `[unreadable: ${conversion.redactor.text(messageOf(error))}]`;
  }
}

function convertObject(value: object, conversion: Conversion): unknown {
  const { above, limits, redactor } = conversion;
  if (above.includes(value)) return "[circular]";
  if (above.length >= limits.depth) return "[deeper]";
  const inner = { ...conversion, above: [...above, value] };
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof URL) return redactor.text(value.href);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return convertError(value, inner);
  if (value instanceof Map)
    return convertEntries(
      [...value].map(([key, item]) => [String(key), item]),
      inner,
    );
  if (Array.isArray(value) || value instanceof Set) return convertList([...value], inner);
  return convertEntries(Object.entries(value), inner);
}

function convertList(items: readonly unknown[], conversion: Conversion): unknown[] {
  const { items: itemsMax } = conversion.limits;
  const kept = items.slice(0, itemsMax).map((item) => convert(item, conversion) ?? null);
  return items.length > itemsMax ? [...kept, `[${items.length - itemsMax} more]`] : kept;
}

function convertEntries(entries: readonly [string, unknown][], conversion: Conversion): Record<string, unknown> {
  const { limits, redactor } = conversion;
  const converted: Record<string, unknown> = {};
  for (const [name, value] of entries.slice(0, limits.items)) {
    const hidden = redactor.hidesField(name) && value !== undefined && value !== null && typeof value !== "boolean";
    converted[redactor.text(name)] = hidden ? redacted : convert(value, conversion);
  }
  if (entries.length > limits.items) converted["[more]"] = entries.length - limits.items;
  return converted;
}

/** Name, message, stack and cause are not enumerable; what else an error carries (code, kind, detail, errors) is. */
function convertError(error: Error, conversion: Conversion): Record<string, unknown> {
  const { name, message, stack, cause, ...more } = Object.assign(Object.create(null), error, {
    name: error.name,
    message: error.message,
    stack: error.stack,
    cause: error.cause,
  });
  const errors = error instanceof AggregateError ? { errors: error.errors } : {};
  return convertEntries(Object.entries({ name, message, ...more, ...errors, stack, cause }), conversion);
}

function shortened(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${text.slice(0, charactersMax)}… [${text.length - charactersMax} more characters]`;
}
