import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Disk, systemDisk } from "../../src/delivery/disk.ts";
import { attemptsMax } from "../../src/delivery/flush.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { batch, openBuffer, platformName, startMs } from "./batches.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const makeFolder = temporaryFolders();
let folder = "";
beforeEach(() => {
  folder = makeFolder();
});

const open = (options = {}) => openBuffer(folder, options);
const filesIn = (name: string) => (existsSync(join(folder, name)) ? readdirSync(join(folder, name)).sort() : []);

describe("what is kept", () => {
  test("nothing is made on disk before there is something to keep", () => {
    const { buffer } = open();
    expect(buffer.pending()).toEqual([]);
    buffer.sweep();
    expect(buffer.full()).toBeNull();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a file's name says when and whose, and only its owner can read it", () => {
    open().buffer.keep(batch(1), "the platform is away");
    expect(filesIn("pending")).toEqual(["2026-02-09_10-30_user42_1770633015123-0000_key-00000001.json"]);
    const path = join(folder, "pending", filesIn("pending")[0] ?? "");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "pending")).mode & 0o777).toBe(0o700);
  });

  test("it comes back byte for byte, in the order in which it came, in another process too", () => {
    const { buffer } = open();
    const batches = [3, 1, 2].map((number) => batch(number));
    for (const one of batches) buffer.keep(one, "away");
    const again = open().buffer;
    expect(again.pending().map((entry) => again.open(entry))).toEqual(batches);
  });

  test("it is written for a person to read: one JSON object, the batch in it as JSON too", () => {
    const { buffer } = open();
    buffer.keep(batch(1), "network: connection refused", 1);
    const file = JSON.parse(readFileSync(buffer.pending()[0]?.path ?? "", "utf8"));
    expect(file).toMatchObject({
      v: 1,
      user_id: 42,
      account_id: 7,
      platform: platformName,
      idempotency_key: "key-00000001",
      created_at: "2026-02-09T10:30:15.123Z",
      reason: "network: connection refused",
      attempts: 1,
      executions: 1,
      trades: 0,
      bytes: new TextEncoder().encode(batch(1).body).length,
      body: { executions: [{ external_id: "e1", note: "sécret ✓" }] },
    });
  });

  test("identifiers are what they were: a number, a text, one that no file name can hold", () => {
    const { buffer } = open();
    const ids = [7, "7", "../../../etc/passwd", "né€ \n%00", "x".repeat(400)];
    for (const [index, userId] of ids.entries()) buffer.keep(batch(index, { userId, accountId: userId }), "away");
    expect(buffer.pending().map(({ userId, accountId }) => [userId, accountId])).toEqual(ids.map((id) => [id, id]));
    expect(readdirSync(folder)).toEqual(["pending"]);
  });

  test("a reason of any length and content leaves it whole", () => {
    const { buffer } = open();
    buffer.keep(batch(1), `\n  "body": {"}\n}\n${"é".repeat(100_000)}`);
    const [entry] = buffer.pending();
    expect(entry?.reason).toStartWith('\n  "body": {"}\n}\né');
    expect(entry && buffer.open(entry)).toEqual(batch(1));
  });

  test("the order holds when the clock is set back, and when it jumps", () => {
    const jumps = [0, -86_400_000, 3_600_000_000, -7_200_000_000, 1];
    for (const [index, jumpMs] of jumps.entries()) {
      const { buffer, clock } = open();
      clock.advance(jumpMs);
      buffer.keep(batch(index), "away");
      buffer.keep(batch(index + 100), "away");
    }
    const { buffer } = open();
    const order = buffer.pending().map(({ key }) => Number(key.slice(4)));
    expect(order).toEqual([0, 100, 1, 101, 2, 102, 3, 103, 4, 104]);
    expect(buffer.state().oldestAgeMs).toBeGreaterThanOrEqual(0);
  });

  test("more than 9,999 in one millisecond stay in order", () => {
    const { buffer } = open();
    const pending = join(folder, "pending");
    buffer.keep(batch(1), "away");
    writeFileSync(
      join(pending, `2026-02-09_10-30_user42_${startMs}-9999_b.json`),
      readFileSync(buffer.pending()[0]?.path ?? ""),
    );
    const again = open().buffer;
    again.keep(batch(2), "away");
    expect(again.pending().map(({ order }) => order[1])).toEqual([0, 9_999, 10_000]);
  });
});

describe("attempts", () => {
  test("are counted beside the file, which stays as it is, and outlive the process", () => {
    const { buffer, clock } = open();
    buffer.keep(batch(1), "500", 1);
    const [entry] = buffer.pending();
    if (entry === undefined) throw new Error("it was kept");
    const before = readFileSync(entry.path);
    clock.advance(60_000);
    expect(buffer.noteAttempt(entry, "500 again")).toBe(2);
    const [again] = open().buffer.pending();
    expect(again).toMatchObject({
      attempts: 2,
      lastError: "500 again",
      lastAttemptMs: startMs + 60_000,
      reason: "500",
    });
    expect(readFileSync(entry.path)).toEqual(before);
    const beside = JSON.parse(readFileSync(entry.path.replace(/json$/, "attempts"), "utf8"));
    expect(beside).toEqual({ attempts: 2, last_error: "500 again", last_attempt_at: "2026-02-09T10:31:15.123Z" });
  });

  test("go with the batch: to failed/, back, and away", () => {
    const { buffer } = open();
    buffer.keep(batch(1), "500");
    const [entry] = buffer.pending();
    if (entry === undefined) throw new Error("it was kept");
    for (let attempt = 1; attempt <= attemptsMax; attempt++) buffer.noteAttempt(entry, "500");
    buffer.fail(entry, "3 attempts");
    expect(filesIn("pending")).toEqual([]);
    const [failed] = buffer.failed().entries;
    expect(failed).toMatchObject({ attempts: 3, lastError: "3 attempts", reason: "500", key: "key-00000001" });
    if (failed === undefined) throw new Error("it failed");
    buffer.retry(failed);
    expect(filesIn("failed")).toEqual([]);
    const [retried] = buffer.pending();
    expect(retried).toMatchObject({ attempts: 0, lastError: "500" });
    if (retried === undefined) throw new Error("it was retried");
    buffer.remove(retried);
    expect(filesIn("pending")).toEqual([]);
  });

  test.each(["", "{", '{"attempts":"3"}', "\0\0\0\0"])(
    "a damaged count (%j) begins anew, the batch is as good as before",
    (text) => {
      const { buffer } = open();
      buffer.keep(batch(1), "away", 1);
      writeFileSync((buffer.pending()[0]?.path ?? "").replace(/json$/, "attempts"), text);
      const again = open().buffer;
      const [entry] = again.pending();
      expect(entry).toMatchObject({ attempts: 1, lastError: "away" });
      expect(entry && again.open(entry)).toEqual(batch(1));
    },
  );
});

describe("files that are no batch", () => {
  test("cut or changed at any byte: never delivered as something else, out of the way, no byte lost", () => {
    open().buffer.keep(batch(1), "away");
    const [name = ""] = filesIn("pending");
    const whole = readFileSync(join(folder, "pending", name));
    let setAside = 0;
    const disk: Disk = { ...systemDisk, sync: () => undefined }; // thousands of moves
    for (let at = 0; at < whole.length; at++) {
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      for (const bytes of [whole.subarray(0, at), changed]) {
        const damaged = "2026-02-09_10-30_user42_1770633015200-0000_x.json";
        writeFileSync(join(folder, "pending", damaged), bytes);
        const { buffer, log } = open({ disk });
        const read = buffer.pending().map((entry) => buffer.open(entry));
        expect(read[0]).toEqual(batch(1));
        for (const one of read.slice(1)) expect([null, batch(1)]).toContainEqual(one as never);
        const moved = filesIn("quarantine").length - setAside;
        expect(moved).toBe(filesIn("pending").includes(damaged) ? 0 : 1);
        expect(log.events()).toEqual(moved === 1 ? ["buffer_file_damaged"] : []);
        setAside += moved;
      }
    }
    expect(setAside).toBeGreaterThan(whole.length * 1.9);
  });

  test("others' files are set aside with all their bytes, nothing written over, and named in the log", () => {
    mkdirSync(join(folder, "pending"));
    for (const content of ["hello", "hello again"]) {
      writeFileSync(join(folder, "pending", "notes.txt"), content);
      const { buffer, log } = open();
      expect(buffer.pending()).toEqual([]);
      expect(log.lines).toMatchObject([
        { level: "error", event: "buffer_file_damaged", fields: { file: "notes.txt" } },
      ]);
    }
    expect(filesIn("quarantine").map((name) => readFileSync(join(folder, "quarantine", name), "utf8"))).toEqual([
      "hello",
      "hello again",
    ]);
  });

  test("folders, links and pipes: set aside unopened", () => {
    const pending = join(folder, "pending");
    mkdirSync(join(pending, "folder"), { recursive: true });
    writeFileSync(join(folder, "secret"), "elsewhere");
    symlinkSync(join(folder, "secret"), join(pending, "link.json"));
    Bun.spawnSync(["mkfifo", join(pending, "pipe.json")]);
    const { buffer } = open();
    buffer.keep(batch(1), "away");
    expect(buffer.pending()).toHaveLength(1);
    expect(filesIn("quarantine")).toEqual(["folder", "link.json", "pipe.json"]);
    expect(readFileSync(join(folder, "secret"), "utf8")).toBe("elsewhere");
  });

  test("one of a later format is kept for the program that reads it", () => {
    const { buffer } = open();
    buffer.keep(batch(1), "away");
    const path = buffer.pending()[0]?.path ?? "";
    writeFileSync(path, readFileSync(path, "utf8").replace('"v": 1', '"v": 2'));
    const again = open();
    expect(again.buffer.pending()).toEqual([]);
    expect(again.log.lines[0]?.fields.reason).toBe("it is of format 2, this program reads 1");
    expect(filesIn("quarantine")).toHaveLength(1);
  });

  test("another user's file is reported once, left where it is, and in nobody's way", () => {
    const { buffer: theirs } = open();
    theirs.keep(batch(1), "away");
    const { buffer, log } = open({ uid: (process.getuid?.() ?? 0) + 1 });
    expect(buffer.pending()).toEqual([]);
    expect(buffer.pending()).toEqual([]);
    expect(log.lines).toMatchObject([{ level: "error", event: "buffer_file_unreadable" }]);
    expect(filesIn("pending")).toHaveLength(1);
    expect(buffer.state()).toMatchObject({ files: 0, unreadable: 1 });
  });

  test("hidden files are nobody's batch", () => {
    mkdirSync(join(folder, "pending"));
    writeFileSync(join(folder, "pending", ".gitkeep"), "");
    const { buffer, log } = open();
    expect(buffer.pending()).toEqual([]);
    buffer.sweep();
    expect(filesIn("pending")).toEqual([".gitkeep"]);
    expect(log.events()).toEqual([]);
  });

  test("looking moves nothing", () => {
    mkdirSync(join(folder, "pending"));
    writeFileSync(join(folder, "pending", "notes.txt"), "hello");
    expect(open().buffer.look("pending").oddities).toMatchObject([{ kind: "damaged", name: "notes.txt", bytes: 5 }]);
    expect(open().buffer.state()).toMatchObject({ files: 0 });
    expect(filesIn("pending")).toEqual(["notes.txt"]);
  });
});

describe("what crashes leave behind", () => {
  test("unfinished files whose writer is gone, and counts without a batch, are swept; a live writer's are not", () => {
    const pending = join(folder, "pending");
    mkdirSync(pending);
    const gone = Bun.spawnSync(["true"]).pid;
    for (const name of [`a.json.${gone}.tmp`, "b.json.1.tmp", "c.attempts"]) writeFileSync(join(pending, name), "half");
    for (const name of [`x.status.json.${gone}.tmp`, "others.tmp"]) writeFileSync(join(folder, name), "half");
    const markets = join(folder, "cache/markets");
    mkdirSync(markets, { recursive: true });
    for (const name of [`binance-spot.json.${gone}.tmp`, "binance-spot.json"])
      writeFileSync(join(markets, name), "half");
    const { buffer } = open({ clock: { nowMs: () => Date.now() } });
    expect(buffer.pending()).toEqual([]);
    buffer.sweep();
    expect(filesIn("pending")).toEqual(["b.json.1.tmp"]); // process 1 lives
    expect(readdirSync(folder).sort()).toEqual(["cache", "others.tmp", "pending"]);
    expect(readdirSync(markets)).toEqual(["binance-spot.json"]);
    open({ clock: { nowMs: () => Date.now() + 3_700_000 } }).buffer.sweep();
    expect(filesIn("pending")).toEqual([]);
  });
});

describe("bounds", () => {
  const diskWith = (space: ReturnType<Disk["space"]>): Disk => ({ ...systemDisk, space: () => space });
  const limits = { filesMax: 3, bytesMax: 1_000_000, freeBytesMin: 0 };

  test("so many files, in all folders together; then it is full, and keeps what comes all the same", () => {
    const { buffer } = open({ limits });
    buffer.keep(batch(1), "away");
    buffer.setAside(batch(2), "400");
    expect(buffer.full()).toBeNull();
    buffer.keep(batch(3), "away");
    expect(buffer.full()).toBe("it has 3 files, and may have 3");
    buffer.keep(batch(4), "away");
    expect(buffer.pending()).toHaveLength(3);
    const [entry] = buffer.pending();
    if (entry) buffer.remove(entry);
    expect(buffer.full()).not.toBeNull();
    for (const other of buffer.pending()) buffer.remove(other);
    expect(buffer.full()).toBeNull();
  });

  test("so many bytes", () => {
    const { buffer } = open({ limits: { ...limits, filesMax: 100, bytesMax: 100 } });
    buffer.keep(batch(1), "away");
    expect(buffer.full()).toMatch(/^it has \d+ bytes, and may have 100$/);
  });

  test("so much free disk", () => {
    const { buffer } = open({ limits: { ...limits, freeBytesMin: Number.MAX_SAFE_INTEGER } });
    const { freeBytes } = buffer.state();
    expect(freeBytes).toBeGreaterThan(0);
    const whole = open({
      limits: { ...limits, freeBytesMin: 256 },
      disk: diskWith({ freeBytes: 255, totalBytes: 10_000 }),
    });
    expect(whole.buffer.full()).toBe("the disk has 255 bytes left, and 256 stay free");
    const small = open({
      limits: { ...limits, freeBytesMin: 256 },
      disk: diskWith({ freeBytes: 255, totalBytes: 1_000 }),
    });
    expect(small.buffer.full()).toBeNull();
  });
});

describe("failed/ holds each item once", () => {
  const reason = "422 no";

  test("an account that is refused in every cycle, with more each time, has one file", () => {
    const { buffer } = open();
    const ids = (...names: string[]) => ({
      body: JSON.stringify({ executions: names.map((external_id) => ({ external_id })), checkpoint: { v: 1 } }),
    });
    buffer.setAside(batch(1, ids("a")), reason);
    buffer.setAside(batch(2, ids("a", "b")), reason);
    buffer.setAside(batch(3, { ...ids("a"), accountId: 8 }), reason);
    buffer.setAside(batch(4, ids("b", "c")), reason);
    expect(buffer.failed().entries.map(({ key }) => Number(key.slice(4)))).toEqual([2, 3, 4]);
  });

  test("single items that were refused are not taken for a batch that holds them: the checkpoint is beyond them", () => {
    const { buffer } = open();
    buffer.setAside(batch(1), reason);
    buffer.setAside(batch(1, { checkpoint: true, key: "key-00000002" }), reason);
    buffer.setAside(batch(1, { key: "key-00000003" }), reason);
    expect(buffer.failed().entries.map(({ key }) => Number(key.slice(4)))).toEqual([2, 3]);
  });
});

test("what cannot be written is a failure that says so, and leaves nothing", () => {
  writeFileSync(join(folder, "pending"), "a file where the folder should be");
  expect(() => open().buffer.keep(batch(1), "away")).toThrow(
    expect.objectContaining({ kind: "unavailable", detail: expect.objectContaining({ code: "buffer_unwritable" }) }),
  );
  expect(readdirSync(folder)).toEqual(["pending"]);
});
