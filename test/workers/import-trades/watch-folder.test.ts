import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../../src/journal/embedded.ts";
import {
  account,
  type CellSpec,
  deal,
  dealHeadings,
  html,
  position,
  positionHeadings,
} from "../../brokers/metatrader/make.ts";
import { type Platform, servePlatform } from "../../contract/platform.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { Importer, tradesOf } from "./importer.ts";

/** The first run loads the whole program, which a busy machine takes its time for. */
setDefaultTimeout(60_000);

const makeFolder = temporaryFolders();
const startMs = Date.UTC(2026, 1, 9, 10, 30);
let importer: Importer;
let folder = "";
let watched = "";
beforeEach(() => {
  folder = makeFolder();
  importer = new Importer(folder, startMs);
  watched = join(folder, "reports");
  mkdirSync(watched);
});

const run = (...argv: string[]) => importer.run(...argv);
const zone = ["--timezone", "+02:00"];
const watch = (...more: string[]) => run("--watch-folder", watched, ...zone, ...more);

/** A file as it stands some seconds after its last change. */
function publish(name: string, content: string, agoMs = 60_000): void {
  const path = join(watched, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  const seconds = (importer.clock.nowMs() - agoMs) / 1_000;
  utimesSync(path, seconds, seconds);
}

const hour = (index: number) => `2026.01.05 ${String(10 + index).padStart(2, "0")}:00:00`;
/** A netting account's report: each position is a deal in and a deal out. */
const deals = (count: number) =>
  html([
    account("Netting"),
    dealHeadings,
    ...Array.from({ length: count }, (_, index): CellSpec[] => {
      const isOut = index % 2 === 1;
      const change = isOut ? { type: "sell", direction: "out", profit: "50.00" } : {};
      return deal({ ...change, deal: String(801 + index), time: hour(index) });
    }),
  ]);
const positions = (count: number) =>
  html([
    account("Hedge"),
    positionHeadings,
    ...Array.from({ length: count }, (_, index) => position({ ticket: String(701 + index), closed: hour(index + 1) })),
  ]);

const stored = () => importer.stored();
const counts = ({ result }: Awaited<ReturnType<typeof run>>) =>
  result.accounts.map((one) => [one.account_id, one.executions_new, one.executions_duplicate]);

describe("a report that grows", () => {
  test("as deals: only what is new of it is delivered", async () => {
    publish("report.html", deals(4));
    expect(counts(await watch())).toEqual([["metatrader", 4, 0]]);
    publish("report.html", deals(7), 30_000);
    expect(counts(await watch())).toEqual([["metatrader", 3, 0]]);
    publish("report.html", deals(8), 20_000);
    expect(counts(await watch())).toEqual([["metatrader", 1, 0]]);
    expect((await stored()).map(({ status, net_pnl }) => [status, net_pnl])).toEqual(
      Array.from({ length: 4 }, () => ["closed", "49.3"]),
    );
  });

  test("as positions: those that are there are no change", async () => {
    publish("report.html", positions(2));
    expect(counts(await watch())).toEqual([["metatrader", 2, 0]]);
    publish("report.html", positions(3), 30_000);
    expect(counts(await watch())).toEqual([["metatrader", 1, 2]]);
    expect((await stored()).map(({ revision }) => revision)).toEqual([1, 1, 1]);
  });

  test("unchanged, or only touched, it costs nothing", async () => {
    publish("report.html", deals(4));
    await watch();
    for (const agoMs of [60_000, 40_000]) {
      publish("report.html", deals(4), agoMs);
      const again = await watch();
      expect([again.code, again.result.accounts]).toEqual([0, []]);
      expect(again.lines.find(({ event }) => event === "folder_scanned")).toMatchObject({ unchanged: 1, taken: 0 });
    }
  });

  test("half-written, it waits until nobody writes to it", async () => {
    publish("report.html", deals(7).slice(0, 900), 2_000);
    const early = await watch();
    expect([early.code, early.result.accounts]).toEqual([0, []]);
    publish("report.html", deals(7).slice(0, 1_500), 1_000);
    expect((await watch()).result.accounts).toEqual([]);
    publish("report.html", deals(7), 1_000);
    expect((await watch()).result.accounts).toEqual([]);
    // The next cycle finds it as this one saw it.
    expect(counts(await watch())).toEqual([["metatrader", 7, 0]]);
  });

  test("whose clock is ahead of this machine's is taken when two cycles saw the same", async () => {
    publish("report.html", deals(2), -3_600_000);
    expect((await watch()).result.accounts).toEqual([]);
    expect(counts(await watch())).toEqual([["metatrader", 2, 0]]);
  });

  test("is read again with another zone: its times move, and no trade is doubled", async () => {
    publish("report.html", positions(2));
    await run("--watch-folder", watched, "--timezone", "+05:00");
    const wrong = await stored();
    const mended = await watch();
    expect(mended.result.accounts).toMatchObject([{ trades_revised: 2, executions_new: 0 }]);
    const right = await stored();
    expect(right.map(({ external_id }) => external_id)).toEqual(wrong.map(({ external_id }) => external_id));
    expect(wrong.map(({ opened_at }) => opened_at)).toEqual(["2026-01-05T05:00:00.000Z", "2026-01-05T05:00:00.000Z"]);
    expect(right.map(({ opened_at }) => opened_at)).toEqual(["2026-01-05T08:00:00.000Z", "2026-01-05T08:00:00.000Z"]);
    // The account has the zone now: it need not be said again.
    publish("report.html", positions(3), 30_000);
    expect(counts(await run("--watch-folder", watched))).toEqual([["metatrader", 1, 2]]);
  });
});

describe("the folder", () => {
  test("has other things in it, which are nobody's", async () => {
    publish("report.html", deals(2));
    publish("report.png", "\u0089PNG");
    publish(".report.html", deals(4));
    publish("~report.html", deals(4));
    publish("report.html.tmp", deals(4));
    publish("7/deeper/report.html", deals(4));
    symlinkSync(join(watched, "report.html"), join(watched, "link.html"));
    expect(counts(await watch())).toEqual([["metatrader", 2, 0]]);
  });

  test("has a folder for each account", async () => {
    publish("mine/report.html", deals(2));
    publish("hers/report.html", deals(4));
    expect(counts(await watch()).sort()).toEqual([
      ["hers", 4, 0],
      ["mine", 2, 0],
    ]);
  });

  test("a file that is refused is so once, until it or what is said of it changes", async () => {
    publish("report.html", deals(2));
    const first = await run("--watch-folder", watched);
    expect([first.code, first.result.files_refused[0]?.error.code]).toEqual([4, "timezone_required"]);
    const second = await run("--watch-folder", watched);
    expect([second.code, second.result.files_refused]).toEqual([0, []]);
    expect(counts(await watch())).toEqual([["metatrader", 2, 0]]);
  });

  test("is looked at again in full for a journal that has nothing of it", async () => {
    publish("report.html", deals(4));
    await watch();
    rmSync(join(folder, "data/journal.sqlite"));
    expect(counts(await watch())).toEqual([["metatrader", 4, 0]]);
  });

  test("a dry run notes nothing", async () => {
    publish("report.html", deals(4));
    expect(counts(await watch("--dry-run"))).toEqual([["metatrader", 4, 0]]);
    expect(counts(await watch())).toEqual([["metatrader", 4, 0]]);
  });

  test("that is not there is the user's error, and so are two ways at once", async () => {
    expect((await run("--watch-folder", join(folder, "nowhere"))).code).toBe(78);
    expect((await run("--watch-folder", watched, "--file", "x.html")).code).toBe(64);
  });

  test("twenty files a cycle, the oldest first", async () => {
    for (let index = 0; index < 23; index++) publish(`${index}/report.html`, deals(2), 100_000 - index * 1_000);
    expect((await watch()).result.accounts).toHaveLength(20);
    expect(
      counts(await watch())
        .map(([id]) => id)
        .sort(),
    ).toEqual([20, 21, 22]);
  });
});

describe("by the timer, with a platform", () => {
  let platform: Platform;
  let journal: EmbeddedJournal;
  beforeEach(() => {
    journal = openEmbeddedJournal(":memory:", { clock: importer.clock });
    platform = servePlatform({
      journal,
      key: "a-key-for-tests",
      nowMs: importer.clock.nowMs,
      ratePerMinute: 1_000_000,
    });
    journal.putUser({ user_id: 1, timezone: "UTC", base_currency: "USD" });
    for (const id of [5, 6]) {
      journal.putAccount({
        account_id: id,
        user_id: 1,
        broker: "metatrader",
        markets: ["forex"],
        broker_timezone: "+02:00",
      });
    }
    importer.environment = {
      ...importer.environment,
      LARAVEL_API_URL: platform.url,
      LARAVEL_API_KEY: "a-key-for-tests",
      MAX_RETRIES: "0",
      TRADE_IMPORTER_WATCH_FOLDER: watched,
    };
  });
  afterEach(async () => {
    await platform.stop();
    journal.close();
  });

  test("the accounts' folders, with their zones; whose nobody is is refused", async () => {
    publish("5/report.html", deals(2));
    publish("9/report.html", deals(2));
    publish("report.html", deals(2));
    const first = await run();
    expect(counts(first).sort()).toEqual([
      [5, 2, 0],
      [6, 0, 0],
    ]);
    expect(first.result.files_refused.map(({ error }) => error.code).sort()).toEqual([
      "account_needed",
      "no_such_account",
    ]);
    expect((await tradesOf(journal)).map(({ opened_at }) => opened_at)).toEqual(["2026-01-05T08:00:00.000Z"]);
  });

  test("nothing is noted before the platform has it", async () => {
    publish("5/report.html", deals(4));
    platform.addFault({ status: 503, path: "/accounts/*/trades", method: "POST", times: 50 });
    expect((await run()).code).not.toBe(0);
    platform.clearFaults();
    const next = await run();
    expect(next.code).toBe(0);
    expect((await tradesOf(journal)).map(({ status }) => status)).toEqual(["closed", "closed"]);
    const states = () => readdirSync(join(folder, "data/watched")).length;
    expect(states()).toBe(1);
    publish("5/report.html", deals(5), 30_000);
    expect(counts(await run())).toContainEqual([5, 1, 0]);
  });

  test("a folder that is gone is told, and the accounts go on", async () => {
    rmSync(watched, { recursive: true });
    const { code, result } = await run();
    expect(result.files_refused.map(({ error }) => error.code)).toEqual(["watch_folder"]);
    expect([3, 4]).toContain(code);
  });
});
