import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latenessMs } from "../../../src/brokers/ccxt/read-stream.ts";
import { ccxtVenues } from "../../../src/brokers/ccxt/venues.ts";
import { cases, goldenOf, type Recording, replay } from "./replay.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "exchanges-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFolder = () => mkdtempSync(join(folder, "data-"));

test("every exchange that was tried has recorded bodies", () => {
  const recorded = new Set(cases().map(({ broker }) => broker));
  expect(ccxtVenues.filter(({ id, tested }) => tested && !recorded.has(id)).map(({ id }) => id)).toEqual([]);
});

describe.each(cases())("$broker/$name", (fixture) => {
  test("gives the executions beside it", async () => {
    expect(await goldenOf(fixture, newFolder())).toBe(await Bun.file(fixture.expected).text());
  });

  test("what is young enough to be read again is not given again", async () => {
    const recording = (await Bun.file(fixture.path).json()) as Recording;
    const { executions } = await replay(fixture.broker, recording, newFolder());
    const lastMs = Math.max(...executions.map(({ executedAtMs }) => executedAtMs));
    const at = (ms: number) => new Date(lastMs + ms).toISOString();
    const first = await replay(fixture.broker, { ...recording, now: at(10_000) }, newFolder());
    const young = first.executions.filter(({ executedAtMs }) => executedAtMs > lastMs + 10_000 - latenessMs);
    expect(young.length).toBeGreaterThan(0);
    // The bodies are the same whatever is asked for: what the venue would leave out comes once more.
    const again = await replay(fixture.broker, { ...recording, now: at(70_000) }, newFolder(), first.cursor);
    const ids = new Set(again.executions.map(({ externalId }) => externalId));
    expect(young.filter(({ externalId }) => ids.has(externalId))).toEqual([]);
  });

  test("ids are the broker's, unique, and in the order within market and symbol", async () => {
    const recording = (await Bun.file(fixture.path).json()) as Recording;
    const { executions } = await replay(fixture.broker, recording, newFolder());
    const ids = executions.map(({ externalId }) => externalId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { externalId, market, symbol } of executions) {
      expect(externalId).toStartWith(`${fixture.broker}:${market}:${symbol}:`);
    }
    for (const group of Map.groupBy(executions, ({ market, symbol }) => `${market} ${symbol}`).values()) {
      const times = group.map(({ executedAtMs }) => executedAtMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });
});
