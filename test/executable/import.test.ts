import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import type { Fault } from "../../src/journal/serve/faults.ts";
import type { StoredTrade } from "../../src/journal/wire.ts";
import { type Platform, servePlatform } from "../contract/platform.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { buildMsMax, type Ended, executable, run, start } from "./executable.ts";

const demo = resolve(import.meta.dir, "../../fixtures/demo");
const spot = "binance-spot-trades.csv";
const futures = "binance-futures-trades.csv";
const statement = "interactive-brokers-statement.csv";
const key = "a-key-for-tests";
/** Of tests that start the executable many times, on a slow and busy machine. */
const runsMsMax = 120_000;

const makeFolder = temporaryFolders();
let folder = "";
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  folder = makeFolder();
  for (const name of [spot, futures, statement]) copyFileSync(join(demo, name), join(folder, name));
});

/** The one JSON object of `--json`. */
function result({ output }: Ended) {
  return JSON.parse(output) as {
    status: string;
    accounts: Record<string, unknown>[];
    files_refused: Record<string, unknown>[];
    summary: Record<string, number>;
  };
}

async function tradesOf(journal: EmbeddedJournal): Promise<Omit<StoredTrade, "trade_id" | "revision">[]> {
  const trades: Omit<StoredTrade, "trade_id" | "revision">[] = [];
  for await (const user of journal.users()) {
    for await (const { trade_id: _id, revision: _revision, ...trade } of journal.userTrades(user.user_id))
      trades.push(trade);
  }
  return trades.sort((a, b) => (a.external_id < b.external_id ? -1 : 1));
}

function openJournal(path: string): EmbeddedJournal {
  return openEmbeddedJournal(path, { clock: { nowMs: Date.now } });
}

describe("alone in an empty folder, nothing configured", () => {
  test("imports files into ./data/journal.sqlite, and knows them the second time", async () => {
    const argv = ["import-trades", "--file", spot, "--file", futures, "--json"];
    const first = await run(argv, { cwd: folder });
    expect(first.code).toBe(0);
    expect(result(first).accounts).toMatchObject([
      {
        account_id: "binance",
        executions_read: 61,
        executions_new: 61,
        executions_duplicate: 0,
        trades_opened: 20,
        trades_closed: 19,
      },
    ]);
    const journal = openJournal(join(folder, "data/journal.sqlite"));
    expect(journal.counts()).toMatchObject({ executions: 61, trades: 20 });
    journal.close();

    const second = await run(argv, { cwd: folder });
    expect(second.code).toBe(0);
    expect(result(second).accounts).toMatchObject([
      {
        executions_read: 61,
        executions_new: 0,
        executions_duplicate: 61,
        trades_opened: 0,
        trades_closed: 0,
        net_pnl: {},
      },
    ]);
    expect(readdirSync(join(folder, "data"))).not.toContain("pending");
  });

  test("a dry run says the same and changes nothing at all", async () => {
    const argv = ["import-trades", "--file", spot, "--file", futures, "--file", statement, "--json"];
    const before = readdirSync(folder);
    const dry = await run([...argv, "--dry-run"], { cwd: folder });
    expect(readdirSync(folder)).toEqual(before);
    const real = await run(argv, { cwd: folder });
    const comparable = ({ accounts }: ReturnType<typeof result>) =>
      accounts
        .map(({ duration_ms: _, ...rest }) => rest)
        .sort((a, b) => (String(a.account_id) < String(b.account_id) ? -1 : 1));
    expect(comparable(result(dry))).toEqual(comparable(result(real)));
    const again = await run([...argv, "--dry-run"], { cwd: folder });
    expect(result(again).summary).toMatchObject({ total_executions: 0, duplicates_skipped: 72 });
  });

  test("a dry run tells a person what was understood, also where no terminal is", async () => {
    const text = readFileSync(join(demo, spot), "utf8").replaceAll(",3305.03,", ",12 apples,");
    writeFileSync(join(folder, spot), text);
    writeFileSync(join(folder, "notes.csv"), "when,what\n2026-01-01,bought\n");
    const account = "an-account-with-a-name-that-is-longer-than-any-column-of-eighty";
    const argv = ["import-trades", "--file", spot, "--file", "notes.csv", "--dry-run", "--account", account];
    const { code, output } = await run(argv, { cwd: folder });
    expect(code).toBe(3);
    expect(Math.max(...output.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const line of [
      "binance-spot-trades.csv: Binance spot trade history",
      '  format      binance_spot_trades (UTF-8, delimiter ",", decimal mark ".",',
      `  account     imported into ${account}`.slice(0, 14),
      "  currency    USDT",
      "  symbols     BTCUSDT, ETHUSDT, SOLUSDT",
      "  time zone   UTC (from the header of the time column)",
      "  span        2026-01-05 08:26:09 to 2026-01-15 23:16:09 UTC",
      "  rows        31 = 30 taken + 0 no execution + 1 refused",
      "  executions  30 = 30 new + 0 duplicate + 0 refused by the journal",
      "      2026-01-06 10:43:09 to 2026-01-06 11:57:09",
      "      entry 3294.82, exit 3416.61, net PnL 22.65666685 USDT",
      '    1 row, column Price, not_a_number (expected a decimal number, found "12',
      '    apples"): line 32',
      "notes.csv: not recognised",
      "  No known format has the columns of notes.csv: when,what.",
      `account ${account}`,
      "Dry run: nothing was changed.",
    ]) {
      expect(output).toContain(line);
    }
    expect(output).toContain(account);
  });

  test("and a program the same, with the lines of what was not taken", async () => {
    const bad = readFileSync(join(demo, futures), "utf8").trimEnd().split("\n");
    const many = Array.from({ length: 500 }, (_, index) =>
      (bad[1 + (index % 2)] ?? "").replace(/,(BUY|SELL),[^,]*,/, ",$1,12 apples,"),
    );
    writeFileSync(join(folder, futures), [...bad, ...many].join("\n"));
    const argv = ["import-trades", "--file", futures, "--file", statement, "--dry-run", "--json"];
    const { files } = JSON.parse((await run(argv, { cwd: folder })).output) as { files: Record<string, unknown>[] };
    expect(files).toMatchObject([
      {
        name: futures,
        dialect: "binance_usdm_trades",
        broker: "binance",
        account_id: "binance",
        account_in_file: "300111222",
        currencies: ["USDT"],
        markets: ["linear"],
        time_zone: "UTC",
        rows: 530,
        rows_taken: 30,
        rows_refused: 500,
        executions: 30,
        executions_new: 30,
        executions_duplicate: 0,
        refused: [{ code: "not_a_number", column: "Price", count: 500 }],
        lines_max: 100,
        errors_max: 200,
        error: null,
      },
      {
        name: statement,
        time_zone: "America/New_York",
        time_zone_from: "the format",
        first_at: "2026-01-07T14:41:03.000Z",
        rows: 17,
        rows_skipped: 6,
        skipped: [
          { reason: "SubTotal row", count: 4, lines: [11, 16, 19, 23] },
          { reason: "Total row", count: 1, lines: [24] },
          { reason: "section Deposits & Withdrawals", count: 1, lines: [26] },
        ],
        refused: [],
      },
    ]);
    const [first] = files as { refused: { lines: number[] }[]; errors: unknown[]; first_trades: object[] }[];
    expect(first?.refused[0]?.lines).toHaveLength(100);
    expect(first?.errors).toHaveLength(200);
    expect(first?.first_trades).toHaveLength(5);
    expect(first?.first_trades[0]).toMatchObject({ status: "closed", pnl_currency: "USDT" });
  });

  test("the order in which overlapping parts of a history come does not matter", async () => {
    const [header = "", ...rows] = readFileSync(join(demo, futures), "utf8").trimEnd().split("\n");
    const part = (name: string, from: number, to: number) =>
      writeFileSync(join(folder, name), `${[header, ...rows.slice(from, to)].join("\n")}\n`);
    part("new.csv", 0, 14);
    part("middle.csv", 9, 24);
    part("old.csv", 20, rows.length);
    for (const name of ["new.csv", "old.csv", "middle.csv"]) {
      expect((await run(["import-trades", "--file", name], { cwd: folder })).code).toBe(0);
    }
    const inParts = openJournal(join(folder, "data/journal.sqlite"));
    const whole = makeFolder();
    copyFileSync(join(demo, futures), join(whole, futures));
    await run(["import-trades", "--file", futures], { cwd: whole });
    const atOnce = openJournal(join(whole, "data/journal.sqlite"));
    expect(await tradesOf(inParts)).toEqual(await tradesOf(atOnce));
    inParts.close();
    atOnce.close();
  });

  test("a bad row is reported with file, line, column and what was expected; the others are imported; exit 3", async () => {
    const text = readFileSync(join(demo, spot), "utf8").replace(",BUY,3298.44,", ",BUY,12 apples,");
    writeFileSync(join(folder, spot), text);
    const ended = await run(["import-trades", "--file", spot, "--json"], { cwd: folder });
    expect(ended.code).toBe(3);
    const [account] = result(ended).accounts;
    expect(account).toMatchObject({ status: "partial", rows_rejected: 1, executions_new: 30 });
    const [file] = (account?.files ?? []) as { errors: Record<string, unknown>[] }[];
    expect(file?.errors).toMatchObject([{ line: 2, column: "Price", said: "12 apples" }]);
  });

  test("amounts beyond all that is traded are the error of their row; the others are imported", async () => {
    const huge = "9".repeat(17);
    const text = readFileSync(join(demo, spot), "utf8").replace(/BUY,3298.44,([^,]*),/, `BUY,${huge},${huge}$1,`);
    writeFileSync(join(folder, spot), text);
    const ended = await run(["import-trades", "--file", spot, "--json"], { cwd: folder });
    expect(ended.code).toBe(3);
    const [account] = result(ended).accounts;
    expect(account).toMatchObject({ status: "partial", rows_rejected: 1, executions_new: 30 });
    expect(account?.files).toMatchObject([{ errors: [{ line: 2, column: "Executed", code: "too_large" }] }]);
  });

  test("a file that nothing knows is named with its header and what is known; the other files are imported; exit 3", async () => {
    writeFileSync(join(folder, "notes.csv"), "when,what\n2026-01-01,bought\n");
    const ended = await run(
      ["import-trades", "--file", "notes.csv", "--file", statement, "--file", futures, "--json"],
      { cwd: folder },
    );
    expect(ended.code).toBe(3);
    const { files_refused: refused, accounts } = result(ended);
    expect(refused).toMatchObject([{ name: "notes.csv", error: { code: "unknown_dialect" } }]);
    expect(JSON.stringify(refused)).toContain("when,what");
    expect(accounts.map(({ status }) => status)).toEqual(["ok", "ok"]);
  });

  test.each([
    ["only what nothing knows", ["--file", "notes.csv"], 65],
    ["several that nothing knows", ["--file", "notes.csv", "--file", "notes.csv"], 65],
    ["a broker beside a file, which says its own", ["--file", spot, "--broker", "kraken"], 64],
    ["no such file", ["--file", "nothing.csv"], 64],
    ["an unknown flag", ["--fiel", "x.csv"], 64],
    ["a folder", ["--file", "."], 64],
  ])("%s", async (_name, argv, code) => {
    writeFileSync(join(folder, "notes.csv"), "when,what\n2026-01-01,bought\n");
    expect((await run(["import-trades", ...argv], { cwd: folder })).code).toBe(code);
  });

  test("an account of another user than was said is refused, and nothing is imported", async () => {
    expect((await run(["import-trades", "--file", spot, "--account", "mine"], { cwd: folder })).code).toBe(0);
    const argv = ["import-trades", "--file", futures, "--account", "mine", "--user", "another"];
    const { code, error } = await run(argv, { cwd: folder });
    expect([code, error]).toEqual([64, expect.stringContaining("Account mine is of user 1, not of another.")]);
  });

  test("a file that nothing knows alone: data that cannot be used, with its header and what is known", async () => {
    writeFileSync(join(folder, "notes.csv"), "when,what\n2026-01-01,bought\n");
    const { code, lines } = await run(["import-trades", "--file", "notes.csv"], { cwd: folder });
    expect(code).toBe(65);
    const told = lines.find(({ event }) => event === "worker_failed");
    expect(told).toMatchObject({ kind: "data", code: "unknown_dialect", subject: "notes.csv" });
    expect(told?.message).toContain("when,what");
    expect(told?.hint).toContain("binance_spot_trades");
  });

  test("a result that a full disk does not take is no success", async () => {
    const argv = ["import-trades", "--file", spot, "--dry-run", "--json"];
    const child = Bun.spawn([await executable(), ...argv], {
      cwd: folder,
      env: {},
      stdout: Bun.file("/dev/full"),
      stderr: "pipe",
    });
    const [code, error] = await Promise.all([child.exited, new Response(child.stderr).text()]);
    expect([code, error]).toEqual([74, expect.stringContaining("output_unwritable")]);
  });

  test(
    "stopped by a signal it delivers what is in hand, exits with 0, and the next run goes on",
    async () => {
      const [header = "", ...rows] = readFileSync(join(demo, futures), "utf8").trimEnd().split("\n");
      const many = Array.from({ length: 40_000 }, (_, index) =>
        (rows[index % rows.length] ?? "").replace(/,\d+,(\d+)$/, `,${9_000_000_000 + index},$1`),
      );
      writeFileSync(join(folder, "many.csv"), `${[header, ...many].join("\n")}\n`);
      const { child, ended } = await start(["import-trades", "--file", "many.csv", "--json"], { cwd: folder });
      const log = join(folder, "data/journal.sqlite-wal");
      while ((statSync(log, { throwIfNoEntry: false })?.size ?? 0) < 1_000_000) await Bun.sleep(2); // it stores rows
      child.kill("SIGTERM");
      const stopped = await ended();
      expect(stopped.code).toBe(0);
      expect(result(stopped).accounts).toMatchObject([{ status: "partial", error: { code: "interrupted" } }]);
      const rest = await run(["import-trades", "--file", "many.csv", "--json"], { cwd: folder });
      expect(rest.code).toBe(0);
      const done = Number(result(stopped).accounts[0]?.executions_new);
      expect(result(rest).accounts).toMatchObject([
        { status: "ok", executions_new: 40_000 - done, executions_duplicate: done },
      ]);
    },
    runsMsMax,
  );

  test("others' columns by --map", async () => {
    writeFileSync(
      join(folder, "mine.csv"),
      "When;Ticker;B/S;Pcs;Px\n2026-02-02 10:00:00;ACME;buy;3;10,50\n2026-02-02 11:00:00;ACME;sell;3;11,25\n",
    );
    const map = ["time=When", "symbol=Ticker", "side=B/S", "quantity=Pcs", "price=Px"].map((pair) =>
      pair.split("=").reverse().join("="),
    );
    const argv = [
      "import-trades",
      "--file",
      "mine.csv",
      "--json",
      "--timezone",
      "Europe/Paris",
      "--market",
      "stock",
      "--currency",
      "EUR",
      ...map.flatMap((pair) => ["--map", pair]),
    ];
    const ended = await run(argv, { cwd: folder });
    expect(result(ended).accounts).toMatchObject([{ executions_new: 2, trades_closed: 1, net_pnl: { EUR: "2.25" } }]);
    const without = await run(
      [...argv.filter((word) => word !== "--currency" && word !== "EUR"), "--account", "other"],
      { cwd: folder },
    );
    expect(without.code).toBe(3);
    expect(result(without).accounts).toMatchObject([
      { rows_rejected: 2, files: [{ errors: [{ code: "currency_unknown" }, {}] }] },
    ]);
  });

  test("under a pipe standard error is JSON lines in the plan's form, standard output is empty", async () => {
    const ended = await run(["import-trades", "--file", futures], { cwd: folder });
    expect(ended.output).toBe("");
    const completed = ended.lines.find(({ event }) => event === "cycle_completed");
    expect(completed).toMatchObject({
      level: "info",
      worker: "trade_importer",
      trades_fetched: 30,
      trades_sent: 30,
      trades_created: 30,
      duplicates_skipped: 0,
      errors: 0,
      broker: "binance",
      user_ids: [1],
    });
    const perUser = ended.lines.find(({ event }) => event === "per_user_results");
    expect(perUser).toMatchObject({
      per_user_results: [{ user_id: 1, account_id: "binance", status: "ok", trades: 10 }],
      summary: { total_users: 1, successful: 1, failed: 0, total_trades: 10 },
    });
  });
});

describe("against a platform", () => {
  let truth: Awaited<ReturnType<typeof tradesOf>>;

  /** A platform with one account that has the two Binance files waiting. */
  async function startPlatform(faults: Fault[] = []): Promise<{ journal: EmbeddedJournal; platform: Platform }> {
    const journal = openJournal(":memory:");
    const bytes = (name: string) => new Uint8Array(readFileSync(join(demo, name)));
    journal.putUser({ user_id: 42, timezone: "Europe/Paris", base_currency: "USDT" });
    journal.putAccount({
      account_id: 1,
      user_id: 42,
      broker: "binance",
      markets: ["spot", "linear"],
      base_currency: "USDT",
      source: { kind: "file" },
    } as Parameters<EmbeddedJournal["putAccount"]>[0]);
    for (const name of [futures, spot]) journal.addFile(1, { name, bytes: bytes(name) });
    return { journal, platform: servePlatform({ journal, key, faults }) };
  }

  async function importOnce({ url }: Platform, environment: Record<string, string> = {}): Promise<Ended> {
    return await run(["import-trades", "--json"], {
      cwd: folder,
      environment: {
        LARAVEL_API_URL: url,
        LARAVEL_API_KEY: key,
        TRADE_IMPORTER_BATCH_SIZE: "10",
        MAX_RETRIES: "2",
        RETRY_BACKOFF_BASE: "0.01",
        ...environment,
      },
    });
  }

  beforeAll(async () => {
    folder = makeFolder();
    const { journal, platform } = await startPlatform();
    expect((await importOnce(platform)).code).toBe(0);
    truth = await tradesOf(journal);
    expect(journal.counts()).toMatchObject({ executions: 61, trades: 20, cycles: 1 });
    await platform.stop();
    journal.close();
  }, buildMsMax);

  const batches = { method: "POST", path: "/accounts/*/trades" };
  const hits = (fault: Fault): Fault => ({ ...batches, skip: 2, ...fault });
  const faults: [string, Fault, number][] = [
    ["500 once", hits({ status: 500, times: 1 }), 0],
    ["500 for good", hits({ status: 500 }), 69],
    ["502 with HTML", hits({ status: 502, headers: { "Content-Type": "text/html" }, body: "<html>", times: 2 }), 0],
    ["503 with Retry-After", hits({ status: 503, headers: { "Retry-After": "1" }, times: 1 }), 0],
    ["429 with Retry-After", hits({ status: 429, headers: { "Retry-After": "1" }, times: 1 }), 0],
    ["a cut connection", hits({ answer: "cut", times: 1 }), 0],
    ["cut after it was stored", hits({ answer: "cut", after: true, times: 1 }), 0],
    ["cut for good after it was stored", hits({ answer: "cut", after: true }), 69],
    ["200 with HTML", hits({ answer: "html", times: 1 }), 0],
    ["200 with an empty body, though stored", hits({ answer: "empty", after: true, times: 1 }), 0],
    ["half a body, though stored", hits({ answer: "truncated", after: true, times: 1 }), 0],
    ["413", hits({ status: 413, times: 1 }), 0],
    ["401 in mid-cycle", hits({ status: 401 }), 77],
    ["403", hits({ status: 403 }), 77],
    ["404: the account went away", hits({ status: 404 }), 4],
    ["400", hits({ status: 400 }), 4],
    ["422 as a whole", hits({ status: 422, body: '{"message":"no"}' }), 4],
    ["419", hits({ status: 419 }), 78],
    ["a redirect", hits({ redirect: "/login" }), 78],
    ["ping refused", { path: "/ping", status: 401 }, 77],
    ["ping away", { path: "/ping", answer: "cut" }, 69],
    ["accounts in HTML for good", { path: "/accounts", answer: "html" }, 69],
    [
      "the file's result is not taken at first",
      { method: "POST", path: "/accounts/*/files/*/result", status: 500, times: 1 },
      0,
    ],
    ["the status is not taken at first", { method: "PATCH", status: 500, times: 1 }, 0],
    ["the report is never taken", { path: "/cycles", status: 500 }, 0],
  ];

  test.each(faults)("%s", bad, runsMsMax);

  async function bad(_name: string, fault: Fault, code: number): Promise<void> {
    const { journal, platform } = await startPlatform([fault]);
    try {
      const first = await importOnce(platform);
      expect({ code: first.code, error: first.code === code ? "" : first.error }).toEqual({ code, error: "" });
      platform.clearFaults();
      // Batches that were refused for good wait for a person, so what they hold may be missing after one more run; never twice.
      const good = await importOnce(platform);
      expect({ code: good.code, error: good.code === 0 ? "" : good.error }).toEqual({ code: 0, error: "" });
      expect(await tradesOf(journal)).toEqual(truth);
      expect(journal.counts()).toMatchObject({ executions: 61, trades: 20 });
      const pending = join(folder, "data/pending");
      expect(existsSync(pending) ? readdirSync(pending) : []).toEqual([]);
    } finally {
      await platform.stop();
      journal.close();
    }
  }

  test("files are answered with their result and row errors, and not listed again", async () => {
    const { journal, platform } = await startPlatform();
    try {
      journal.addFile(1, {
        name: "bad.csv",
        bytes: new TextEncoder().encode(
          "Date(UTC);Market;Type;Price;Amount;Total;Fee;Fee Coin\n2020-02-04 16:19:07;LTCBTC;HOLD;0.007393;1.61;0.01190273;0.00161;LTC\n",
        ),
      });
      journal.addFile(1, {
        name: "photo.png",
        bytes: new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]),
      });
      expect((await importOnce(platform)).code).toBe(3);
      const results = platform.requests
        .filter(({ path }) => path.endsWith("/result"))
        .map(({ body }) => JSON.parse(body));
      expect(results).toMatchObject([
        {
          status: "imported",
          dialect: "binance_usdm_trades",
          rows: 30,
          imported: 30,
          skipped: 0,
          rejected: 0,
          errors: [],
          truncated: false,
        },
        { status: "imported", dialect: "binance_spot_trades", rows: 31, imported: 31 },
        {
          status: "rejected",
          dialect: "binance_spot_trades",
          rows: 1,
          imported: 0,
          rejected: 1,
          errors: [{ line: 2, column: "Type" }],
        },
        { status: "rejected", dialect: null, rows: 0 },
      ]);
      const status = platform.requests.filter(({ method }) => method === "PATCH").map(({ body }) => JSON.parse(body));
      expect(status).toMatchObject([{ import_status: "needs_review" }]);
      const before = platform.requests.length;
      expect((await importOnce(platform)).code).toBe(0);
      const asked = platform.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
      expect(asked).toEqual(["GET /ping", "GET /accounts", "PATCH /accounts/1/import-status", "POST /cycles"]);
    } finally {
      await platform.stop();
      journal.close();
    }
  });

  test(
    "killed at any moment, run again: everything once",
    async () => {
      const { journal, platform } = await startPlatform();
      try {
        for (let kills = 0; kills < 12; kills++) {
          const before = platform.requests.length;
          const child = Bun.spawn([await executable(), "import-trades"], {
            cwd: folder,
            env: { LARAVEL_API_URL: platform.url, LARAVEL_API_KEY: key, TRADE_IMPORTER_BATCH_SIZE: "3" },
            stdout: "ignore",
            stderr: "ignore",
          });
          while (child.exitCode === null && platform.requests.length < before + 2 + kills * 2) await Bun.sleep(1);
          child.kill("SIGKILL");
          await child.exited;
        }
        expect((await importOnce(platform)).code).toBe(0);
        expect(await tradesOf(journal)).toEqual(truth);
      } finally {
        await platform.stop();
        journal.close();
      }
    },
    runsMsMax,
  );
});
