import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileNameOf, toFileText } from "../../src/delivery/batch-file.ts";
import { batch } from "../delivery/batches.ts";
import { PlatformWorld } from "../delivery/platform-world.ts";
import { buildMsMax, executable, run } from "../executable/executable.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { type MailServer, mailLogin, startExim } from "./exim.ts";

const makeFolder = temporaryFolders();
const runMsMax = 60_000;
let server: MailServer;
let world: PlatformWorld;
let seen = 0;
beforeAll(async () => {
  await executable();
  server = await startExim(makeFolder());
}, buildMsMax);
afterAll(async () => {
  await server.stop();
});
beforeEach(() => {
  world = new PlatformWorld({ folder: makeFolder(), accounts: 3 });
  seen = server.mails().length;
});
afterEach(async () => {
  await world.stop();
});

const starttls = () => `smtp://${mailLogin}@localhost:${server.port}?requireTLS=true`;
const tls = () => `smtps://${mailLogin}@localhost:${server.tlsPort}`;

function importTrades(smtpUrl: string, change: Record<string, string> = {}) {
  const environment = {
    ...world.environment(),
    RETRY_BACKOFF_BASE: "0.01",
    ALERT_EMAIL_TO: "ann@example.org,bob@example.org",
    ALERT_EMAIL_FROM: "workers@example.org",
    SMTP_URL: smtpUrl,
    NODE_EXTRA_CA_CERTS: server.certificate,
    ...change,
  };
  return run(["import-trades"], { cwd: world.folder, environment });
}

/** The mails since the test began, once they have come: Exim delivers a moment after it took them. */
async function mails(count: number): Promise<string[]> {
  for (let attempt = 0; attempt < 200 && server.mails().length < seen + count; attempt++) await Bun.sleep(25);
  await Bun.sleep(100); // one too many would come now
  return server.mails().slice(seen);
}
const subjectOf = (mail: string) =>
  (/^Subject: (.*(?:\n[ \t].*)*)/m.exec(mail)?.[1] ?? "").replace(/\n[ \t]+/g, " ").replace(/^\[.*?\] /, "");

test.each([
  ["STARTTLS", starttls],
  ["TLS from the first byte", tls],
])(
  "%s: the key is refused: one mail to all, however often; another one when it is over",
  async (_name, url) => {
    world.outage({ status: 401 });
    for (let cycle = 0; cycle < 3; cycle++) expect((await importTrades(url())).code).toBe(77);
    const [first, ...others] = await mails(1);
    expect(others).toEqual([]);
    expect(subjectOf(first ?? "")).toBe("CRITICAL: the platform refuses the API key");
    expect(first).toContain("To: ann@example.org, bob@example.org");
    expect(first).toContain("From: workers@example.org");
    expect(first).toMatch(/^Envelope-to: ann@example\.org,\s+bob@example\.org$/m);
    expect(first).toMatch(/with esmtpsa +\(TLS1\.3\)/);
    expect(first).not.toContain("sesame");
    world.outage();
    expect((await importTrades(url())).code).toBe(0);
    expect((await importTrades(url())).code).toBe(0);
    expect((await mails(2)).map(subjectOf).slice(1)).toEqual(["over: the platform refuses the API key"]);
  },
  runMsMax,
);

test(
  "every condition that can be brought about at once: a mail each",
  async () => {
    for (const id of world.truth.keys()) world.addFile(id, 5);
    world.outage({ method: "POST", path: "/accounts/*/trades", status: 400 });
    const pending = join(world.folder, "data/pending");
    mkdirSync(pending, { recursive: true });
    const hoursAgoMs = Date.now() - 3 * 3_600_000;
    const kept = (number: number, platform: string) => {
      const path = join(pending, fileNameOf(batch(number), [hoursAgoMs, number]));
      writeFileSync(
        path,
        toFileText(batch(number), { platform, createdAtMs: hoursAgoMs, reason: "away", attempts: 0 }),
      );
      return path;
    };
    kept(1, "https://another.example/api/internal");
    chownSync(kept(2, world.platform.url), 65_534, 65_534);
    writeFileSync(join(pending, "notes.txt"), "hello");
    for (let cycle = 0; cycle < 3; cycle++) expect((await importTrades(tls())).code).toBe(4);
    const all = await mails(5);
    // Sent in the order of their weight, but the server delivers several at a time.
    expect(all.map(subjectOf).sort()).toEqual([
      "1 damaged file was set aside",
      "1 file of the buffer cannot be read",
      "3 batches need a person",
      "batches have been waiting for 3 h",
      "more than half of the accounts failed",
    ]);
    for (const mail of all) expect(mail).toContain("What to do: ");
  },
  runMsMax,
);

test(
  "a wrong password: the cycle is as it was, the log says why; the next run with the right one tells, once",
  async () => {
    world.outage({ status: 401 });
    const wrong = await importTrades(tls().replace("sesame-opens", "sesame-shuts"));
    expect(wrong.code).toBe(77);
    const line = wrong.lines.find(({ event }) => event === "alert_not_sent");
    expect(line).toMatchObject({ level: "error", alert: "key_refused", channel: "mail" });
    expect(String(line?.message)).toContain("535");
    expect(wrong.error).not.toContain("sesame-shuts");
    for (let cycle = 0; cycle < 2; cycle++) await importTrades(tls());
    expect(await mails(1)).toHaveLength(1);
  },
  runMsMax,
);

test(
  "a certificate that nobody vouches for: nothing is sent, the password neither",
  async () => {
    world.outage({ status: 401 });
    const before = server.log().length;
    const { code, error } = await importTrades(starttls(), { NODE_EXTRA_CA_CERTS: "" });
    expect(code).toBe(77);
    expect(error).toContain('"event":"alert_not_sent"');
    expect(error).toMatch(/self.signed|certificate/i);
    expect(await mails(0)).toEqual([]);
    expect(server.log().slice(before)).not.toContain("authenticator");
  },
  runMsMax,
);

test(
  "a mail server that says nothing: over within its time, and the exit code is the cycle's own",
  async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    world.outage({ status: 401 });
    const startedMs = performance.now();
    const { code, error } = await importTrades(`smtp://127.0.0.1:${silent.port}`);
    silent.stop(true);
    expect([code, error]).toEqual([77, expect.stringContaining("no answer in 15000 ms")]);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
  },
  runMsMax,
);

test(
  "nobody listens at all",
  async () => {
    world.outage({ status: 401 });
    const { code, error } = await importTrades("smtp://127.0.0.1:9");
    expect([code, error]).toEqual([77, expect.stringContaining("ECONNREFUSED")]);
    expect(readdirSync(join(world.folder, "data"))).toContain("trade_importer.alerts.json");
  },
  runMsMax,
);
