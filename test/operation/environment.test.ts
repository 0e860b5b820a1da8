import { describe, expect, test } from "bun:test";
import { closeSync, fstatSync, openSync } from "node:fs";
import { devNull } from "node:os";
import type { Log } from "../../src/context.ts";
import { Failure } from "../../src/errors.ts";
import { isJournal, networkOf, refuseDangerousEnvironment } from "../../src/operation/environment.ts";

describe("the environment", () => {
  test.each([
    ["BUN_BE_BUN", "1"],
    ["BUN_OPTIONS", "--preload ./x.ts"],
    ["BUN_CONFIG_VERBOSE_FETCH", "curl"],
    ["BUN_INSPECT", "0"],
    ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
  ])("is refused with %s=%s", (name, value) => {
    const refuse = () => refuseDangerousEnvironment({ PATH: "/bin", [name]: value });
    expect(refuse).toThrow(Failure);
    expect(refuse).toThrow(name);
  });

  test.each([
    [{}],
    [{ BUN_OPTIONS: "" }],
    [{ BUN_INSTALL: "/home/me/.bun", BUN_INSTALL_CACHE_DIR: "/tmp" }],
    [{ NODE_TLS_REJECT_UNAUTHORIZED: "1" }],
    [{ HTTPS_PROXY: "http://proxy.example:3128", NODE_EXTRA_CA_CERTS: "/etc/ssl/ca.pem", SSL_CERT_FILE: "/x" }],
  ])("is fine with %p", (environment) => {
    expect(() => refuseDangerousEnvironment(environment)).not.toThrow();
  });

  test("all that is wrong is named at once", () => {
    expect(() => refuseDangerousEnvironment({ BUN_A: "1", BUN_B: "1" })).toThrow("BUN_A, BUN_B are set");
  });
});

describe("the network", () => {
  const reply = async () => new Response("ok");

  function warningsOf(environment: Record<string, string>) {
    const warnings: unknown[] = [];
    const log = { warning: (event: string, fields: unknown) => warnings.push([event, fields]) } as unknown as Log;
    return { fetch: networkOf(environment, log, reply), warnings };
  }

  test("says once, and only when it is used, what changes its way or its trust", async () => {
    const { fetch, warnings } = warningsOf({
      https_proxy: "http://p",
      SSL_CERT_FILE: "/x",
      HTTP_PROXY: "",
      NO_PROXY: "y",
    });
    expect(warnings).toEqual([]);
    expect(await (await fetch("https://x.example")).text()).toBe("ok");
    await fetch("https://x.example");
    expect(warnings).toEqual([["environment_changes_network", { variables: ["https_proxy", "SSL_CERT_FILE"] }]]);
  });

  test("says nothing when nothing does", async () => {
    const { fetch, warnings } = warningsOf({ PATH: "/bin" });
    await fetch("https://x.example");
    expect(warnings).toEqual([]);
  });
});

describe("the journal", () => {
  const file = openSync(devNull, "r");
  const { dev, ino } = fstatSync(file, { bigint: true });

  test.each([
    ["device and inode are the descriptor's", `${dev}:${ino}`, true],
    ["the inode is another's", `${dev}:${ino + 1n}`, false],
    ["the device is another's", `${dev + 1n}:${ino}`, false],
    ["it is empty", "", false],
    ["it is no pair", "8", false],
  ])("when %s", (_name, stream, expected) => {
    expect(isJournal({ JOURNAL_STREAM: stream }, file)).toBe(expected);
  });

  test("is not there without the variable, nor on a closed descriptor", () => {
    expect(isJournal({}, file)).toBe(false);
    closeSync(file);
    expect(isJournal({ JOURNAL_STREAM: `${dev}:${ino}` }, 1_000_000)).toBe(false);
  });
});
