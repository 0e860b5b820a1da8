import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/operation/clock.ts";
import { type Check, groups, ok, statuses } from "../../../src/workers/doctor/check.ts";
import { checks } from "../../../src/workers/doctor/checks.ts";
import { isHealthy, renderFindings, toJson } from "../../../src/workers/doctor/output.ts";
import { choose, envFileOf, type Finding, nameOf } from "../../../src/workers/doctor/run.ts";
import { layoutOf } from "../../../src/workers/service/layout.ts";
import { fakeClock } from "../../operation/fakes.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { examined, installIn, place } from "./examination.ts";

const makeFolder = temporaryFolders();
const fine: Check = { group: "disk", name: "fine", title: "", run: () => ok("well") };
const broken: Check = {
  group: "disk",
  name: "broken",
  title: "",
  run() {
    throw new TypeError("undefined is not a function");
  },
};
const hanging: Check = { group: "disk", name: "hanging", title: "", run: () => new Promise(() => undefined) };

describe("examining", () => {
  test("a check that breaks is a crash, and the others go on", async () => {
    const findings = await examined("", { root: makeFolder(), checks: [broken, fine] });
    expect(findings.map(({ name, status, found }) => [name, status, found])).toEqual([
      ["broken", "crash", "TypeError: undefined is not a function"],
      ["fine", "ok", "well"],
    ]);
  });

  test("a check that hangs has failed when its time is up, and the others go on", async () => {
    const clock = { ...systemClock, sleep: fakeClock().sleep };
    const findings = await examined("", {
      root: makeFolder(),
      checks: [hanging, { ...hanging, name: "asking", online: true }],
      context: { clock },
    });
    expect(findings.map(({ status, found }) => [status, found])).toEqual([
      ["fail", "it did not come to an end within 10 s"],
      ["fail", "it did not come to an end within 10 s"],
    ]);
    expect(findings[1]?.fix).toBe("ami-workers doctor --only disk/asking");
  });

  test("a configuration that is wrong breaks no check: they are skipped", async () => {
    const findings = await examined("", { root: makeFolder(), environment: { MAX_RETRIES: "often" } });
    expect(findings.filter(({ status }) => status === "crash")).toEqual([]);
    expect(findings.filter(({ status }) => status === "fail").map(({ name }) => name)).toEqual(["valid"]);
  });

  test("nothing is written anywhere, on a bare machine and on an installed one", async () => {
    const bare = makeFolder();
    const files = () => Bun.spawnSync(["find", bare, "-printf", "%p %m %s %T@ %C@\n"]).stdout.toString();
    const before = files();
    await examined("", { root: bare, environment: { DATA_DIR: `${bare}/data`, LOG_DIR: `${bare}/logs` } });
    expect(files()).toBe(before);
    await installIn(bare);
    place(bare, "var/lib/ami-workers/pending/damaged.json", "{");
    const installed = files();
    await examined("", { root: bare });
    expect(files()).toBe(installed);
  });
});

describe("choosing", () => {
  const names = (options: Parameters<typeof choose>[1]) => choose(checks, options).map(nameOf);

  test("groups, checks, several of them", () => {
    expect(names({ only: ["clock"], offline: false })).toEqual(["clock/platform", "clock/synchronised"]);
    expect(names({ only: ["clock/synchronised,disk/space"], offline: false })).toEqual([
      "clock/synchronised",
      "disk/space",
    ]);
    expect(names({ only: ["clock"], offline: true })).toEqual(["clock/synchronised"]);
  });

  test("an unknown name says what was meant", () => {
    expect(() => names({ only: ["bufer"], offline: false })).toThrow('There is no check "bufer". Did you mean buffer?');
    expect(() => names({ only: ["nothing-like-it"], offline: false })).toThrow("--list names all.");
  });

  test("every check has a name of its own, in a group that is shown", () => {
    expect(new Set(checks.map(nameOf)).size).toBe(checks.length);
    expect(new Set(checks.map(({ group }) => group))).toEqual(new Set(groups));
    expect(checks.filter(({ title }) => title === "")).toEqual([]);
  });
});

describe("the settings' file", () => {
  test("is the one that is named, else the server's where there is one", async () => {
    const root = makeFolder();
    const layout = layoutOf(root);
    expect(envFileOf({ environment: {} }, layout)).toBeUndefined();
    await installIn(root);
    expect(envFileOf({ environment: {} }, layout)).toBe(layout.envFile);
    expect(envFileOf({ environment: {}, envFile: "mine" }, layout)).toBe("mine");
    expect(envFileOf({ environment: { AMI_ENV_FILE: "mine" } }, layout)).toBeUndefined();
    const credentials = makeFolder();
    expect(envFileOf({ environment: { CREDENTIALS_DIRECTORY: credentials } }, layout)).toBe(layout.envFile);
    place(credentials, "env", "");
    expect(envFileOf({ environment: { CREDENTIALS_DIRECTORY: credentials } }, layout)).toBeUndefined();
  });
});

describe("showing", () => {
  const finding = (status: Finding["status"]): Finding => ({
    group: "disk",
    name: status,
    status,
    found: `it is\n${status}`,
    fix: status === "ok" || status === "skip" ? null : "mend it",
    durationMs: 1,
  });
  const all = statuses.map(finding);

  test("a line a check, what mends it below, one line for all at the end", () => {
    expect(renderFindings(all, { quiet: false, color: false })).toBe(
      [
        "disk",
        "  ok     ok            it is ok",
        "  warn   warn          it is warn",
        "                       mend: mend it",
        "  fail   fail          it is fail",
        "                       mend: mend it",
        "  skip   skip          it is skip",
        "  crash  crash         it is crash",
        "                       mend: mend it",
        "",
        "Not healthy: 1 ok, 1 warning, 1 failed, 1 crashed, 1 skipped.",
        "",
      ].join("\n"),
    );
  });

  test("--quiet shows what is not well alone, and nothing but the verdict when all is", () => {
    expect(renderFindings(all, { quiet: true, color: false })).not.toContain("it is ok");
    expect(renderFindings([finding("ok")], { quiet: true, color: false })).toBe("Healthy: 1 ok.\n");
  });

  test("health is no failure and no crash; JSON says the same", () => {
    expect(
      [["ok", "warn", "skip"], ["ok", "fail"], ["crash"]].map((some) =>
        isHealthy(some.map((status) => finding(status as "ok"))),
      ),
    ).toEqual([true, false, false]);
    expect(toJson([finding("warn")])).toMatchObject({
      v: 1,
      healthy: true,
      checks: [{ group: "disk", name: "warn", status: "warn", fix: "mend it", duration_ms: 1 }],
    });
  });
});
