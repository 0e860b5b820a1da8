import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cases, type Recording, replay } from "./replay.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exchanges-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The recordings of a broker, with another kind of executions. */
async function replayAs(broker: string, field: string, kind: string) {
  const outcomes = [];
  for (const { path } of cases().filter((found) => found.broker === broker)) {
    const text = await Bun.file(path).text();
    const changed = text.replaceAll(new RegExp(`("${field}": *)"(?:Trade|trade|1)"`, "g"), `$1"${kind}"`);
    if (changed === text) continue;
    const recording = JSON.parse(changed) as Recording;
    outcomes.push(await replay(broker, recording, mkdtempSync(join(folder, "data-"))));
  }
  expect(outcomes.length).toBeGreaterThan(0);
  return outcomes;
}

/** Names that every object has, and no table of ours. */
test.each(["constructor", "toString", "__proto__"])("a kind of executions that is called %s is none", async (kind) => {
  await expect(replayAs("bybit", "execType", kind)).rejects.toThrow(`the type "${kind}", which this version does not`);
  await expect(replayAs("kucoin", "tradeType", kind)).rejects.toThrow(
    `the type "${kind.toLowerCase()}", which this version does not`,
  );
  const made = await replayAs("okx", "subType", kind);
  const types = new Set(made.flatMap(({ executions }) => executions.map(({ type }) => type)));
  expect([...types].filter((type) => typeof type !== "string")).toEqual([]);
});
