import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Fault } from "../../src/journal/serve/faults.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { Simulation } from "./simulation.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const makeFolder = temporaryFolders();
let world: Simulation;
beforeEach(() => {
  world = new Simulation(makeFolder(), 3);
});
afterEach(async () => {
  await world.stop();
});

const batches = { method: "POST", path: "/accounts/*/trades" };
const call = (...argv: string[]) => world.run(argv);
async function list() {
  const { result } = await call("flush-buffer", "--list");
  return (result as { batches: { state: string; account_id: number; attempts: number }[] }).batches;
}

/** Each account has its executions, each once, and nothing is left on disk. */
async function expectAllDelivered(): Promise<void> {
  for (const [accountId, ids] of world.truth) expect((await world.stored(accountId)).sort()).toEqual([...ids].sort());
  for (const name of ["pending", "failed", "quarantine"]) expect([name, world.filesIn(name)]).toEqual([name, []]);
}

/** A batch of each account on disk. */
async function keepThree(): Promise<void> {
  for (const id of world.truth.keys()) world.addFile(id, 25);
  world.outage({ ...batches, answer: "cut" });
  expect((await call("import-trades")).code).toBe(69);
  expect(world.filesIn("pending")).toHaveLength(3);
  world.outage();
}

describe("an answer of the platform to a batch on disk", () => {
  const cases: [string, Fault, { code: number; pending: number; failed: number; attempts?: number }][] = [
    ["200 in HTML, and then as it should be", { answer: "html", times: 2 }, { code: 0, pending: 0, failed: 0 }],
    ["200 in HTML", { answer: "html" }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
    [
      "200 with an empty body, though it stored",
      { answer: "empty", after: true },
      { code: 3, pending: 1, failed: 0, attempts: 0 },
    ],
    ["half a body, though it stored", { answer: "truncated" }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
    ["cut off after it stored", { answer: "cut", after: true }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
    ["slow", { delayMs: 1_500 }, { code: 0, pending: 0, failed: 0 }],
    ["another shape", { status: 200, body: '{"data":{}}' }, { code: 3, pending: 1, failed: 0, attempts: 1 }],
    ["a redirect", { redirect: "/login" }, { code: 78, pending: 3, failed: 0, attempts: 0 }],
    ["400", { status: 400 }, { code: 3, pending: 0, failed: 1 }],
    ["401", { status: 401 }, { code: 77, pending: 3, failed: 0, attempts: 0 }],
    ["403", { status: 403 }, { code: 77, pending: 3, failed: 0, attempts: 0 }],
    ["404", { status: 404 }, { code: 3, pending: 0, failed: 1 }],
    ["405", { status: 405 }, { code: 78, pending: 3, failed: 0, attempts: 0 }],
    ["408", { status: 408 }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
    ["409 without a code", { status: 409 }, { code: 3, pending: 0, failed: 1 }],
    [
      "409, still in progress",
      { status: 409, headers: { "Retry-After": "1" }, times: 1 },
      { code: 0, pending: 0, failed: 0 },
    ],
    ["410", { status: 410 }, { code: 3, pending: 0, failed: 1 }],
    ["413 once", { status: 413, times: 1 }, { code: 0, pending: 0, failed: 0 }],
    ["413 whatever its size", { status: 413 }, { code: 3, pending: 0, failed: 1 }],
    ["418", { status: 418 }, { code: 3, pending: 0, failed: 1 }],
    ["419", { status: 419 }, { code: 78, pending: 3, failed: 0, attempts: 0 }],
    ["422 as a whole", { status: 422, body: '{"message":"no"}' }, { code: 3, pending: 0, failed: 1 }],
    [
      "422 that names an item",
      { status: 422, body: '{"message":"no","errors":{"executions.0.symbol":["?"]}}', times: 1 },
      { code: 0, pending: 0, failed: 1 },
    ],
    ["422 in HTML", { status: 422, body: "<html>" }, { code: 3, pending: 0, failed: 1 }],
    ["429 once", { status: 429, headers: { "Retry-After": "1" }, times: 1 }, { code: 0, pending: 0, failed: 0 }],
    ["500", { status: 500 }, { code: 3, pending: 1, failed: 0, attempts: 1 }],
    ["500 in HTML", { status: 500, body: "<html>" }, { code: 3, pending: 1, failed: 0, attempts: 1 }],
    ["500 once", { status: 500, times: 1 }, { code: 0, pending: 0, failed: 0 }],
    ["502", { status: 502, body: "<html>" }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
    ["503 once", { status: 503, headers: { "Retry-After": "1" }, times: 1 }, { code: 0, pending: 0, failed: 0 }],
    ["504", { status: 504, body: "" }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
    ["507", { status: 507, body: "" }, { code: 3, pending: 1, failed: 0, attempts: 0 }],
  ];

  test.each(cases)("%s", async (_name, fault, expected) => {
    await keepThree();
    const [first] = await list();
    world.outage({ ...batches, path: `/accounts/${first?.account_id}/trades`, ...fault });
    const ended = await call("flush-buffer");
    const pending = (await list()).filter(({ state }) => state === "pending");
    expect({
      code: ended.code,
      pending: pending.length,
      failed: world.filesIn("failed").filter((name) => name.endsWith(".json")).length,
    }).toEqual({
      code: expected.code,
      pending: expected.pending,
      failed: expected.failed,
    });
    if (expected.attempts !== undefined) expect(pending[0]?.attempts).toBe(expected.attempts);
    expect(world.filesIn("quarantine")).toEqual([]);
    // However it went, once the platform is well everything is there, once.
    world.outage();
    expect([0, 3]).toContain((await call("flush-buffer", "--retry-failed")).code);
    expect((await call("import-trades")).code).toBe(0);
    await expectAllDelivered();
  });

  test("500 three times: in failed/, with an alert in the log; the account goes on from where the platform is", async () => {
    await keepThree();
    const [first] = await list();
    world.outage({ ...batches, path: `/accounts/${first?.account_id}/trades`, status: 500 });
    const codes = [];
    for (let attempt = 1; attempt <= 3; attempt++) codes.push((await call("flush-buffer")).code);
    expect(codes).toEqual([3, 3, 3]);
    expect((await list()).map(({ state, attempts }) => [state, attempts])).toEqual([["failed", 3]]);
    world.outage();
    const next = await call("import-trades");
    expect(next.code).toBe(0);
    expect((await call("flush-buffer", "--retry-failed")).code).toBe(0);
    await expectAllDelivered();
  });
});
