import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fetch } from "../../../src/context.ts";
import { startBybit } from "../../venues/bybit/index.ts";
import { dayMs } from "../../venues/clock.ts";
import { startOkx } from "../../venues/okx/index.ts";
import type { Venue } from "../../venues/start.ts";
import { type AccountReader, errorText, openReader, type RunResult } from "./account-reader.ts";

const nowMs = Date.UTC(2026, 1, 9, 10, 30);
const world = { seed: "books", startMs: nowMs - 40 * dayMs, endMs: nowMs };
const generate = { fills: 200, symbols: 6, markets: ["spot", "linear", "inverse"] as const, hedge: true };

type Answer = Record<string, unknown>;
const tried = [
  {
    id: "bybit",
    start: startBybit,
    path: "/v5/account/transaction-log",
    symbol: "BTCUSDT",
    amount: "cashFlow",
    rowsOf: (answer: Answer) => (answer.result as { list: Record<string, string>[] }).list,
    /** Its own words for a key that may not ask for it. */
    refusal: { retCode: 10_005, retMsg: "Permission denied, please check your API key permissions.", result: {} },
  },
  {
    id: "okx",
    start: startOkx,
    path: "/api/v5/account/bills-archive",
    symbol: "BTC-USDT-SWAP",
    amount: "pnl",
    rowsOf: (answer: Answer) => answer.data as Record<string, string>[],
    refusal: { code: "50120", msg: "API key doesn't have permission to use this function", data: [] },
  },
];

let dataDir: string;
let venue: Venue;
let reader: AccountReader;
/** What becomes of an answer of the books, null: nothing. */
let change: ((answer: Answer) => Answer) | null;
let asked: number;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "books-"));
  change = null;
  asked = 0;
});
afterEach(async () => {
  reader.close();
  await venue.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function open({ id, start, path }: (typeof tried)[number], account: Record<string, unknown> = {}) {
  venue = await start({ nowMs, world, accounts: [{ id: "trader", hedge: true, ...account }] });
  const fetch = (async (input: string, init?: RequestInit) => {
    const response = await globalThis.fetch(input, init);
    // The beginning of OKX's list of funding has the same path.
    const { pathname, searchParams } = new URL(input);
    if (pathname !== path || searchParams.has("type")) return response;
    asked++;
    if (change === null) return response;
    return Response.json(change((await response.json()) as Answer));
  }) as Fetch;
  reader = openReader({ brokerId: id, venue, dataDir, accountId: "trader", fetch });
  return venue.account("trader").ledger;
}

const mismatches = ({ warnings }: RunResult) =>
  warnings.filter(({ code }) => code === "pnl_mismatch").map(({ message }) => message);

const skips = () =>
  reader.log.lines.filter(({ event }) => event === "reconcile_skipped").map(({ fields }) => fields.reason);

describe.each(tried)("what $id booked", (exchange) => {
  const trip = (ledger: Awaited<ReturnType<typeof open>>, atMs: number, exit: string) => {
    const fill = { market: "linear", symbol: "BTCUSDT", quantity: "1", positionSide: "LONG" } as const;
    ledger.fill({ ...fill, side: "BUY", price: "100", atMs });
    ledger.fill({ ...fill, side: "SELL", price: exit, atMs: atMs + 1_000 });
  };
  const plus = (amount: number) => (answer: Answer) => {
    for (const row of exchange.rowsOf(answer)) {
      if (Number(row[exchange.amount]) === 7) row[exchange.amount] = String(7 + amount);
    }
    return answer;
  };

  test("is what the fills say, forty days of it, and asked for once", async () => {
    await open(exchange, { generate });
    const first = await reader.run();
    expect([errorText(first), mismatches(first)]).toEqual([null, []]);
    expect(asked).toBeGreaterThan(0);
    expect(skips()).toEqual([]);
    const before = asked;
    venue.clock.advance(dayMs);
    const second = await reader.run({ cursor: first.cursor });
    expect([errorText(second), mismatches(second)]).toEqual([null, []]);
    // What was executed today was not compared before; on the day after nothing is left to be.
    venue.clock.advance(dayMs);
    const between = asked;
    const third = await reader.run({ cursor: second.cursor });
    expect([errorText(third), mismatches(third), asked - between]).toEqual([null, [], 0]);
    expect(between - before).toBeLessThanOrEqual(3);
  });

  test("and is not: symbol and amount, in every run, at no further request", async () => {
    const ledger = await open(exchange);
    trip(ledger, nowMs - 3 * dayMs, "107");
    change = plus(1.5);
    const first = await reader.run();
    const said = [expect.stringContaining(`differs from that of the fills: linear ${exchange.symbol} 1.5.`)];
    expect([errorText(first), mismatches(first)]).toEqual([null, said]);
    const before = asked;
    const idle = await reader.run({ cursor: first.cursor });
    expect([errorText(idle), mismatches(idle), asked]).toEqual([null, said, before]);
  });

  test("a day is compared hours after its end", async () => {
    const ledger = await open(exchange);
    trip(ledger, nowMs - 60_000, "107");
    change = plus(-2);
    const first = await reader.run();
    expect([errorText(first), mismatches(first), asked]).toEqual([null, [], 0]);
    venue.clock.advance(Date.UTC(2026, 1, 10, 5) - nowMs);
    const early = await reader.run({ cursor: first.cursor });
    expect([errorText(early), mismatches(early), asked]).toEqual([null, [], 0]);
    venue.clock.advance(2 * 3_600_000);
    const late = await reader.run({ cursor: early.cursor });
    expect([errorText(late), mismatches(late)]).toEqual([
      null,
      [expect.stringContaining(`linear ${exchange.symbol} -2.`)],
    ]);
  });

  test("cannot be read: the import is none the worse, and it is tried again half a day later", async () => {
    const ledger = await open(exchange);
    trip(ledger, nowMs - 3 * dayMs, "107");
    change = () => ({ retCode: 0, code: "0" });
    const first = await reader.run();
    expect([errorText(first), mismatches(first), first.executions.length, asked]).toEqual([null, [], 2, 1]);
    expect(skips()).toEqual([expect.stringContaining("answered in another form")]);
    const idle = await reader.run({ cursor: first.cursor });
    expect([errorText(idle), asked]).toEqual([null, 1]);
    change = plus(3);
    venue.clock.advance(dayMs / 2);
    const later = await reader.run({ cursor: idle.cursor });
    expect(mismatches(later)).toEqual([expect.stringContaining(`linear ${exchange.symbol} 3.`)]);
  });

  test("may not be read by the key: said once, and given up", async () => {
    const ledger = await open(exchange);
    trip(ledger, nowMs - 3 * dayMs, "107");
    change = () => exchange.refusal;
    const first = await reader.run();
    venue.clock.advance(dayMs);
    const later = await reader.run({ cursor: first.cursor });
    expect([errorText(first), errorText(later), asked, skips().length]).toEqual([null, null, 1, 1]);
  });

  test("before the account's beginning is of no interest", async () => {
    const ledger = await open(exchange);
    for (const days of [20, 3]) trip(ledger, nowMs - days * dayMs, "107");
    const result = await reader.run({ importFromMs: nowMs - 10 * dayMs });
    expect([errorText(result), result.executions.length, mismatches(result)]).toEqual([null, 2, []]);
  });
});

test("a classic account of Bybit has no such books", async () => {
  const exchange = tried.find(({ id }) => id === "bybit") as (typeof tried)[number];
  const start = (options: Parameters<typeof startBybit>[0]) =>
    startBybit({ ...options, settings: { kind: "classic" } });
  const ledger = await open({ ...exchange, start: start as typeof startBybit });
  ledger.fill({ market: "linear", symbol: "BTCUSDT", side: "BUY", quantity: "1", price: "100", atMs: nowMs - dayMs });
  const result = await reader.run();
  expect([errorText(result), result.executions.length, mismatches(result)]).toEqual([null, 1, []]);
  expect(skips()).toEqual(["the account has no such books"]);
});
