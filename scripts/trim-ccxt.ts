import type { BunPlugin } from "bun";

/** What the connectors call of an exchange's class; what these call in turn is found in the text. */
const roots = ["constructor", "describe", "sign", "handleErrors", "nonce"];

/**
 * Of these exchanges, which no other's class extends, only raw endpoints are used: what ccxt makes of answers and orders is four fifths of their modules, three megabytes of the
 * executable, and time at each start.
 */
const trimmed = /ccxt\/js\/src\/(kraken|kucoin|bitget|mexc|coinbase|hyperliquid)\.js$/;

export const trimCcxt: BunPlugin = {
  name: "trim-ccxt",
  setup(build) {
    build.onLoad({ filter: trimmed }, async ({ path }) => ({
      loader: "js",
      contents: trim(await Bun.file(path).text()),
    }));
  },
};

/** Leaves out the methods of a module's class that nothing reaches from the roots. ccxt's modules are generated, each line where it is expected. */
export function trim(source: string): string {
  const lines = source.split("\n");
  const methods = methodsOf(lines);
  const texts = new Map<string, string>();
  for (const { name, start, end } of methods)
    texts.set(name, `${texts.get(name) ?? ""}${lines.slice(start, end).join("\n")}`);
  const kept = new Set<string>();
  const queue = roots.filter((name) => texts.has(name));
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (kept.has(name)) continue;
    kept.add(name);
    for (const [, called = ""] of (texts.get(name) ?? "").matchAll(/\b(?:this|super)\.(\w+)/g))
      if (texts.has(called)) queue.push(called);
  }
  for (const { name, start, end } of methods) if (!kept.has(name)) lines.fill("", start, end);
  return lines.join("\n");
}

function methodsOf(lines: readonly string[]): { name: string; start: number; end: number }[] {
  const methods: { name: string; start: number; end: number }[] = [];
  for (let start = 0; start < lines.length; start++) {
    const [, name] = /^ {4}(?:async )?(\w+)\(.*\) \{$/.exec(lines[start] ?? "") ?? [];
    if (name === undefined) continue;
    const end = lines.indexOf("    }", start) + 1;
    if (end === 0) throw new Error(`${name} has no end`);
    methods.push({ name, start, end });
    start = end - 1;
  }
  return methods;
}
