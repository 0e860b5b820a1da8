import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Buffer } from "../../src/delivery/buffer.ts";
import type { SealedBatch } from "../../src/journal/journal.ts";
import { fakeClock } from "../operation/fakes.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { recordingLog } from "./recording-log.ts";

const makeFolder = temporaryFolders();
let folder = "";
beforeEach(() => {
  folder = makeFolder();
});

function batch(number: number, change: Partial<SealedBatch> = {}): SealedBatch {
  const body = JSON.stringify({ executions: [{ external_id: `e${number}`, note: "sécret ✓" }] });
  return {
    accountId: 7,
    userId: 42,
    key: `key-${String(number).padStart(8, "0")}`,
    body,
    executions: 1,
    trades: 0,
    ...change,
  };
}

const clock = fakeClock(Date.UTC(2026, 1, 9, 10, 30, 15, 123));

function open() {
  const log = recordingLog();
  return { buffer: new Buffer(folder, { clock, log }), log };
}

test("nothing is made on disk before there is something to keep", () => {
  const { buffer } = open();
  expect(buffer.pending()).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test("a file's name says when and whose, and only its owner can read it", () => {
  open().buffer.keep(batch(1), "the platform is away");
  const [name = ""] = readdirSync(join(folder, "pending"));
  expect(name).toBe("2026-02-09_10-30_user42_1770633015123-0000_key-00000001.json");
  expect(statSync(join(folder, "pending", name)).mode & 0o777).toBe(0o600);
});

test("what is kept comes back byte for byte, in the order in which it came, in another process too", () => {
  const { buffer } = open();
  const batches = [3, 1, 2].map((number) => batch(number));
  for (const one of batches) buffer.keep(one, "away");
  const again = open().buffer;
  expect(again.pending().map((entry) => again.open(entry))).toEqual(batches);
});

test("it is written for a person to read", () => {
  const { buffer } = open();
  buffer.keep(batch(1), "network: connection refused");
  const [kept] = buffer.pending();
  const file = JSON.parse(readFileSync(kept?.path ?? "", "utf8"));
  expect(file).toMatchObject({
    v: 1,
    user_id: 42,
    account_id: 7,
    created_at: "2026-02-09T10:30:15.123Z",
    reason: "network: connection refused",
    executions: 1,
  });
});

test("what was delivered is gone, what failed is in failed/ with the reason", () => {
  const { buffer, log } = open();
  buffer.keep(batch(1), "away");
  buffer.keep(batch(2), "away");
  const [first, second] = buffer.pending();
  if (first === undefined || second === undefined) throw new Error("two batches were kept");
  buffer.remove(first);
  buffer.fail(second, "422 no");
  expect(readdirSync(join(folder, "pending"))).toEqual([]);
  expect(buffer.failed().entries).toMatchObject([{ key: "key-00000002", lastError: "422 no", reason: "away" }]);
  expect(log.events()).toEqual(["batch_buffered", "batch_buffered", "batch_failed"]);
});

describe("files that are no batch", () => {
  test("cut or changed at any byte: moved to quarantine, never delivered as something else, never in the way", () => {
    const { buffer } = open();
    buffer.keep(batch(1), "away");
    const [kept] = buffer.pending();
    const whole = readFileSync(kept?.path ?? "");
    const pending = join(folder, "pending");
    for (let at = 0; at < whole.length - 1; at += 1) {
      const changed = Uint8Array.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      for (const bytes of [whole.subarray(0, at), changed]) {
        writeFileSync(join(pending, "2026-02-09_10-30_user42_1770633015200-0000_x.json"), bytes);
        const { buffer: again } = open();
        const read = again.pending().map((entry) => again.open(entry));
        for (const one of read) if (one !== null) expect(one).toEqual(batch(1));
      }
    }
    expect(readdirSync(join(folder, "quarantine")).length).toBeGreaterThan(0);
    expect(
      open()
        .buffer.pending()
        .map(({ key }) => key),
    ).toContain("key-00000001");
  });

  test("others' files are set aside and named in the log", () => {
    mkdirSync(join(folder, "pending"));
    writeFileSync(join(folder, "pending", "notes.txt"), "hello");
    const { buffer, log } = open();
    buffer.keep(batch(1), "away");
    expect(buffer.pending()).toHaveLength(1);
    expect(existsSync(join(folder, "quarantine", "notes.txt"))).toBe(true);
    expect(log.events()).toEqual(["batch_buffered", "buffer_file_damaged"]);
  });

  test("an unfinished one of a crash is not read", () => {
    mkdirSync(join(folder, "pending"));
    writeFileSync(join(folder, "pending", "2026-02-09_10-30_user42_1770633015123-0000_k.json.tmp"), '{"v":1');
    const { buffer, log } = open();
    expect(buffer.pending()).toEqual([]);
    expect(log.events()).toEqual([]);
  });
});

test("what cannot be written throws, and leaves nothing", () => {
  writeFileSync(join(folder, "pending"), "a file where the folder should be");
  expect(() => open().buffer.keep(batch(1), "away")).toThrow("EEXIST");
  expect(readdirSync(folder)).toEqual(["pending"]);
});
