import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { platformKey } from "../delivery/platform-world.ts";
import { Simulation } from "../delivery/simulation.ts";
import { temporaryFolders } from "./temporary-folder.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const makeFolder = temporaryFolders();
let world: Simulation;
beforeEach(() => {
  world = new Simulation(makeFolder(), 4);
  for (let id = 1; id <= 4; id++) world.addFile(id, 10);
});
afterEach(async () => {
  await world.stop();
});

const batches = { method: "POST", path: "/accounts/*/trades" };
const told = () => world.alerts.map(({ at, alert }) => `${at} ${alert.condition} ${alert.state}`);
const cycles = async (count: number): Promise<number[]> => {
  const codes: number[] = [];
  for (let cycle = 0; cycle < count; cycle++) codes.push((await world.cycle()).code);
  return codes;
};

test("a quiet day: nobody hears anything but pings", async () => {
  expect(await cycles(8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(told()).toEqual([]);
  expect(world.pings).toEqual(Array.from({ length: 8 }, () => ["/start", "/"]).flat());
});

test("a night without the platform: each condition once, again after six hours, and when it is over", async () => {
  await cycles(1); // 18:00
  for (let id = 1; id <= 4; id++) world.addFile(id, 10);
  world.outage({ ...batches, answer: "cut" });
  await cycles(1); // 18:15: all accounts have a batch on disk
  world.outage({ answer: "cut" });
  await cycles(9 * 4);
  world.outage();
  await cycles(2);
  const lines = told();
  expect(lines.map((line) => line.slice(6))).toEqual([
    "no_success raised",
    "buffer_old raised",
    "no_success reminder",
    "buffer_old reminder",
    "buffer_old over",
    "no_success over",
  ]);
  expect(lines[0]).toMatch(/^19:[01]/);
  expect(lines[1]).toMatch(/^20:[1-3]/);
  expect(lines[2]).toMatch(/^01:[01]/);
});

test("the key is refused: critical, once, though it goes on; over with a good key", async () => {
  expect(await cycles(1)).toEqual([0]);
  world.outage({ status: 401 });
  expect(await cycles(3)).toEqual([77, 77, 77]);
  expect(told()).toEqual(["18:15 key_refused raised"]);
  const [first] = world.alerts;
  expect(first?.alert).toMatchObject({ severity: "critical", worker: "trade_importer" });
  expect(first?.text).toContain("CRITICAL: the platform refuses the API key");
  expect(first?.text).toContain("What to do: Make a new key");
  world.outage();
  expect(await cycles(2)).toEqual([0, 0]);
  expect(told()).toEqual(["18:15 key_refused raised", "19:00 key_refused over"]);
});

test("more than half of the accounts fail, and their batches wait for a person", async () => {
  for (const id of [1, 2, 3]) world.platform.addFault({ method: "POST", path: `/accounts/${id}/trades`, status: 400 });
  expect(await cycles(4)).toEqual([4, 4, 4, 4]);
  expect(told()).toEqual(["18:00 most_failed raised", "18:00 batches_failed raised"]);
  expect(world.alerts[1]?.text).toContain("3 batches need a person");
  expect(world.filesIn("failed")).toHaveLength(3); // one an account, though each was refused four times
  world.outage();
  expect(await cycles(1)).toEqual([0]);
  expect(told().slice(2)).toEqual(["19:00 most_failed over"]);
  const retried = await world.run(["flush-buffer", "--retry-failed"]);
  expect(retried).toMatchObject({ code: 0, result: { failed: 0, waiting: 0 } });
  expect(told().slice(3)).toEqual(["19:15 batches_failed over"]);
  expect(await cycles(1)).toEqual([0]);
  expect(told()).toHaveLength(4);
});

describe("whoever should be told does not listen", () => {
  test("the cycle is as it was, and the next one tells; once", async () => {
    world.outage({ status: 401 });
    world.receiverStatus = 500;
    const { code, lines } = await world.cycle();
    expect(code).toBe(77);
    expect(lines.filter(({ event }) => event === "alert_not_sent")).toMatchObject([
      { level: "error", alert: "key_refused", channel: "webhook", message: "the webhook answered 500" },
    ]);
    expect(lines.filter(({ event }) => event === "ping_failed")).toHaveLength(2);
    expect(told()).toEqual([]);
    world.receiverStatus = 200;
    await cycles(2);
    expect(told()).toEqual(["18:15 key_refused raised"]);
  });

  test("no secret leaves, nor stands in what is kept", async () => {
    world.receiverStatus = 500;
    world.outage({ status: 401, body: JSON.stringify({ message: `Unknown key ${platformKey}` }) });
    const { lines } = await world.cycle();
    world.receiverStatus = 200;
    await world.cycle();
    const state = readFileSync(join(world.folder, "data/trade_importer.alerts.json"), "utf8");
    const status = readFileSync(join(world.folder, "data/trade_importer.status.json"), "utf8");
    const all = JSON.stringify([lines, world.alerts, state, status]);
    for (const secret of [platformKey, "sesame-opens"]) expect(all).not.toContain(secret);
    expect(world.alerts).toHaveLength(1);
  });
});

test("a dry run tells nobody and leaves nothing", async () => {
  world.outage({ status: 401 });
  const { code } = await world.run(["import-trades", "--dry-run"]);
  expect(code).toBe(77);
  expect([told(), world.pings]).toEqual([[], []]);
  expect(() => statSync(join(world.folder, "data"))).toThrow("ENOENT");
});

test("pings carry the exit code", async () => {
  world.outage({ path: "/ping", status: 401 });
  await cycles(1);
  world.outage({ path: "/ping", answer: "cut" });
  await cycles(1);
  expect(world.pings).toEqual(["/start", "/77", "/start", "/69"]);
});

test("metrics: one file, whole, for another user to read; totals go on over runs", async () => {
  await cycles(1);
  for (let id = 1; id <= 4; id++) world.addFile(id, 5);
  await cycles(1);
  const path = join(world.folder, "metrics/ami_workers_trade_importer.prom");
  expect(statSync(path).mode & 0o777).toBe(0o644);
  const text = readFileSync(path, "utf8");
  const sample = (series: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${series} `))
      ?.split(" ")[1];
  const worker = 'worker="trade_importer"';
  expect(sample(`ami_executions{${worker},result="created"}`)).toBe("20");
  expect(sample(`ami_executions_total{${worker},result="created"}`)).toBe("60");
  expect(sample(`ami_accounts{${worker},result="ok"}`)).toBe("4");
  expect(sample(`ami_runs_total{${worker}}`)).toBe("2");
  expect(sample(`ami_last_run_exit_code{${worker}}`)).toBe("0");
  expect(sample(`ami_last_success_timestamp_seconds{${worker}}`)).toBe(String(Date.UTC(2026, 1, 9, 18, 15) / 1_000));
  expect(sample(`ami_buffer_files{${worker}}`)).toBe("0");
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) ami_\w+ .+|ami_\w+\{\w+="[^"]*"(,\w+="[^"]*")*\} -?[0-9.e+]+)$/);
  }
});
