import { parseArgs as tokenize } from "node:util";
import { Failure } from "../errors.ts";
import { suggest } from "../operation/suggestion.ts";

interface ArgBase {
  description: string;
  /** One letter. */
  alias?: string;
}

/** Named in camelCase here and in kebab-case on the command line: `lockWait` is `--lock-wait`. */
export type ArgDef =
  | (ArgBase & { type: "boolean" })
  | (ArgBase & { type: "string"; valueHint: string })
  /** May be given again and again. */
  | (ArgBase & { type: "strings"; valueHint: string })
  /** May be given alone, or with any number of values after it: `--retry-failed`, `--retry-failed a b`. */
  | (ArgBase & { type: "list"; valueHint: string })
  | (ArgBase & { type: "enum"; options: readonly string[] })
  | (ArgBase & { type: "integer"; valueHint: string; min: number; max: number; default?: number });

export type ArgDefs = Readonly<Record<string, ArgDef>>;

type ValueOf<D extends ArgDef> = D extends { type: "boolean" }
  ? boolean
  : D extends { type: "strings" }
    ? readonly string[]
    : D extends { type: "list" }
      ? readonly string[] | undefined
      : D extends { type: "enum"; options: readonly (infer Option)[] }
        ? Option | undefined
        : D extends { type: "integer"; default: number }
          ? number
          : D extends { type: "integer" }
            ? number | undefined
            : string | undefined;

export type ArgValues<A extends ArgDefs> = { readonly [Name in keyof A]: ValueOf<A[Name]> };

type Value = boolean | string | number | readonly string[] | undefined;

/**
 * The options of one command, strictly: what is unknown, without a value, wrong, given twice or left over is a usage error
 * that says what was probably meant. Our own, since citty takes all of that without a word; citty renders the help.
 * @throws {Failure} usage
 */
export function parseArguments<A extends ArgDefs>(argv: readonly string[], definitions: A): ArgValues<A> {
  const values: Record<string, Value> = {};
  for (const [name, definition] of Object.entries(definitions)) values[name] = absent(definition);
  const given = new Set<string>();
  let list: string[] | null = null;
  for (const token of tokensOf(argv, definitions)) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (list === null) throw leftOver(token.value, definitions);
      list.push(token.value);
      continue;
    }
    const name = nameOf(token.name, definitions);
    const definition = name === undefined ? undefined : definitions[name];
    if (name === undefined || definition === undefined)
      throw unknownOption(argv[token.index] ?? token.rawName, definitions);
    if (given.has(name) && !["strings", "list", "boolean"].includes(definition.type)) {
      throw wrong(`--${kebab(name)} is given twice.`, "It takes one value.");
    }
    given.add(name);
    list = definition.type === "list" ? listSoFar(values[name], token) : null;
    values[name] = list ?? read(name, definition, token, values[name]);
  }
  return values as ArgValues<A>;
}

/** What was given before, and `--retry-failed=a`. */
function listSoFar(before: Value, { value }: OptionToken): string[] {
  return [...(Array.isArray(before) ? before : []), ...(value === undefined ? [] : [value])];
}

/** `lockWait` to `lock-wait`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function tokensOf(argv: readonly string[], definitions: ArgDefs) {
  const options: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  for (const [name, { type, alias }] of Object.entries(definitions)) {
    options[kebab(name)] = {
      type: type === "boolean" || type === "list" ? "boolean" : "string",
      ...(alias && { short: alias }),
    };
  }
  return tokenize({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function nameOf(flag: string, definitions: ArgDefs): string | undefined {
  return Object.keys(definitions).find((name) => kebab(name) === flag);
}

function absent(definition: ArgDef): Value {
  if (definition.type === "boolean") return false;
  if (definition.type === "strings") return [];
  return definition.type === "integer" ? definition.default : undefined;
}

function read(name: string, definition: ArgDef, token: OptionToken, before: Value): Value {
  const flag = `--${kebab(name)}`;
  if (definition.type === "boolean") {
    if (token.value !== undefined)
      throw wrong(`${flag} takes no value (was ${quoted(token.value)}).`, `Write ${flag} alone.`);
    return true;
  }
  if (definition.type === "list") throw new Error("a list is read by parseArguments");
  const text = givenValue(flag, definition, token);
  switch (definition.type) {
    case "string":
      return text;
    case "strings":
      return [...(Array.isArray(before) ? before : []), text];
    case "enum":
      return chosen(flag, definition.options, text);
    case "integer":
      return integer(flag, definition, text);
  }
}

/** `--file --json` means a forgotten name, not a file called `--json`; `--file=--json` is that file. */
function givenValue(
  flag: string,
  definition: Exclude<ArgDef, { type: "boolean" | "list" }>,
  token: OptionToken,
): string {
  const hint = definition.type === "enum" ? definition.options.join("|") : definition.valueHint;
  const looksLikeOption = token.inlineValue !== true && /^-[^\d]/.test(token.value ?? "");
  if (token.value === undefined || token.value === "" || looksLikeOption) {
    throw wrong(`${flag} needs a value.`, `Write ${flag} <${hint}>.`);
  }
  return token.value;
}

function chosen(flag: string, options: readonly string[], text: string): string {
  const option = options.find((candidate) => candidate.toLowerCase() === text.toLowerCase());
  if (option !== undefined) return option;
  const meant = suggest(text, options);
  const hint = meant === null ? "" : ` Did you mean ${meant}?`;
  throw wrong(`${flag} cannot be ${quoted(text)}.`, `It is one of ${options.join(", ")}.${hint}`);
}

function integer(flag: string, { min, max }: { min: number; max: number }, text: string): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw wrong(`${flag} cannot be ${quoted(text)}.`, `It is a whole number from ${min} to ${max}.`);
}

function unknownOption(written: string, definitions: ArgDefs): Failure {
  const flag = written.replace(/=.*$/s, "");
  const meant = suggest(flag.replace(/^-+/, ""), Object.keys(definitions).map(kebab));
  return wrong(`Unknown option ${flag}.`, meant === null ? "--help lists the options." : `Did you mean --${meant}?`);
}

function leftOver(text: string, definitions: ArgDefs): Failure {
  const file = Object.hasOwn(definitions, "file") ? ` A file is given with --file ${text}.` : "";
  return wrong(`Unexpected argument ${quoted(text)}.`, `--help lists the options.${file}`);
}

function wrong(message: string, hint: string): Failure {
  return new Failure("usage", message, { code: "usage", hint });
}

const quoted = (text: string): string => JSON.stringify(text);
