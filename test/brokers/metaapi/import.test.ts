import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../../src/journal/embedded.ts";
import type { Account } from "../../../src/journal/wire.ts";
import { type Platform, servePlatform } from "../../contract/platform.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { clockBeside, hourMs } from "../../venues/clock.ts";
import { type MetaApiAccount, type MetaApiVenue, startMetaApi } from "../../venues/metaapi/index.ts";
import { Importer, tradesOf } from "../../workers/import-trades/importer.ts";
import { account as accountRow, html, position, positionHeadings } from "../metatrader/make.ts";

/** The first run loads the whole program, which a busy machine takes its time for. */
setDefaultTimeout(60_000);

const makeFolder = temporaryFolders();
const startMs = Date.UTC(2026, 1, 9, 10, 30);
const openedMs = Date.UTC(2026, 0, 5, 8);
let venue: MetaApiVenue;
let live: MetaApiAccount;
let journal: EmbeddedJournal;
let platform: Platform;
let importer: Importer;
let folder = "";

beforeEach(async () => {
  folder = makeFolder();
  venue = await startMetaApi({ nowMs: startMs });
  importer = new Importer(folder, startMs, clockBeside(venue.clock));
  live = venue.addAccount({ id: "865d3a4d-3803-486d-bdf3-a85679d9fad2" });
  live.deals.push(
    {
      id: "801",
      type: "DEAL_TYPE_BUY",
      entryType: "DEAL_ENTRY_IN",
      symbol: "EURUSD",
      atMs: openedMs,
      volume: 0.1,
      price: 1.1,
      commission: -0.35,
      swap: 0,
      profit: 0,
      positionId: "701",
      stopLoss: 1.09,
    },
    {
      id: "802",
      type: "DEAL_TYPE_SELL",
      entryType: "DEAL_ENTRY_OUT",
      symbol: "EURUSD",
      atMs: openedMs + 2 * hourMs,
      volume: 0.1,
      price: 1.105,
      commission: -0.35,
      swap: 0,
      profit: 50,
      positionId: "701",
    },
  );
  journal = openEmbeddedJournal(":memory:", { clock: importer.clock });
  platform = servePlatform({ journal, key: "a-key-for-tests", nowMs: importer.clock.nowMs, ratePerMinute: 1_000_000 });
  journal.putUser({ user_id: 1, timezone: "UTC", base_currency: "USD" });
  enter({ api_key: live.id, api_secret: live.token });
  importer.environment = {
    ...importer.environment,
    LARAVEL_API_URL: platform.url,
    LARAVEL_API_KEY: "a-key-for-tests",
    MAX_RETRIES: "0",
    VENUE_URL_METATRADER: venue.url,
  };
});
afterEach(async () => {
  await Promise.all([venue.stop(), platform.stop()]);
  journal.close();
});

function enter(credentials: Record<string, string>): void {
  const entry = {
    account_id: 5,
    user_id: 1,
    broker: "metatrader",
    markets: ["forex", "cfd"],
    broker_timezone: "+02:00",
    credentials,
  };
  journal.putAccount(entry as Parameters<EmbeddedJournal["putAccount"]>[0]);
}

async function account(): Promise<Account | undefined> {
  for await (const one of journal.accounts({ includeAuthFailed: true })) return one;
  return undefined;
}

test("an account of the platform is read by MetaApi; its report, later, brings nothing new", async () => {
  const first = await importer.run();
  expect([first.code, first.result.accounts[0]?.status]).toEqual([0, "ok"]);
  const trades = await tradesOf(journal);
  expect(trades).toMatchObject([
    {
      external_id: "trade:metatrader:forex:EURUSD:701",
      origin: "broker_reported",
      net_pnl: "49.3",
      opened_at: "2026-01-05T08:00:00.000Z",
      r_multiple: "0.493",
      revision: 1,
    },
  ]);
  expect(await account()).toMatchObject({ import_status: "ok" });
  const path = join(folder, "report.html");
  writeFileSync(path, html([accountRow("Hedge"), positionHeadings, position()]));
  const report = await importer.run("--file", path, "--account", "5");
  expect(report.result.accounts[0]).toMatchObject({ executions_new: 0, executions_duplicate: 1, trades_revised: 0 });
  expect(await tradesOf(journal)).toEqual(trades);
});

test("a token that MetaApi refuses stops the account, and another one has it go on", async () => {
  enter({ api_key: live.id, api_secret: "ex.pir.ed" });
  const refused = await importer.run();
  expect(refused.code).toBe(4);
  expect(await account()).toMatchObject({
    import_status: "auth_failed",
    last_error: { code: "broker_auth_failed", broker_code: "401", retryable: false },
  });
  venue.log.clear();
  await importer.run();
  expect(venue.log.entries).toEqual([]);
  expect(JSON.stringify([refused.result, refused.lines])).not.toContain("ex.pir.ed");
});

test("a history that still loads is passing", async () => {
  live.loadsUntilMs = startMs + 24 * hourMs;
  await importer.run();
  expect(await account()).toMatchObject({ import_status: "broker_unavailable", last_error: { retryable: true } });
  live.loadsUntilMs = 0;
  await importer.run();
  expect(await account()).toMatchObject({ import_status: "ok" });
  expect(await tradesOf(journal)).toHaveLength(1);
});
