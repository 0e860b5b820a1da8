import { describe, expect, test } from "bun:test";
import { parseArguments } from "../../../src/workers/arguments.ts";
import { type DoctorArgs, doctor } from "../../../src/workers/doctor/command.ts";
import type { Checked } from "../../../src/workers/doctor/platform-check/check.ts";
import { isRight, renderChecked, toJson } from "../../../src/workers/doctor/platform-check/output.ts";
import { areas } from "../../../src/workers/doctor/platform-check/point.ts";
import { points } from "../../../src/workers/doctor/platform-check/points.ts";
import { fakeContext } from "../../journal/samples.ts";

const platform = { LARAVEL_API_URL: "http://127.0.0.1:9/api/internal", LARAVEL_API_KEY: "a-key-for-tests" };

async function run(argv: readonly string[], environment: Record<string, string> = platform): Promise<number> {
  const fetch = () => Promise.reject(new Error("nobody is there"));
  return await doctor.run(parseArguments(argv, doctor.args) as unknown as DoctorArgs, {
    ...fakeContext({ fetch }),
    environment,
  });
}

describe("what is asked for", () => {
  test.each([
    ["no test account", ["--platform-check"], platform, "usage", "needs --test-account"],
    ["a test account alone", ["--test-account", "7"], platform, "usage", "belong to --platform-check"],
    ["a limit alone", ["--exhaust-rate-limit"], platform, "usage", "belong to --platform-check"],
    ["no API", ["--platform-check", "--test-account", "7"], {}, "usage", "There is no API to check"],
    [
      "a key file that is not there",
      ["--platform-check", "--test-account", "7", "--limited-key-file", "nothing.key"],
      platform,
      "usage",
      "--limited-key-file cannot be read",
    ],
    [
      "an API that is not there",
      ["--platform-check", "--test-account", "7"],
      platform,
      "unavailable",
      "nobody is there",
    ],
  ])("%s", async (_name, argv, environment, kind, message) => {
    const failed = run(argv, environment as Record<string, string>);
    await expect(failed).rejects.toMatchObject({ kind, message: expect.stringContaining(message) });
  });
});

describe("what is shown", () => {
  const checked: Checked = {
    findings: [
      { area: "batches", name: "created", status: "ok", expects: "200 with counts", found: null },
      { area: "checkpoints", name: "atomic", status: "wrong", expects: "nothing is stored", found: "one is stored" },
      { area: "rate", name: "exhausted", status: "untested", expects: "429", found: "not asked for" },
    ],
    left: null,
  };

  test("a line a point, and how it should be below what is wrong", () => {
    expect(renderChecked(checked, { quiet: false, color: false })).toBe(
      [
        "batches",
        "  ok        created    200 with counts",
        "checkpoints",
        "  wrong     atomic     one is stored",
        "                       right: nothing is stored",
        "rate",
        "  untested  exhausted  not asked for",
        "",
        "Not by the contract (version 1.0): 1 right, 1 wrong, 1 untested.",
        "",
      ].join("\n"),
    );
    expect(renderChecked(checked, { quiet: true, color: false })).not.toContain("created");
    expect(renderChecked({ ...checked, left: "a trade is left" }, { quiet: true, color: false })).toContain(
      "a trade is left",
    );
  });

  test("the same as one object", () => {
    const { v, right, points: shown } = toJson("https://app.example.com/api/internal", checked);
    expect({ v, right, shown }).toEqual({ v: 1, right: false, shown: checked.findings });
    expect(isRight({ findings: checked.findings.filter(({ status }) => status !== "wrong"), left: null })).toBe(true);
  });
});

test("points are named once, and say how it should be", () => {
  for (const area of areas) {
    const names = points[area].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, expects } of points[area]) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(expects.length).toBeGreaterThan(20);
    }
  }
});
