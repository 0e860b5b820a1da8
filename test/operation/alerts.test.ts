import { beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { coolDownMs, reminderMs, tellAlerts } from "../../src/operation/alerts.ts";
import type { Channel, Message } from "../../src/operation/channels.ts";
import type { Condition, ConditionName, Judgement } from "../../src/operation/conditions.ts";
import { recordingLog } from "../delivery/recording-log.ts";
import { fakeClock } from "./fakes.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const makeFolder = temporaryFolders();
const minuteMs = 60_000;
let path = "";
/** A second place for what is remembered. */
let spare = "";
let clock = fakeClock();
let heard: { by: string; subject: string; message: Message }[] = [];
let deaf: string[] = [];
let log = recordingLog();
beforeEach(() => {
  path = join(makeFolder(), "alerts.json");
  spare = makeFolder();
  clock = fakeClock();
  heard = [];
  deaf = [];
  log = recordingLog();
});

function channel(name: Channel["name"]): Channel {
  return {
    name,
    async send(message) {
      if (deaf.includes(name)) throw new Error("sesame: connection refused");
      heard.push({ by: name, subject: message.subject.replace(/^\[.*?\] /, ""), message });
    },
  };
}

const condition = (name: ConditionName, title: string = name): Condition => ({
  name,
  severity: "error",
  title,
  detail: "Details with sesame in them.",
  hint: "Do something.",
});

/** A run later: what it found of `names` is that these hold, of the other judged ones that they do not. */
async function run(
  raised: ConditionName[],
  { judged = [] as ConditionName[], afterMs = 15 * minuteMs, channels = ["mail", "webhook"] as Channel["name"][] } = {},
) {
  const judgement: Judgement = {
    judged: new Set<ConditionName>([...raised, ...judged]),
    raised: raised.map((name) => condition(name)),
  };
  const from = heard.length;
  const active = await tellAlerts(judgement, {
    state: { name: basename(path), homes: [dirname(path), spare] },
    worker: "trade_importer",
    version: "1.2.3",
    channels: channels.map(channel),
    clock,
    log,
    redact: (text) => text.replaceAll("sesame", "[redacted]"),
  });
  clock.advance(afterMs);
  return { active, told: heard.slice(from).map(({ by, subject }) => `${by}: ${subject}`) };
}

test("begins, goes on, is over: each channel hears each once", async () => {
  expect(await run(["disk_low"])).toEqual({ active: ["disk_low"], told: ["mail: disk_low", "webhook: disk_low"] });
  for (let after = 15 * minuteMs; after < reminderMs; after += 15 * minuteMs) {
    expect(await run(["disk_low"])).toEqual({ active: ["disk_low"], told: [] });
  }
  const again = ["mail: still, for 6 h: disk_low", "webhook: still, for 6 h: disk_low"];
  expect((await run(["disk_low"])).told).toEqual(again);
  expect((await run(["disk_low"])).told).toEqual([]);
  expect(await run([], { judged: ["disk_low"] })).toEqual({
    active: [],
    told: ["mail: over: disk_low", "webhook: over: disk_low"],
  });
  expect((await run([], { judged: ["disk_low"] })).told).toEqual([]);
});

test("a run that could not find out says nothing, and forgets nothing", async () => {
  await run(["disk_low"]);
  expect(await run([])).toEqual({ active: ["disk_low"], told: [] });
  expect((await run(["disk_low"])).told).toEqual([]);
});

test("several in the order of their weight", async () => {
  const { told } = await run(["buffer_old", "key_refused", "disk_low"], { channels: ["mail"] });
  expect(told).toEqual(["mail: key_refused", "mail: disk_low", "mail: buffer_old"]);
});

test("what comes and goes every quarter of an hour is told once an hour", async () => {
  const told: string[] = [];
  for (let index = 0; index < 32; index++) {
    const raised: ConditionName[] = index % 2 === 0 ? ["most_failed"] : [];
    told.push(...(await run(raised, { judged: ["most_failed"], channels: ["mail"] })).told);
  }
  const begins = told.filter((line) => line === "mail: most_failed").length;
  expect(begins).toBeLessThanOrEqual(8 * (3_600_000 / coolDownMs));
  expect(begins).toBeGreaterThan(4);
});

describe("a channel that fails", () => {
  test("is tried again by the next run; the other one hears nothing twice; the log says so without the secret", async () => {
    deaf = ["mail"];
    expect((await run(["disk_low"])).told).toEqual(["webhook: disk_low"]);
    expect(log.lines.filter(({ event }) => event === "alert_not_sent")).toMatchObject([
      { level: "error", fields: { channel: "mail", message: "[redacted]: connection refused" } },
    ]);
    deaf = [];
    expect((await run(["disk_low"])).told).toEqual(["mail: disk_low"]);
  });

  test("is left alone for the rest of the run: each try may take its whole time", async () => {
    deaf = ["mail"];
    await run(["disk_low", "buffer_old", "no_success"], { channels: ["mail"] });
    expect(log.events().filter((event) => event === "alert_not_sent")).toHaveLength(1);
    deaf = [];
    expect((await run(["disk_low", "buffer_old", "no_success"], { channels: ["mail"] })).told).toHaveLength(3);
  });

  test("who never heard that it began is not told that it is over", async () => {
    deaf = ["mail"];
    await run(["disk_low"]);
    deaf = [];
    expect((await run([], { judged: ["disk_low"] })).told).toEqual(["webhook: over: disk_low"]);
  });

  test("that it is over is told later, too, but not for ever", async () => {
    await run(["disk_low"]);
    deaf = ["mail"];
    expect((await run([], { judged: ["disk_low"] })).told).toEqual(["webhook: over: disk_low"]);
    deaf = [];
    expect((await run([], { judged: ["disk_low"] })).told).toEqual(["mail: over: disk_low"]);
    await run(["disk_low"], { afterMs: coolDownMs });
    deaf = ["mail"];
    await run([], { judged: ["disk_low"], afterMs: 25 * 3_600_000 });
    await run([]);
    deaf = [];
    expect((await run([])).told).toEqual([]);
  });
});

test("a clock that is set back by a day brings no flood, and no silence for ever", async () => {
  await run(["disk_low"], { channels: ["mail"] });
  clock.advance(-24 * 3_600_000);
  expect((await run(["disk_low"], { channels: ["mail"] })).told).toEqual([]);
  clock.advance(24 * 3_600_000 + reminderMs);
  expect((await run(["disk_low"], { channels: ["mail"] })).told).toHaveLength(1);
});

test.each([
  "",
  "{",
  "[]",
  '{"v":2,"conditions":{}}',
  '{"v":1,"conditions":{"disk_low":{"sinceMs":"x"},"nonsense":{}}}',
])("kept as %j: as good as nothing", async (text) => {
  writeFileSync(path, text);
  expect((await run(["disk_low"], { channels: ["mail"] })).told).toEqual(["mail: disk_low"]);
  expect((await run(["disk_low"], { channels: ["mail"] })).told).toEqual([]);
});

test("what cannot be kept is told all the same, and the log says why it may come twice", async () => {
  path = join(path, "no-such-folder", "alerts.json");
  spare = join(spare, "nor-this-one");
  expect((await run(["disk_low"], { channels: ["mail"] })).told).toEqual(["mail: disk_low"]);
  expect(log.events()).toContain("alert_state_not_kept");
});

test("what the first place does not take is in the second, until the first one takes it again", async () => {
  const mail = { channels: ["mail"] as Channel["name"][] };
  const good = path;
  expect((await run(["disk_low"], mail)).told).toEqual(["mail: disk_low"]);
  // As on a disk that became read-only: what is there can be read, and nothing new is taken.
  renameSync(good, `${good}.kept`);
  mkdirSync(good);
  expect((await run(["disk_low", "key_refused"], mail)).told).toEqual(["mail: key_refused", "mail: disk_low"]);
  expect((await run(["disk_low", "key_refused"], mail)).told).toEqual([]);
  expect(readdirSync(spare)).toEqual(["alerts.json"]);
  rmSync(good, { recursive: true });
  renameSync(`${good}.kept`, good);
  utimesSync(good, new Date(0), new Date(0));
  expect((await run(["disk_low", "key_refused"], mail)).told).toEqual([]);
  expect(readdirSync(spare)).toEqual([]);
  expect(log.events()).not.toContain("alert_state_not_kept");
});

test("the file stays as long as it is, so that a full disk can take it", async () => {
  await run([], { judged: ["disk_low"] });
  const before = readFileSync(path).length;
  await run(["disk_low", "key_refused"]);
  expect([before, readFileSync(path).length]).toEqual([4_096, 4_096]);
});

test("without mail and webhook the log says it: once, with what to do", async () => {
  await run(["disk_low"], { channels: [] });
  await run(["disk_low"], { channels: [] });
  await run([], { judged: ["disk_low"], channels: [] });
  expect(log.lines.map(({ level, event, fields }) => [level, event, fields.alert])).toEqual([
    ["error", "alert", "disk_low"],
    ["info", "alert_over", "disk_low"],
  ]);
});

test("a message says what, since when, where, and what to do; and no secret", async () => {
  await run(["disk_low"], { channels: ["mail"] });
  const [first] = heard;
  expect(first?.message.text).toMatch(
    /^Details with \[redacted\] in them\.\n\nWhat to do: Do something\.\n\nsince {4}2026-02-09T10:30:15\.123Z\nhost {5}\S+\nworker {3}trade_importer\nversion {2}1\.2\.3\n$/,
  );
  expect(first?.message.fields).toMatchObject({ condition: "disk_low", state: "raised", until: null });
});

test("a folder that takes no new file still takes the state in place", async () => {
  await run(["disk_low"], { channels: ["mail"] });
  // Where a file beside cannot be made: its name is a folder's.
  mkdirSync(`${path}.${process.pid}.tmp`);
  expect((await run(["disk_low", "buffer_old"], { channels: ["mail"] })).told).toEqual(["mail: buffer_old"]);
  expect((await run(["disk_low", "buffer_old"], { channels: ["mail"] })).told).toEqual([]);
  expect(log.events()).not.toContain("alert_state_not_kept");
  chmodSync(path, 0o600);
});
