import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { buildMsMax, executable, run } from "./executable.ts";

const makeFolder = temporaryFolders();
let cwd = "";
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  cwd = makeFolder();
});

describe("doctor, alone in an empty folder", () => {
  test("is content, says what is missing for a server, and leaves the folder empty", async () => {
    const { code, output, error } = await run(["doctor", "--offline"], { cwd });
    expect([code, error]).toEqual([0, ""]);
    expect(output).toContain("  warn   complete      no platform: trades go into a file on this machine\n");
    expect(output.trimEnd().split("\n").at(-1)).toMatch(/^Healthy: \d+ ok, \d+ warnings?, \d+ skipped\.$/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("--json is one object", async () => {
    const { code, output } = await run(["doctor", "--offline", "--json", "--only", "configuration"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      v: 1,
      healthy: true,
      checks: [
        { group: "configuration", name: "valid", status: "ok" },
        { group: "configuration", name: "complete", status: "warn" },
        { group: "configuration", name: "private", status: "skip" },
      ],
    });
  });

  test("--list names every check", async () => {
    const { code, output } = await run(["doctor", "--list", "--json"], { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(output).checks.length).toBeGreaterThan(35);
  });

  test("a check that fails is exit code 1, with what mends it", async () => {
    const { code, output } = await run(["doctor", "--offline"], { cwd, environment: { MAX_RETRIES: "often" } });
    expect(code).toBe(1);
    expect(output).toContain("mend: ");
    expect(output).toContain("\nNot healthy: ");
  });

  test("a check that there is not is wrong usage", async () => {
    const { code, error } = await run(["doctor", "--only", "buffr"], { cwd });
    expect([code, error]).toEqual([
      64,
      'ami-workers: There is no check "buffr". Did you mean buffer? `ami-workers doctor --list` names all checks.\n',
    ]);
  });

  test("with a platform that is away it says so, and comes to its end", async () => {
    const environment = { LARAVEL_API_URL: "http://127.0.0.1:9/api/internal", LARAVEL_API_KEY: "a-key-for-tests" };
    const { code, output } = await run(["doctor", "--only", "platform"], { cwd, environment });
    expect(code).toBe(1);
    expect(output).toContain("  fail   reachable ");
    expect(output).not.toContain("a-key-for-tests");
  });

  test("in systemd's journal its findings are lines with a priority", async () => {
    const path = join(cwd, "journal");
    const file = openSync(path, "w");
    const { dev, ino } = fstatSync(file, { bigint: true });
    const child = Bun.spawn([await executable(), "doctor", "--offline"], {
      cwd,
      env: { JOURNAL_STREAM: `${dev}:${ino}`, MAX_RETRIES: "often" },
      stdout: "pipe",
      stderr: file,
    });
    expect([await new Response(child.stdout).text(), await child.exited]).toEqual(["", 1]);
    closeSync(file);
    const lines = readFileSync(path, "utf8").trim().split("\n");
    expect(lines.find((line) => line.includes("check_failed"))).toStartWith("<3>{");
    expect(lines.at(-1)).toMatch(/^<6>.*"event":"doctor_completed","healthy":false/);
  });
});
