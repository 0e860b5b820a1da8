import { afterEach, describe, expect, test } from "bun:test";
import type { Fault } from "../../src/journal/serve/faults.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { Simulation } from "./simulation.ts";

const makeFolder = temporaryFolders();
let simulation: Simulation | null = null;
afterEach(async () => {
  await simulation?.stop();
  simulation = null;
});

const start = (accounts: number) => {
  simulation = new Simulation(makeFolder(), accounts);
  return simulation;
};
const batches = { method: "POST", path: "/accounts/*/trades" };
const hours = (count: number) => count * 4;
const runMsMax = 60_000;

const outages: [string, Fault[]][] = [
  ["nothing answers", [{ answer: "cut" }]],
  ["maintenance", [{ status: 503, headers: { "Retry-After": "120" } }]],
  ["a proxy without an application", [{ status: 502, headers: { "Content-Type": "text/html" }, body: "<html>" }]],
  ["a proxy that waits in vain", [{ status: 504, body: "" }]],
  ["rate limits for ever", [{ status: 429, headers: { "Retry-After": "60" } }]],
  ["errors everywhere", [{ status: 500 }]],
  ["batches alone are cut off", [{ ...batches, answer: "cut" }]],
  ["batches alone are put off", [{ ...batches, status: 503, headers: { "Retry-After": "60" } }]],
  ["batches alone are cut off after they were stored", [{ ...batches, answer: "cut", after: true }]],
  ["batches of all accounts are answered with an error", [{ ...batches, status: 500 }]],
];

describe("eight hours of outage", () => {
  test.each(outages)(
    "%s: nothing in failed/, everything delivered after, each account's in order",
    async (_name, faults) => {
      const world = start(4);
      for (let id = 1; id <= 4; id++) world.addFile(id, 20);
      expect((await world.cycle()).code).toBe(0);
      // The platform goes away in the middle of a cycle: after some batches.
      for (let id = 1; id <= 4; id++) world.addFile(id, 30);
      world.outage(...faults.map((fault) => ({ ...batches, ...fault, skip: 3 })));
      await world.cycle();
      const kept = world.filesIn("pending").length;
      expect(kept).toBeGreaterThan(0);
      for (let cycle = 0; cycle < hours(8); cycle++) {
        world.outage(...faults);
        if (cycle % 8 === 0) for (let id = 1; id <= 4; id++) world.addFile(id, 10);
        const { code } = await world.cycle();
        expect([4, 69]).toContain(code);
        expect(world.filesIn("failed")).toEqual([]);
        expect(world.filesIn("quarantine")).toEqual([]);
      }
      expect(world.filesIn("pending").length).toBeGreaterThanOrEqual(kept);
      world.outage();
      const before = world.platform.requests.length;
      expect((await world.cycle()).code).toBe(0);
      expect(world.filesIn("pending")).toEqual([]);
      expect(world.filesIn("failed")).toEqual([]);
      expect(world.journal.counts()).toMatchObject({ executions: 4 * (20 + 30 + 40) });
      expectInOrder(world, before);
    },
    runMsMax,
  );
});

/** An account's batches each stand on the checkpoint that the one before led to: none was sent out of turn, none was refused. */
function expectInOrder({ platform }: Simulation, from: number): void {
  const versions = new Map<string, number[]>();
  for (const { method, path, body, status } of platform.requests.slice(from)) {
    if (method !== "POST" || !/^\/accounts\/\d+\/trades$/.test(path)) continue;
    expect([200, 409]).toContain(status ?? 0);
    const { expected_checkpoint_version: version } = JSON.parse(body) as { expected_checkpoint_version?: number };
    if (version !== undefined) versions.set(path, [...(versions.get(path) ?? []), version]);
  }
  expect(versions.size).toBe(4);
  for (const list of versions.values()) expect(list).toEqual([...list].sort((a, b) => a - b));
}
