import { decimalPattern, hashPattern, idPattern } from "../fields.ts";
import { parseTimestamp } from "../timestamp.ts";

/** Laravel's `errors`: `executions.2.symbol` to messages. */
export type Errors = Record<string, string[]>;

/** Looks at a value that is there: what is wrong with it, with `:attribute` for its name; null: nothing. */
export type Rule = (value: unknown) => string | null;

export interface Field {
  rule: Rule;
  required: boolean;
}

export function required(rule: Rule): Field {
  return { rule, required: true };
}

export function optional(rule: Rule): Field {
  return { rule, required: false };
}

/**
 * Checks the named fields of one item and gives back those alone, null where they are missing. An empty string is null, as
 * Laravel's middleware makes it. What is wrong goes into `errors`, under `prefix` and the field's name.
 */
export function checkFields(
  fields: Record<string, Field>,
  item: Record<string, unknown>,
  errors: Errors,
  prefix = "",
): Record<string, unknown> {
  const checked: Record<string, unknown> = {};
  for (const name in fields) {
    const field = fields[name] as Field;
    const given = item[name];
    const value = given === undefined || given === "" ? null : given;
    checked[name] = value;
    if (value === null) {
      if (field.required) addError(errors, prefix + name, "The :attribute field is required.");
    } else {
      const wrong = field.rule(value);
      if (wrong !== null) addError(errors, prefix + name, wrong);
    }
  }
  return checked;
}

export function addError(errors: Errors, path: string, message: string): void {
  const attribute = path.slice(path.lastIndexOf(".") + 1).replaceAll("_", " ");
  const messages = errors[path] ?? [];
  messages.push(message.replace(":attribute", attribute));
  errors[path] = messages;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Characters, as Laravel's `max` counts them. */
export function text(charactersMax: number, charactersMin = 1): Rule {
  return (value) => {
    if (typeof value !== "string") return "The :attribute must be a string.";
    if (value.length < charactersMin) return `The :attribute must be at least ${charactersMin} characters.`;
    if (value.length > charactersMax && [...value].length > charactersMax) {
      return `The :attribute must not be greater than ${charactersMax} characters.`;
    }
    return null;
  };
}

export function oneOf(values: readonly string[]): Rule {
  const known: ReadonlySet<unknown> = new Set(values);
  return (value) => (known.has(value) ? null : "The selected :attribute is invalid.");
}

export const decimal: Rule = (value) => {
  if (typeof value !== "string") return "The :attribute must be a string.";
  return decimalPattern.test(value) ? null : "The :attribute format is invalid.";
};

export const timestamp: Rule = (value) => {
  if (typeof value !== "string") return "The :attribute must be a string.";
  return parseTimestamp(value) === null ? "The :attribute is not a valid date." : null;
};

export const hash: Rule = (value) =>
  typeof value === "string" && hashPattern.test(value) ? null : "The :attribute format is invalid.";

export const id: Rule = (value) =>
  isCount(value) || (typeof value === "string" && idPattern.test(value)) ? null : "The :attribute format is invalid.";

export function integer(min = Number.MIN_SAFE_INTEGER): Rule {
  return (value) => {
    if (!Number.isSafeInteger(value)) return "The :attribute must be an integer.";
    return (value as number) < min ? `The :attribute must be at least ${min}.` : null;
  };
}

export const boolean: Rule = (value) =>
  typeof value === "boolean" ? null : "The :attribute field must be true or false.";

export function list(itemsMax: number): Rule {
  return (value) => {
    if (!Array.isArray(value)) return "The :attribute must be an array.";
    return value.length > itemsMax ? `The :attribute must not have more than ${itemsMax} items.` : null;
  };
}

export function object(bytesMax?: number): Rule {
  return (value) => {
    if (typeof value !== "object") return "The :attribute must be an array.";
    if (bytesMax !== undefined && Buffer.byteLength(JSON.stringify(value)) > bytesMax) {
      return `The :attribute must not be greater than ${bytesMax} bytes.`;
    }
    return null;
  };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
