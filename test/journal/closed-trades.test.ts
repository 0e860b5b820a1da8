import { describe, expect, test } from "bun:test";
import { readClosedTrade } from "../../src/journal/closed-trades.ts";
import { SeenIds } from "../../src/journal/seen-ids.ts";
import { closedTradeOf } from "../../src/statistics/closed-trade.ts";
import { createSummary, summarise } from "../../src/statistics/summary.ts";
import { all } from "./samples.ts";
import { failureOf, json, scripted } from "./scripted.ts";
import { storedClosed as stored } from "./trade-pages.ts";

const place = { name: "GET /users/1/trades", page: 2, index: 3 };

/** Plain ones are read from their bytes, those with white space by `JSON.parse`. */
function pageAs(space: number) {
  return (items: unknown[], cursor: string | null) =>
    new Response(JSON.stringify({ data: items, links: { next: null }, meta: { next_cursor: cursor } }, null, space));
}

describe("a closed trade as the platform sent it", () => {
  test("is what the statistics need of it", () => {
    const more = { ...stored, user_id: 1, legs: [], something_new: true };
    expect(readClosedTrade(more, place)).toEqual(closedTradeOf(stored));
  });

  test("may leave out what may be null", () => {
    const { contract_size, entry_price, gross_pnl, net_pnl, pnl_in_base_currency, base_currency, r_multiple, ...rest } =
      stored;
    expect(readClosedTrade(rest, place)).toMatchObject({
      contractSize: null,
      entryPrice: null,
      grossPnl: null,
      netPnl: null,
      pnlInBaseCurrency: null,
      baseCurrency: null,
      rMultiple: null,
    });
  });

  test("that is open or void is none", () => {
    expect(readClosedTrade({ ...stored, status: "open", closed_at: null }, place)).toBeNull();
    expect(readClosedTrade({ status: "void" }, place)).toBeNull();
  });

  test.each([
    ["an unknown status", { status: "done" }, "status must be open, closed or void"],
    ["an unknown market", { market: "moon" }, "market must be spot, margin"],
    ["an unknown direction", { direction: "up" }, "direction must be long or short"],
    ["a number for money", { net_pnl: 4.29 }, "net_pnl must be a text or null"],
    ["no fees", { fees: undefined }, "fees must be a text (missing)"],
    ["no closing time", { closed_at: null }, "closed_at must be a text"],
    ["a day that is none", { closed_at: "2026-02-30T10:00:00Z" }, "closed_at must be a time in UTC"],
    ["a broken id", { trade_id: "a b" }, "trade_id must be an integer, or"],
    ["a negative id", { account_id: -1 }, "account_id must be an integer, or"],
  ])("with %s is refused, with its place and what was expected", (_name, change, message) => {
    const read = () => readClosedTrade({ ...stored, ...change }, place);
    expect(read).toThrow(message);
    expect(read).toThrow("GET /users/1/trades, page 2, item 3: ");
  });

  test("that is no object is refused", () => {
    for (const value of [null, "x", 7]) expect(() => readClosedTrade(value, place)).toThrow("must be an object");
  });
});

describe.each([
  ["plain", pageAs(0)],
  ["with white space", pageAs(1)],
])("pages of closed trades, %s,", (_spelling, page) => {
  const numbered = (...ids: (number | string)[]) => ids.map((trade_id) => ({ ...stored, trade_id }));

  test("are asked for closed trades, as many as the contract allows, to the end", async () => {
    const { journal, attempts } = scripted([page(numbered(1, 2), "next"), page(numbered(3), null)]);
    const pages = await all(journal.closedTrades(7));
    expect(pages.map(({ trades }) => trades().map(({ id }) => id))).toEqual([[1, 2], [3]]);
    expect(attempts.map(({ url }) => `${url.pathname.replace("/api/internal", "")}${url.search}`)).toEqual([
      "/users/7/trades?per_page=1000&status=closed",
      "/users/7/trades?per_page=1000&status=closed&cursor=next",
    ]);
  });

  test.each([
    ["at once", [numbered(1, 1)]],
    ["on a later page", [numbered(5, 6), numbered(6)]],
    ["long after, where ids do not ascend", [numbered(5, 2), numbered(9, 5)]],
    ["as text", [numbered("b", "a"), numbered("b")]],
  ])("in which one comes a second time (%s) are an error", async (_name, lists) => {
    const steps = lists.map((items, index) => page(items, index + 1 < lists.length ? `cursor-${index}` : null));
    const failure = await failureOf(all(scripted(steps).journal.closedTrades(7)));
    expect(failure).toMatchObject({ kind: "data", detail: { code: "platform_contract" } });
    expect(failure.message).toContain("comes a second time");
  });

  test("with one that is none are an error with its place", async () => {
    const { journal } = scripted([page(numbered(1), "next"), page([...numbered(2), { ...stored, fees: 1 }], null)]);
    const failure = await failureOf(all(journal.closedTrades(7)));
    expect(failure.message).toBe("GET /users/7/trades, page 2, item 1: fees must be a text.");
  });

  test("that are cut short are asked for again", async () => {
    const text = await page(numbered(1, 2), null).text();
    const { journal } = scripted([new Response(text.slice(0, -9)), page(numbered(1, 2), null)]);
    expect((await all(journal.closedTrades(7))).map(({ count }) => count)).toEqual([2]);
  });

  test("add up to the same figures as their trades do", async () => {
    const user = { timezone: "Europe/Paris", base_currency: "USD" };
    const stamp = { engineVersion: "1", computedAtMs: 0, basedOnVersion: 1 };
    const items = [
      stored,
      { ...stored, trade_id: 12, net_pnl: null },
      { ...stored, trade_id: 13, contract_size: null },
    ];
    const odd = { ...stored, trade_id: 14, opened_at: "2026-03-01T00:00:00Z", r_multiple: "-1.5" };
    const other = { ...stored, trade_id: 15, pnl_in_base_currency: null, entry_price: null, net_pnl: "-7" };
    const { journal } = scripted([page([...items, odd, other], null)]);
    const summary = createSummary(user);
    for (const trades of await all(journal.closedTrades(7))) summary.addPage(trades);
    const trades = [...items, odd, other].map(closedTradeOf).filter((trade) => trade !== null);
    expect(summary.finish(stamp)).toEqual(summarise(trades, user, stamp));
  });

  test("whose cursor comes a second time are an error", async () => {
    const { journal } = scripted([page(numbered(1), "same"), page(numbered(2), "same")]);
    expect((await failureOf(all(journal.closedTrades(7)))).message).toContain("a cursor comes a second time");
  });

  test("of a user that is gone are that user's failure", async () => {
    const { journal } = scripted([json(404, { message: "" })]);
    expect(await failureOf(all(journal.closedTrades(7)))).toMatchObject({
      kind: "data",
      detail: { code: "platform_gone", subject: "user 7" },
    });
  });
});

test("ids in any order are known again, numbers and text apart", () => {
  const seen = new SeenIds();
  const given = [3, 7, 5, "7", "x", 8];
  expect(given.map((id) => seen.add(id))).toEqual(given.map(() => true));
  expect(given.map((id) => seen.add(id))).toEqual(given.map(() => false));
  expect(seen.add(6)).toBeTrue();
});
