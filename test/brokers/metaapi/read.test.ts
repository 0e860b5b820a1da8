import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Fetch } from "../../../src/context.ts";
import { Failure } from "../../../src/errors.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { Trade } from "../../../src/trades/trade.ts";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { dayMs, hourMs, minuteMs } from "../../venues/clock.ts";
import { type MetaApiAccount, type MetaApiDeal, type MetaApiVenue, startMetaApi } from "../../venues/metaapi/index.ts";
import { plain, readAll, TemporaryFile } from "../metatrader/golden.ts";
import {
  account as accountRow,
  deal,
  dealHeadings,
  html,
  position,
  positionHeadings,
  statement,
  ticket,
  ticketHeadings,
} from "../metatrader/make.ts";
import { type RunOptions, readAccount } from "./account-reader.ts";

/** Thousands of deals, on a machine that is busy. */
setDefaultTimeout(60_000);

const folder = temporaryFolders();
const nowMs = Date.UTC(2026, 1, 9, 10, 30);
const id = "865d3a4d-3803-486d-bdf3-a85679d9fad2";
const openedMs = Date.UTC(2026, 0, 5, 8);

let venue: MetaApiVenue;
beforeEach(async () => {
  venue = await startMetaApi({ nowMs });
});
afterEach(() => venue.stop());

const read = (account: MetaApiAccount, more: Partial<RunOptions> = {}) =>
  readAccount({ venue, account, dataDir: folder(), ...more });

let dealNumber = 0;
beforeEach(() => {
  dealNumber = 800;
});
const trade = (change: Partial<MetaApiDeal> = {}): MetaApiDeal => ({
  id: String(++dealNumber),
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
  orderId: "901",
  ...change,
});
const closing = (change: Partial<MetaApiDeal> = {}) =>
  trade({
    type: "DEAL_TYPE_SELL",
    entryType: "DEAL_ENTRY_OUT",
    atMs: openedMs + 2 * hourMs,
    price: 1.105,
    profit: 50,
    orderId: "902",
    ...change,
  });
const deposit = (atMs = openedMs - dayMs): MetaApiDeal => ({
  id: String(++dealNumber),
  type: "DEAL_TYPE_BALANCE",
  atMs,
  profit: 1_000,
});

/** What matters to whoever compares: all but the times of the run. */
const plainly = (items: readonly (Trade | Execution)[]) => items.map(plain);

async function codeOf(error: unknown): Promise<string | undefined> {
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${String(error)}`);
  return error.detail.code;
}

describe("the same as the terminal's report", () => {
  test("a hedging account's positions, with what the opening order asked for", async () => {
    const account = venue.addAccount({ id });
    account.deals.push(
      deposit(),
      trade({ stopLoss: 1.09, takeProfit: 1.12 }),
      closing({ stopLoss: 1.1, swap: -0.2 }),
      trade({
        type: "DEAL_TYPE_SELL",
        symbol: "XAUUSD",
        positionId: "702",
        price: 2_650,
        volume: 0.02,
        atMs: openedMs + 1,
      }),
    );
    const { trades, executions, error } = await read(account);
    expect(error).toBeNull();
    using file = new TemporaryFile(
      "report.html",
      html([
        accountRow("Hedge"),
        positionHeadings,
        position({ stop: "1.09000", target: "1.12000", swap: "-0.20" }),
        dealHeadings,
        deal(),
      ]),
    );
    const report = await readAll(file.path, { timezone: "+02:00" });
    expect(executions).toEqual([]);
    expect(plainly(trades)).toEqual(plainly(report.trades));
    expect(trades[0]?.externalId).toBe("trade:metatrader:forex:EURUSD:701");
  });

  test("a netting account's deals, a reversal and a swap among them", async () => {
    const account = venue.addAccount({ id, marginMode: "ACCOUNT_MARGIN_MODE_RETAIL_NETTING" });
    account.deals.push(
      deposit(),
      trade(),
      trade({
        type: "DEAL_TYPE_SELL",
        entryType: "DEAL_ENTRY_INOUT",
        volume: 0.3,
        price: 1.105,
        profit: 50,
        commission: -1.05,
        atMs: openedMs + 1_000,
      }),
      trade({ entryType: "DEAL_ENTRY_OUT", volume: 0.2, price: 1.1, profit: 100, swap: -0.4, atMs: openedMs + 2_000 }),
    );
    const { trades, executions, error } = await read(account);
    expect(error).toBeNull();
    using file = new TemporaryFile(
      "report.html",
      html([
        accountRow("Netting"),
        dealHeadings,
        deal({ deal: "802" }),
        deal({
          deal: "803",
          type: "sell",
          direction: "in/out",
          volume: "0.3",
          price: "1.105",
          profit: "50",
          commission: "-1.05",
          time: "2026.01.05 10:00:01",
        }),
        deal({
          deal: "804",
          direction: "out",
          volume: "0.2",
          profit: "100",
          swap: "-0.4",
          time: "2026.01.05 10:00:02",
        }),
      ]),
    );
    const report = await readAll(file.path, { timezone: "+02:00" });
    expect(trades).toEqual([]);
    expect(executions.length).toBe(5);
    expect(plainly(executions)).toEqual(plainly(report.executions));
  });

  test("tickets of MetaTrader 4 that a partial close made, whichever run sees them", async () => {
    const account = venue.addAccount({ id, platform: "mt4", marginMode: "" });
    const part = {
      symbol: "XAUUSD",
      type: "DEAL_TYPE_SELL",
      volume: 0.2,
      price: 2_650,
      commission: 0,
      positionId: "601",
    };
    const close = { ...part, type: "DEAL_TYPE_BUY", price: 2_640 };
    account.deals.push(trade({ ...part, comment: "to #602" }), closing({ ...close, profit: 200, comment: "to #602" }));
    const first = await read(account);
    expect([first.error, first.trades]).toEqual([null, []]);
    account.deals.push(
      trade({ ...part, volume: 0.3, positionId: "602", comment: "from #601" }),
      closing({
        ...close,
        volume: 0.3,
        profit: 300,
        positionId: "602",
        atMs: nowMs + 3 * hourMs,
        comment: "from #601",
      }),
    );
    venue.clock.advance(5 * hourMs);
    const { trades, error } = await read(account, { changes: { cursor: first.cursor } });
    expect(error).toBeNull();
    using file = new TemporaryFile(
      "statement.htm",
      html(
        [
          statement(),
          ticketHeadings,
          ticket({ size: "0.20", profit: "200.00" }, "to #602"),
          ticket({ ticket: "602", size: "0.30", profit: "300.00", closed: "2026.02.09 15:30:00" }, "from #601"),
        ],
        { generator: "MetaQuotes Software Corp." },
      ),
    );
    const report = await readAll(file.path, { timezone: "+02:00" });
    expect(report.trades).toHaveLength(1);
    expect(plainly(trades)).toEqual(plainly(report.trades));
  });
});

describe("positions", () => {
  test("closed in several deals are one trade, and equal parts are all counted", async () => {
    const account = venue.addAccount({ id });
    const half = { volume: 0.05, profit: 25, commission: -0.1 };
    account.deals.push(trade(), closing(half), closing(half));
    const { trades } = await read(account);
    expect(plainly(trades)).toMatchObject([{ quantity: "0.1", grossPnl: "50", fees: "0.55", netPnl: "49.45" }]);
  });

  test("that are open wait, and come when they are closed, with what opened them asked for again", async () => {
    const account = venue.addAccount({ id });
    account.deals.push(trade(), closing({ volume: 0.04, profit: 20 }));
    const first = await read(account);
    expect([first.trades, first.error]).toEqual([[], null]);
    account.deals.push(closing({ volume: 0.06, profit: 30, atMs: nowMs + hourMs }));
    venue.clock.advance(4 * hourMs);
    const second = await read(account, { changes: { cursor: first.cursor } });
    expect(plainly(second.trades)).toMatchObject([
      { quantity: "0.1", grossPnl: "50", openedAtMs: "2026-01-05T08:00:00.000Z" },
    ]);
    expect(venue.log.of("/users/current/accounts").filter(({ path }) => path.endsWith("/position/701"))).toHaveLength(
      1,
    );
  });

  test("closed by an opposite one are two trades", async () => {
    const account = venue.addAccount({ id });
    const short = { type: "DEAL_TYPE_SELL", positionId: "702", price: 1.106 };
    account.deals.push(
      trade(),
      trade(short),
      closing({ entryType: "DEAL_ENTRY_OUT_BY", price: 1.106, profit: 60 }),
      closing({ ...short, type: "DEAL_TYPE_BUY", entryType: "DEAL_ENTRY_OUT_BY", profit: 0 }),
    );
    const { trades } = await read(account);
    expect(trades.map(({ direction, externalId }) => [direction, externalId.split(":").at(-1)])).toEqual([
      ["long", "701"],
      ["short", "702"],
    ]);
  });

  test("that were opened before the history are left out, and said", async () => {
    const account = venue.addAccount({ id });
    account.deals.push(closing());
    const { trades, warnings, error } = await read(account);
    expect([trades, error]).toEqual([[], null]);
    expect(warnings).toMatchObject([{ code: "partial", message: expect.stringContaining("701") }]);
  });
});

describe("pages", () => {
  test("of a thousand are all read, newest first as they come", async () => {
    const account = venue.addAccount({ id });
    const total = 2_350;
    for (let index = 0; index < total; index++) {
      const place = { positionId: String(10_000 + index), atMs: openedMs + index * minuteMs };
      account.deals.push(trade(place), closing({ ...place, atMs: place.atMs + 1 }));
    }
    venue.clock.set(openedMs + total * minuteMs + 5 * hourMs);
    const { trades, error } = await read(account);
    expect(error).toBeNull();
    expect(new Set(trades.map(({ externalId }) => externalId)).size).toBe(total);
    expect(trades.map(({ closedAtMs }) => closedAtMs)).toEqual(trades.map(({ closedAtMs }) => closedAtMs).toSorted());
    const offsets = venue.log.entries.filter(({ path, status }) => path.includes("/time/") && status === 200);
    expect(Math.max(...offsets.map(({ parameters }) => Number(parameters.offset)))).toBe(4_000);
    expect(new Set(offsets.map(({ parameters }) => parameters.limit))).toEqual(new Set(["1000"]));
  });

  test("of a history that is too long for one piece come in several, each with its cursor", async () => {
    const account = venue.addAccount({ id });
    const total = 20_100;
    for (let index = 0; index < total; index++) account.deals.push(deposit(openedMs - (total - index) * hourMs));
    account.deals.push(trade(), closing());
    const { trades, error, cursor } = await read(account);
    expect([trades.length, error]).toEqual([1, null]);
    expect(cursor).toMatchObject({ fromMs: expect.any(Number) });
    const spans = venue.log.entries.filter(
      ({ path, parameters }) => path.includes("/time/") && parameters.offset === "0",
    );
    expect(spans.length).toBeGreaterThan(2);
  });

  test("amounts are exact, and what doubles add to them is not taken", async () => {
    const account = venue.addAccount({ id });
    account.deals.push(
      trade({ price: 1.1, commission: -0.1 - 0.2 }),
      closing({ profit: 123_456_789.12, price: 1e-7, swap: 0.1 + 0.7 }),
    );
    const { trades } = await read(account);
    expect(plainly(trades)).toMatchObject([
      { grossPnl: "123456789.12", fees: "0.65", funding: "-0.8", exitPrice: "0.0000001" },
    ]);
  });

  test("an idle account costs three requests and gives nothing again", async () => {
    const account = venue.addAccount({ id });
    account.deals.push(trade(), closing());
    const first = await read(account);
    venue.clock.advance(15 * minuteMs);
    venue.log.clear();
    const second = await read(account, { changes: { cursor: first.cursor } });
    expect([second.trades, second.executions, second.error]).toEqual([[], [], null]);
    expect(venue.log.entries.length).toBe(3);
  });

  test("a run that was killed goes on from its cursor, and what came late is found", async () => {
    const account = venue.addAccount({ id, marginMode: "ACCOUNT_MARGIN_MODE_RETAIL_NETTING" });
    const years = [2022, 2023, 2024, 2025].map((year) => Date.UTC(year, 5, 1));
    for (const atMs of years) account.deals.push(trade({ atMs }), closing({ atMs: atMs + hourMs }));
    const whole = await read(account);
    let cursor: unknown = null;
    const seen = new Map<string, Execution>();
    for (let run = 0; run < 60; run++) {
      const part = await read(account, { changes: { cursor }, pagesMax: 3 });
      expect(part.error).toBeNull();
      for (const execution of part.executions) seen.set(execution.externalId, execution);
      ({ cursor } = part);
    }
    expect(plainly([...seen.values()])).toEqual(plainly(whole.executions));
    account.deals.push(trade({ id: "799", atMs: nowMs - 50 * minuteMs }));
    const late = await read(account, { changes: { cursor: whole.cursor } });
    expect(late.executions.map(({ externalId }) => externalId)).toEqual(["metatrader:forex:EURUSD:799"]);
  });

  test("what a netting account holds is remembered: a later reversal is split", async () => {
    const account = venue.addAccount({ id, marginMode: "ACCOUNT_MARGIN_MODE_EXCHANGE" });
    account.deals.push(trade());
    const first = await read(account);
    const reversal = {
      type: "DEAL_TYPE_SELL",
      entryType: "DEAL_ENTRY_INOUT",
      volume: 0.3,
      profit: 5,
      atMs: nowMs + hourMs,
    };
    account.deals.push(trade(reversal));
    venue.clock.advance(3 * hourMs);
    const second = await read(account, { changes: { cursor: first.cursor } });
    expect(plainly(second.executions)).toMatchObject([
      { positionSide: "long", quantity: "0.1", realizedPnl: "5" },
      { positionSide: "short", quantity: "0.2" },
    ]);
    const unknown = await read(account, { changes: { importFromMs: nowMs } });
    expect(unknown.warnings).toMatchObject([{ code: "partial" }]);
    expect([unknown.executions, unknown.error]).toEqual([[], null]);
  });
});

describe("not yet", () => {
  test.each(["accepted", "synchronizing"] as const)(
    "%s: nothing is taken before all of it is there",
    async (loadsAs) => {
      const account = venue.addAccount({ id, loadsUntilMs: nowMs + 30_000, loadsAs });
      account.deals.push(trade(), closing());
      const { trades, error } = await read(account);
      expect([trades.length, error]).toEqual([1, null]);
      expect(venue.clock.trueMs()).toBeGreaterThanOrEqual(nowMs + 30_000);
    },
  );

  test("for longer than a run waits: later, and the cursor stays", async () => {
    const account = venue.addAccount({ id, loadsUntilMs: nowMs + dayMs });
    const { error, cursor } = await read(account);
    expect([await codeOf(error), cursor]).toEqual(["broker_unavailable", null]);
    expect((error as Failure).detail.retryable).toBe(true);
  });

  test("a terminal that is not connected is tried again, and then later", async () => {
    const account = venue.addAccount({ id, isDisconnected: true });
    const { error } = await read(account);
    expect(await codeOf(error)).toBe("broker_unavailable");
    expect((error as Failure).message).not.toContain(id);
  });

  test("more credits than there are: it waits as long as MetaApi says", async () => {
    const account = venue.addAccount({ id });
    for (let index = 0; index < 90; index++) account.deals.push(closing({ positionId: String(index + 1) }));
    const { error, log } = await read(account);
    expect(error).toBeNull();
    expect(venue.log.count(429)).toBeGreaterThan(0);
    expect(log.events()).toContain("rate_limited");
  });

  test("asked to slow down for longer than a run: rate_limited", async () => {
    const account = venue.addAccount({ id });
    venue.faults.add({ kind: "rate-limited", retryAfterSeconds: 3_600, path: /history/ });
    expect(await codeOf((await read(account)).error)).toBe("rate_limited");
  });

  test.each([
    ["a gateway's page", { kind: "html" } as const],
    ["half a body", { kind: "cut-json" } as const],
    ["a cut connection", { kind: "reset" } as const],
    ["a server's fault", { kind: "error", code: "InternalError", message: "oops", status: 500 } as const],
  ])("%s is repeated", async (_name, fault) => {
    const account = venue.addAccount({ id });
    account.deals.push(trade(), closing());
    venue.faults.add({ ...fault, path: /history/, times: 2 });
    const { trades, error } = await read(account);
    expect([trades.length, error]).toEqual([1, null]);
  });

  test("an account that MetaApi does not run", async () => {
    const { error } = await read(venue.addAccount({ id, state: "UNDEPLOYED" }));
    expect(await codeOf(error)).toBe("broker_unavailable");
    expect((error as Failure).message).toContain("UNDEPLOYED");
  });
});

describe("credentials", () => {
  const other = "11111111-2222-4333-8444-555555555555";

  test.each([
    [
      "a token that is none",
      (account: MetaApiAccount) => ({ apiKey: account.id, apiSecret: "aa.bb.cc" }),
      "broker_auth_failed",
    ],
    [
      "another's token",
      (account: MetaApiAccount) => ({ apiKey: account.id, apiSecret: venue.addAccount({ id: other }).token }),
      "permission_missing",
    ],
    [
      "an id that is not there",
      (account: MetaApiAccount) => ({ apiKey: other, apiSecret: account.token }),
      "broker_auth_failed",
    ],
    ["no id at all", (account: MetaApiAccount) => ({ apiKey: "../x", apiSecret: account.token }), "broker_auth_failed"],
  ])("%s", async (_name, credentials, code) => {
    const account = venue.addAccount({ id });
    const { error } = await read(account, { changes: { credentials: credentials(account) } });
    expect(await codeOf(error)).toBe(code);
    for (const secret of [account.token, id, other]) expect((error as Failure).message).not.toContain(secret);
  });

  test("in the other order are the same", async () => {
    const account = venue.addAccount({ id });
    account.deals.push(trade(), closing());
    const { trades } = await read(account, {
      changes: { credentials: { apiKey: account.token, apiSecret: account.id } },
    });
    expect(trades).toHaveLength(1);
  });

  test("of one account alone need the region, which is where the requests go", async () => {
    const account = venue.addAccount({ id, isNarrow: true });
    expect(await codeOf((await read(account)).error)).toBe("permission_missing");
    const hosts: string[] = [];
    const fetch: Fetch = (input) => {
      hosts.push(new URL(String(input)).host);
      return Promise.resolve(new Response("[]", { status: 401 }));
    };
    const credentials = { apiKey: id, apiSecret: account.token, passphrase: "New-York" };
    await read(account, { changes: { credentials }, fetch, venueUrl: null });
    expect(hosts).toEqual(["mt-client-api-v1.new-york.agiliumtrade.ai"]);
    expect((await read(account, { changes: { credentials } })).error).toBeNull();
  });

  test("that may trade are a warning", async () => {
    const { warnings } = await read(venue.addAccount({ id, investorMode: false }));
    expect(warnings).toMatchObject([{ code: "key_can_trade" }]);
  });
});

describe("what MetaApi has not given before", () => {
  test.each([
    ["a type", { type: "DEAL_TYPE_LOTTERY" }, /DEAL_TYPE_LOTTERY/],
    ["an entry", { entryType: "DEAL_ENTRY_SIDEWAYS" }, /DEAL_ENTRY_SIDEWAYS/],
    ["an entry that every object has", { entryType: "constructor" }, /constructor/],
    ["no volume", { volume: 0 }, /volume/],
    ["another form", { profit: "5" as unknown as number }, /form/],
  ])("%s is an error, and the cursor stays", async (_name, change, message) => {
    const account = venue.addAccount({ id });
    account.deals.push(trade(change as Partial<MetaApiDeal>));
    const { error, trades } = await read(account);
    expect(await codeOf(error)).toBe("broker_answer");
    expect((error as Failure).message).toMatch(message);
    expect(trades).toEqual([]);
  });
});

test("a run that is stopped ends without an error", async () => {
  const account = venue.addAccount({ id, loadsUntilMs: nowMs + dayMs });
  const stop = new AbortController();
  const fetch: Fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init);
    if (response.status === 202) stop.abort(new Error("stopped"));
    return response;
  };
  expect((await read(account, { fetch, signal: stop.signal })).error).toBeNull();
});
