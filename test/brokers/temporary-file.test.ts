import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder, writeTemporary } from "../../src/brokers/temporary-file.ts";
import { failureOf } from "../journal/scripted.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";

const makeFolder = temporaryFolders();
let before: string | undefined;
beforeEach(() => {
  before = process.env.TMPDIR;
  process.env.TMPDIR = makeFolder();
});
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

describe("a temporary file", () => {
  test("can be read by nobody else, and is gone with its folder", async () => {
    let path: string;
    {
      await using folder = await temporaryFolder("sort", "A file");
      path = await writeTemporary(folder, "rows", (file) => file.writeFile("1\n"));
      expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual(["1\n", 0o600]);
      expect(path).toStartWith(join(process.env.TMPDIR ?? "", "ami-workers-sort-"));
    }
    expect(existsSync(path)).toBe(false);
  });

  test("that has no room is said as one, with what to do", async () => {
    await using folder = await temporaryFolder("sheet", "A workbook");
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const failure = await failureOf(writeTemporary(folder, "rows", () => Promise.reject(full)));
    expect(failure).toMatchObject({ kind: "disk", detail: { code: "no_temporary_space", retryable: true } });
    expect(failure.message).toStartWith(`A workbook needs room in ${process.env.TMPDIR}: ENOSPC`);
    expect(failure.detail.hint).toContain("TMPDIR");
  });

  test("that cannot be there, since its folder cannot, is the same", async () => {
    process.env.TMPDIR = join(makeFolder(), "not-there");
    const failure = await failureOf(temporaryFolder("sheet", "A workbook"));
    expect(failure).toMatchObject({ kind: "disk", detail: { code: "no_temporary_space" } });
  });

  test("whose writing fails in another way fails in that way", async () => {
    await using folder = await temporaryFolder("sort", "A file");
    const other = new Error("what is read is damaged");
    await expect(writeTemporary(folder, "rows", () => Promise.reject(other))).rejects.toBe(other);
  });
});
