import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Buffer, Entry } from "../../src/delivery/buffer.ts";
import { writeDurably } from "../../src/delivery/durable.ts";
import { Failure } from "../../src/errors.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { batch, openBuffer } from "./batches.ts";
import { Crash, faultyDisk, type Trouble } from "./faulty-disk.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const makeFolder = temporaryFolders();
const filesIn = (folder: string, name: string) =>
  existsSync(join(folder, name)) ? readdirSync(join(folder, name)).sort() : [];

interface Step {
  /** What was there before. */
  before: (buffer: Buffer) => void;
  run: (buffer: Buffer) => void;
  /** Where the batch may be when it did not get to its end, and where it is when it did. */
  between: string[];
  ends: string;
}

const only = (entries: Entry[]): Entry => {
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) throw new Error(`there are ${entries.length} batches, not 1`);
  return entry;
};
const kept = (buffer: Buffer) => buffer.keep(batch(1), "away");
const failed = (buffer: Buffer) => {
  kept(buffer);
  const entry = only(buffer.pending());
  buffer.noteAttempt(entry, "500");
  buffer.fail(entry, "no");
};

/** Everything that changes the buffer. */
const steps: Record<string, Step> = {
  keep: { before: () => undefined, run: kept, between: ["nowhere", "pending"], ends: "pending" },
  "keep beside others": {
    before: (buffer) => buffer.keep(batch(2, { accountId: 8 }), "away"),
    run: kept,
    between: ["nowhere", "pending"],
    ends: "pending",
  },
  "set aside": {
    before: () => undefined,
    run: (buffer) => buffer.setAside(batch(1), "no"),
    between: ["nowhere", "failed"],
    ends: "failed",
  },
  "set aside again, in place of the earlier one": {
    before: (buffer) => buffer.setAside(batch(1, { key: "key-00000009" }), "no"),
    run: (buffer) => buffer.setAside(batch(1), "no"),
    between: ["failed", "earlier one"],
    ends: "failed",
  },
  "note an attempt": {
    before: kept,
    run: (buffer) => void buffer.noteAttempt(only(buffer.pending()), "500"),
    between: ["pending"],
    ends: "pending",
  },
  fail: {
    before: kept,
    run: (buffer) => buffer.fail(only(buffer.pending()), "no"),
    between: ["pending", "failed"],
    ends: "failed",
  },
  retry: {
    before: failed,
    run: (buffer) => buffer.retry(only(buffer.failed().entries)),
    between: ["pending", "failed"],
    ends: "pending",
  },
  "be delivered": {
    before: kept,
    run: (buffer) => {
      buffer.delivered(only(buffer.pending()));
      buffer.settle();
    },
    between: ["pending", "nowhere"],
    ends: "nowhere",
  },
  remove: {
    before: kept,
    run: (buffer) => buffer.remove(only(buffer.pending())),
    between: ["pending", "nowhere"],
    ends: "nowhere",
  },
};

/** Where the batch is, whole; every other file is explained by the sweep. */
function placeOf(folder: string): string {
  const { buffer, log } = openBuffer(folder);
  buffer.sweep();
  const places = [
    ...buffer.pending().map((entry) => ({ place: "pending", entry })),
    ...buffer.failed().entries.map((entry) => ({ place: "failed", entry })),
  ].filter(({ entry }) => entry.accountId === 7);
  for (const { entry } of places) expect(buffer.open(entry)?.body).toBe(batch(1).body);
  expect(log.events().filter((event) => event !== "buffer_swept")).toEqual([]);
  expect([...filesIn(folder, "pending"), ...filesIn(folder, "failed")].filter((name) => name.endsWith(".tmp"))).toEqual(
    [],
  );
  for (const name of ["pending", "failed"]) {
    const files = filesIn(folder, name);
    for (const count of files.filter((file) => file.endsWith(".attempts"))) {
      expect(files).toContain(count.replace(/attempts$/, "json"));
    }
  }
  const names = places.map(({ place, entry }) => (entry.key === "key-00000009" ? "earlier one" : place));
  return names.at(-1) ?? "nowhere";
}

/** As many calls as a step makes without trouble. */
function callsOf({ before, run }: Step): number {
  const folder = makeFolder();
  before(openBuffer(folder).buffer);
  const disk = faultyDisk(Number.POSITIVE_INFINITY, "EIO");
  run(openBuffer(folder, { disk }).buffer);
  return disk.calls();
}

describe.each(Object.entries(steps))("%s", (_name, step) => {
  const calls = callsOf(step);

  test("without trouble", () => {
    expect(calls).toBeGreaterThan(1);
    const folder = makeFolder();
    step.before(openBuffer(folder).buffer);
    step.run(openBuffer(folder).buffer);
    expect(placeOf(folder)).toBe(step.ends);
  });

  test.each(["crash", "crash-after"] as const)(
    "%s at each call: nothing lost, nothing cut, the next run tidies up",
    (trouble) => {
      for (let at = 1; at <= calls; at++) {
        const folder = makeFolder();
        step.before(openBuffer(folder).buffer);
        expect(() => step.run(openBuffer(folder, { disk: faultyDisk(at, trouble) }).buffer)).toThrow(Crash);
        expect(step.between).toContain(placeOf(folder));
      }
    },
  );

  test.each(["ENOSPC", "EIO", "EROFS", "EACCES"] as Trouble[])(
    "%s at each call: a failure that says so, or done",
    (trouble) => {
      for (let at = 1; at <= calls; at++) {
        const folder = makeFolder();
        step.before(openBuffer(folder).buffer);
        const { buffer } = openBuffer(folder, { disk: faultyDisk(at, trouble) });
        let done = true;
        try {
          step.run(buffer);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          expect(error).toMatchObject({ kind: "unavailable", detail: { code: "buffer_unwritable" } });
          done = false;
        }
        const place = placeOf(folder);
        expect(step.between.concat(done ? step.ends : [])).toContain(place);
      }
    },
  );

  test("short writes at each call change nothing", () => {
    for (let at = 1; at <= calls; at++) {
      const folder = makeFolder();
      step.before(openBuffer(folder).buffer);
      step.run(openBuffer(folder, { disk: faultyDisk(at, "short") }).buffer);
      expect(placeOf(folder)).toBe(step.ends);
    }
  });
});

test("a disk that takes nothing and says nothing is no endless loop", () => {
  const folder = makeFolder();
  const disk = { ...faultyDisk(0, "EIO"), write: () => 0 };
  expect(() => writeDurably(join(folder, "a"), "text", disk)).toThrow("nothing more could be written");
  expect(readdirSync(folder)).toEqual([]);
});

test("a file that is shorter than what was written is no success", () => {
  const folder = makeFolder();
  const disk = { ...faultyDisk(0, "EIO"), size: () => 3 };
  expect(() => writeDurably(join(folder, "a"), "text", disk)).toThrow("has 3 bytes instead of 4");
  expect(readdirSync(folder)).toEqual([]);
});
