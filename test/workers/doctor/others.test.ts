import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { brokers } from "../../../src/brokers/index.ts";
import type { Fetch } from "../../../src/context.ts";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../../src/journal/embedded.ts";
import { venues } from "../../../src/workers/doctor/checks/brokers.ts";
import { type Platform, servePlatform } from "../../contract/platform.ts";
import { fakeClock } from "../../operation/fakes.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { type MailServer, serveMail } from "../../systemd/mail-server.ts";
import { examined, look } from "./examination.ts";

const makeFolder = temporaryFolders();
const key = "a-key-for-tests";
const clock = fakeClock();
const nowMs = clock.nowMs();
let root = "";
let journal: EmbeddedJournal;
let platform: Platform;

function start(settings: Partial<Parameters<typeof servePlatform>[0]> = {}) {
  platform = servePlatform({ journal, key, nowMs: () => nowMs, ...settings });
}

beforeEach(() => {
  root = makeFolder();
  journal = openEmbeddedJournal(":memory:", { clock: { nowMs: () => nowMs } });
  journal.putUser({ user_id: 1, timezone: "UTC", base_currency: "USD" });
});
afterEach(async () => {
  await platform?.stop();
  journal.close();
});

function addAccount(id: number, broker: string, changes: Record<string, unknown> = {}) {
  const account = { account_id: id, user_id: 1, broker, markets: ["spot"], base_currency: "USD", ...changes };
  journal.putAccount(account as Parameters<EmbeddedJournal["putAccount"]>[0]);
}

const environment = (changes: Record<string, string> = {}) => ({
  DATA_DIR: join(root, "data"),
  LOG_DIR: join(root, "logs"),
  LARAVEL_API_URL: platform.url,
  LARAVEL_API_KEY: key,
  ...changes,
});

/** The platform is really asked; every other address gets the given answer. */
function network(answer?: () => Response): { fetch: Fetch } {
  return {
    async fetch(input, init) {
      const url = input instanceof Request ? input.url : String(input);
      if (url.startsWith(platform.url)) return await fetch(input, init);
      if (answer === undefined) throw new Error("getaddrinfo ENOTFOUND");
      return answer();
    },
  };
}

const patient = (changes: Record<string, string> = {}, answer?: () => Response) => ({
  root,
  environment: environment(changes),
  context: network(answer),
});

describe("platform", () => {
  test("all ok", async () => {
    start();
    addAccount(1, "binance");
    const findings = await examined("platform", patient());
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "reachable ok",
      "key ok",
      "contract ok",
      "accounts ok",
    ]);
  });

  test("not there: one failure says so, the others are skipped", async () => {
    start();
    await platform.stop();
    const findings = await examined("platform", patient());
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "reachable fail",
      "key skip",
      "contract skip",
      "accounts skip",
    ]);
  });

  test("slow: a warning", async () => {
    start();
    let ms = 0;
    const slow = { ...fakeClock(), sleep: () => new Promise<void>(() => undefined), monotonicMs: () => (ms += 3_000) };
    const finding = await look("platform/reachable", { ...patient(), context: { ...network(), clock: slow } });
    expect(finding).toMatchObject({ status: "warn", found: expect.stringMatching(/answers in \d+ ms/) });
  });

  test("another key: it is refused", async () => {
    start();
    const findings = await examined("platform", patient({ LARAVEL_API_KEY: "another-key" }));
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "reachable ok",
      "key fail",
      "contract skip",
      "accounts skip",
    ]);
    expect(JSON.stringify(findings)).not.toContain("another-key");
  });

  test("a key that may not do all", async () => {
    start({ abilities: ["accounts:read", "trades:read"] });
    expect(await look("platform/key", patient())).toMatchObject({
      status: "fail",
      found: "the key lacks accounts:write, trades:write, statistics:write, reports:write",
    });
  });

  test("another version of the contract", async () => {
    const ping = {
      data: {
        status: "ok",
        time: "2026-02-09T10:30:15.123Z",
        contract_version: "2.0",
        key: { name: "k", abilities: ["*"] },
        limits: { max_batch: 100, rate_per_minute: 600 },
      },
    };
    start({
      faults: [
        { path: "/ping", status: 200, body: JSON.stringify(ping), headers: { "Content-Type": "application/json" } },
      ],
    });
    const findings = await examined("platform", patient());
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "reachable ok",
      "key skip",
      "contract fail",
      "accounts skip",
    ]);
  });

  test("accounts whose keys are refused are named", async () => {
    start();
    addAccount(1, "binance");
    addAccount(2, "bybit");
    await journal.setImportStatus(2, {
      import_status: "auth_failed",
      observed_at: new Date(nowMs).toISOString(),
      credentials_version: 1,
      error: { code: "broker_auth_failed", message: "no", broker_code: "-2014", retryable: false },
    } as Parameters<EmbeddedJournal["setImportStatus"]>[1]);
    expect(await look("platform/accounts", patient())).toMatchObject({
      status: "warn",
      found: "1 of 2 need their owner: account 2 (bybit): broker_auth_failed",
    });
  });

  test("a list that cannot be had", async () => {
    start({ faults: [{ path: "/accounts", status: 500 }] });
    expect((await look("platform/accounts", patient())).status).toBe("fail");
  });

  test("a file instead of a platform", async () => {
    start();
    const findings = await examined("platform", { root, environment: { DATA_DIR: join(root, "data") } });
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "reachable ok",
      "key skip",
      "contract skip",
      "accounts skip",
    ]);
  });
});

describe("clock/platform", () => {
  test.each([
    ["ok", 1_000],
    ["warn", 10_000],
    ["warn", -10_000],
    ["fail", 60_000],
    ["fail", -60_000],
  ] as const)("%s when it is %d ms ahead", async (status, aheadMs) => {
    start({ nowMs: () => nowMs + aheadMs });
    expect((await look("clock/platform", patient())).status).toBe(status);
  });

  test("skip without a platform, and without an answer", async () => {
    start();
    expect((await look("clock/platform", { root, environment: { DATA_DIR: join(root, "data") } })).status).toBe("skip");
    await platform.stop();
    expect((await look("clock/platform", patient())).status).toBe("skip");
  });
});

describe("brokers", () => {
  test("every venue that the program speaks to can be asked", () => {
    // Of those that nobody has tried no time is known, and MetaApi asks for none: its requests are not signed.
    const spoken = brokers.filter(({ broker }) => broker.tested && broker.id !== "metatrader");
    const asked = venues.map(({ id }) => id);
    expect(spoken.map(({ broker }) => broker.id).filter((id) => !asked.includes(id))).toEqual([]);
  });

  test("is skipped when no account has it, or its accounts are files", async () => {
    start();
    addAccount(1, "binance", { fed_by_files: true });
    expect((await look("brokers/binance", patient())).status).toBe("skip");
    expect((await look("brokers/bybit", patient())).status).toBe("skip");
  });

  test.each([
    ["ok", () => Response.json({ serverTime: nowMs + 300 })],
    ["fail", () => Response.json({ serverTime: nowMs + 5_000 })],
    ["warn", () => Response.json({ hello: "there" })],
    ["warn", () => new Response("<html>", { status: 502 })],
    ["warn", () => new Response("<html>")],
    ["fail", () => new Response("", { status: 418, headers: { "Retry-After": "120" } })],
    ["fail", () => new Response("", { status: 429 })],
    ["fail", () => new Response("", { status: 451 })],
    ["warn", undefined],
  ] as const)("%s", async (status, answer) => {
    start();
    addAccount(1, "binance");
    expect((await look("brokers/binance", patient({}, answer))).status).toBe(status);
  });

  test.each([
    ["bybit", { time: nowMs }],
    ["okx", { data: [{ ts: String(nowMs) }] }],
    ["bitget", { data: { serverTime: String(nowMs) } }],
    ["gate", { server_time: nowMs }],
    ["kraken", { result: { unixtime: Math.floor(nowMs / 1000) } }],
    ["kucoin", { data: nowMs }],
    ["mexc", { serverTime: nowMs }],
    ["coinbase", { epochMillis: String(nowMs) }],
    ["hyperliquid", { time: nowMs }],
  ])("%s tells its time", async (broker, answer) => {
    start();
    addAccount(1, broker);
    expect(
      (
        await look(
          `brokers/${broker}`,
          patient({}, () => Response.json(answer)),
        )
      ).status,
    ).toBe("ok");
  });
});

describe("alerts", () => {
  let mail: MailServer;
  beforeEach(() => {
    start();
    mail = serveMail();
  });
  afterEach(() => mail.stop());
  const mailSettings = (port: number) => ({
    ALERT_EMAIL_TO: "a@example.com",
    ALERT_EMAIL_FROM: "b@example.com",
    SMTP_URL: `smtp://127.0.0.1:${port}`,
  });

  test("channels: none, some", async () => {
    expect((await look("alerts/channels", patient())).status).toBe("warn");
    expect(await look("alerts/channels", patient(mailSettings(mail.port)))).toMatchObject({
      status: "ok",
      found: expect.stringContaining("mail to a@example.com"),
    });
    expect(await look("alerts/channels", patient({ ALERT_WEBHOOK_URL: "https://hooks.example.com/x" }))).toMatchObject({
      status: "ok",
      found: expect.stringContaining("a webhook"),
    });
  });

  test("mail: skip, ok, fail", async () => {
    expect((await look("alerts/mail", patient())).status).toBe("skip");
    expect((await look("alerts/mail", patient(mailSettings(mail.port)))).status).toBe("ok");
    expect(mail.mails).toEqual([]);
    mail.stop();
    expect((await look("alerts/mail", patient(mailSettings(mail.port)))).status).toBe("fail");
  });
});
