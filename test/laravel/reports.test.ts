import { Database } from "bun:sqlite";
import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { cycleReport, fileResult, seed, statisticsOf } from "../journal/samples.ts";
import { ask, errorKeys } from "./ask.ts";
import { describeLaravel, reset } from "./instance.ts";

setDefaultTimeout(60_000);

describeLaravel("fixtures/laravel takes", (platform) => {
  beforeEach(async () => await reset(platform, seed));

  function rows(sql: string): unknown[] {
    const database = new Database(join(platform.folder, "database.sqlite"), { readonly: true });
    try {
      return database.query(sql).all();
    } finally {
      database.close();
    }
  }

  describe("statistics", () => {
    const put = (body: unknown) => ask(platform, "/users/1/statistics", { method: "PUT", body });
    const metrics = { trades: 1, net_pnl: "4.29" };
    const section = { currency: "USD", periods: [{ period: "all", key: "all", metrics }], breakdowns: [] };

    test("in place of all that was stored", async () => {
      expect(await put({ ...statisticsOf(0), base: section })).toMatchObject({
        status: 200,
        body: { data: { user_id: 1, based_on_version: 0, stale: false, stored: { periods: 2, breakdowns: 1 } } },
      });
      const entries = () =>
        rows("SELECT section, currency, period, dimension, key FROM statistics_entries ORDER BY id");
      expect(entries()).toEqual([
        { section: "currency", currency: "USDT", period: "all", dimension: null, key: "all" },
        { section: "currency", currency: "USDT", period: null, dimension: "symbol", key: "BTCUSDT" },
        { section: "base", currency: "USD", period: "all", dimension: null, key: "all" },
      ]);
      expect(await put({ ...statisticsOf(1), currencies: [] })).toMatchObject({
        body: { data: { stored: { periods: 0, breakdowns: 0 } } },
      });
      expect([entries(), rows("SELECT based_on_version FROM statistics")]).toEqual([[], [{ based_on_version: 1 }]]);
    });

    test("of five thousand days, where rules of Laravel's nested lists would take longer than PHP may", async () => {
      const periods = Array.from({ length: 5000 }, (_, day) => ({
        period: "day",
        key: new Date(Date.UTC(2010, 0, 1 + day)).toISOString().slice(0, 10),
        metrics: {
          trades: 3,
          wins: 2,
          losses: 1,
          breakevens: 0,
          gross_pnl: "5.25",
          fees: "0.96",
          funding: "0.00",
          net_pnl: "4.29",
        },
      }));
      const currencies = [{ currency: "USDT", periods, breakdowns: [] }];
      expect(await put({ ...statisticsOf(0), currencies })).toMatchObject({
        status: 200,
        body: { data: { stored: { periods: 5000, breakdowns: 0 } } },
      });
      const tooMany = [{ currency: "USDT", periods: [...periods, periods[0]], breakdowns: [] }];
      expect(errorKeys(await put({ ...statisticsOf(0), currencies: tooMany }))).toEqual(["currencies.0.periods"]);
    });

    const period = (change: object) => ({
      ...statisticsOf(0),
      currencies: [{ ...section, periods: [{ period: "all", key: "all", metrics, ...change }] }],
    });
    const of = (change: object) => period({ metrics: { ...metrics, ...change } });
    test.each<[string, object, string]>([
      ["an unknown period", period({ period: "decade" }), "currencies.0.periods.0.period"],
      ["a time without a zone", period({ from: "2026-03-01" }), "currencies.0.periods.0.from"],
      ["no metrics", period({ metrics: null }), "currencies.0.periods.0.metrics"],
      ["a number for an amount", of({ net_pnl: 4.29 }), "currencies.0.periods.0.metrics.net_pnl"],
      ["text for a count", of({ trades: "1" }), "currencies.0.periods.0.metrics.trades"],
      ["null for a count", of({ wins: null }), "currencies.0.periods.0.metrics.wins"],
      ["an infinite ratio", of({ profit_factor: "Infinity" }), "currencies.0.periods.0.metrics.profit_factor"],
      ["an unknown reason", of({ null_reasons: { sqn: "bad luck" } }), "currencies.0.periods.0.metrics.null_reasons"],
      ["a year of 360 days", of({ annualisation_days: 360 }), "currencies.0.periods.0.metrics.annualisation_days"],
      [
        "an unknown dimension",
        { ...statisticsOf(0), currencies: [{ ...section, breakdowns: [{ dimension: "mood", key: "x", metrics }] }] },
        "currencies.0.breakdowns.0.dimension",
      ],
      ["another base currency", { ...statisticsOf(0), base: { ...section, currency: "EUR" } }, "base.currency"],
      ["a warning without a code", { ...statisticsOf(0), warnings: [{ count: 1 }] }, "warnings.0.code"],
      ["currencies that are no list", { ...statisticsOf(0), currencies: { USD: section } }, "currencies"],
      ["a version of text", { ...statisticsOf(0), based_on_version: "0" }, "based_on_version"],
    ])("not with %s", async (_name, body, key) => {
      const answer = await put(body);
      expect([answer.status, errorKeys(answer)]).toEqual([422, [key]]);
      expect(rows("SELECT id FROM statistics")).toEqual([]);
    });

    test("with figures that it does not know yet, and without those that are undefined", async () => {
      expect((await put(of({ profit_factor: null, something_new: "1", null_reasons: {} }))).status).toBe(200);
    });
  });

  describe("the result of a file", () => {
    const send = (body: unknown) => ask(platform, "/accounts/3/files/91/result", { body });
    const complaint = fileResult.errors[0];

    test("row by row", async () => {
      expect(await send(fileResult)).toMatchObject({
        status: 200,
        body: { data: { account_id: 3, file_id: 91, status: "partial" } },
      });
      const [stored] = rows("SELECT status, result FROM uploads WHERE id = 91") as { status: string; result: string }[];
      const { status, ...rest } = fileResult;
      expect([stored?.status, JSON.parse(stored?.result ?? "")]).toEqual([status, rest]);
    });

    test.each<[string, object, string]>([
      ["more than 200 errors", { errors: Array(201).fill(complaint) }, "errors"],
      ["line 0", { errors: [complaint, { ...complaint, line: 0 }] }, "errors.1.line"],
      ["an error without a code", { errors: [{ ...complaint, code: undefined }] }, "errors.0.code"],
      ["no errors at all", { errors: undefined }, "errors"],
      ["a negative count", { rows: -1 }, "rows"],
      ["1 for true", { truncated: 1 }, "truncated"],
    ])("not with %s", async (_name, change, key) => {
      const answer = await send({ ...fileResult, ...change });
      expect([answer.status, errorKeys(answer)]).toEqual([422, [key]]);
    });
  });

  describe("a cycle report", () => {
    const send = (body: unknown) => ask(platform, "/cycles", { body });
    const result = cycleReport.per_user_results[0];

    test("once, with a 201, and again with a 200", async () => {
      const answers = [await send(cycleReport), await send({ ...cycleReport, status: "failed" })];
      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [201, { data: { cycle_id: cycleReport.cycle_id, status: "created" } }],
        [200, { data: { cycle_id: cycleReport.cycle_id, status: "duplicate" } }],
      ]);
      expect(rows("SELECT status FROM cycles")).toEqual([{ status: "success" }]);
    });

    test.each<[string, object, string]>([
      ["a short id", { cycle_id: "short" }, "cycle_id"],
      [
        "an unknown status of a result",
        { per_user_results: [{ ...result, status: "fine" }] },
        "per_user_results.0.status",
      ],
      [
        "an error without a code",
        { per_user_results: [{ ...result, error: { message: "x" } }] },
        "per_user_results.0.error.code",
      ],
      [
        "an account that is no identifier",
        { per_user_results: [{ ...result, account_id: "a b" }] },
        "per_user_results.0.account_id",
      ],
      ["a summary without a number", { summary: { ...cycleReport.summary, buffered: undefined } }, "summary.buffered"],
      ["text for a number", { summary: { ...cycleReport.summary, failed: "0" } }, "summary.failed"],
    ])("not with %s", async (_name, change, key) => {
      const answer = await send({ ...cycleReport, ...change });
      expect([answer.status, errorKeys(answer)]).toEqual([422, [key]]);
    });

    test("of a user alone, and with numbers that it does not know yet", async () => {
      const perUser = [{ user_id: 1, account_id: null, broker: null, status: "ok", error: null }];
      const report = {
        ...cycleReport,
        per_user_results: perUser,
        summary: { ...cycleReport.summary, something_new: 1 },
      };
      expect((await send(report)).status).toBe(201);
    });
  });

  describe("an import status", () => {
    const patch = { import_status: "ok", observed_at: "2026-03-01T10:00:00.123Z", credentials_version: 1 };

    test.each<[string, object, string]>([
      ["a version of text", { credentials_version: "1" }, "credentials_version"],
      ["a checkpoint without its version", { checkpoint: {} }, "expected_checkpoint_version"],
      ["an error without a code", { error: { message: "x" } }, "error.code"],
      ["a time with an offset", { observed_at: "2026-03-01T10:00:00+01:00" }, "observed_at"],
    ])("not with %s", async (_name, change, key) => {
      const answer = await ask(platform, "/accounts/1/import-status", {
        method: "PATCH",
        body: { ...patch, ...change },
      });
      expect([answer.status, errorKeys(answer)]).toEqual([422, [key]]);
    });
  });
});
