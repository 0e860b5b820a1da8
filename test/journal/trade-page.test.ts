import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../src/errors.ts";
import { readClosedTrade } from "../../src/journal/closed-trades.ts";
import { TradePageReader } from "../../src/journal/trade-page.ts";
import { Amount } from "../../src/statistics/amount.ts";
import type { ClosedTrade } from "../../src/statistics/closed-trade.ts";
import { createSummary, summarise } from "../../src/statistics/summary.ts";
import { amountFields, placeOf, type TradeColumns } from "../../src/statistics/trade-columns.ts";
import { anyPage, bytesOf, mutated, plainItem } from "./trade-pages.ts";

const reader = new TradePageReader();
const user = { timezone: "America/New_York", base_currency: "USD", starting_balance: "1000" };
const stamp = { engineVersion: "1", computedAtMs: 0, basedOnVersion: 1 };
const meta = { next_cursor: "next" };

/** What `JSON.parse` and the checks say of a page. Null: they refuse it. */
function byObjects(body: Uint8Array): { rest: object; trades: ClosedTrade[] } | null {
  try {
    const { data, ...rest } = JSON.parse(new TextDecoder().decode(body)) as { data: unknown[] };
    const place = (index: number) => ({ name: "GET /users/1/trades", page: 1, index });
    const trades = data.map((value, index) => readClosedTrade(value, place(index)));
    return { rest, trades: trades.filter((trade) => trade !== null) };
  } catch (error) {
    if (error instanceof Failure || error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/** A trade of columns as an object again, its amounts as the lanes of `Amount`. */
function rowOf(columns: TradeColumns, index: number): object {
  const amounts = amountFields.map((field) => {
    if (!columns.isKnown(index, placeOf(field))) return [field, null];
    const amount = new Amount();
    columns.readAmount(index, placeOf(field), amount);
    return [field, { ...amount }];
  });
  return {
    id: columns.ids[index],
    accountId: columns.accountIds[index],
    broker: columns.brokers[index],
    market: columns.markets[index],
    symbol: columns.symbols[index],
    direction: columns.directions[index],
    openedAtMs: columns.openedAtMs[index],
    closedAtMs: columns.closedAtMs[index],
    pnlCurrency: columns.pnlCurrencies[index],
    baseCurrency: columns.baseCurrencies[index],
    ...Object.fromEntries(amounts),
  };
}

function withLanes(trade: ClosedTrade): object {
  const lanes = (text: string | null) => {
    if (text === null) return null;
    const amount = new Amount();
    amount.read(text);
    return { ...amount };
  };
  return { ...trade, ...Object.fromEntries(amountFields.map((field) => [field, lanes(trade[field])])) };
}

/** True: the page was read into columns, which then say what the objects say. */
function isTakenAlike(body: Uint8Array): boolean {
  const page = reader.read(body);
  if (page === null) return false;
  const expected = byObjects(body);
  expect(expected).not.toBeNull();
  const { columns, json } = page;
  expect(json as object).toEqual({ ...expected?.rest, data: [] });
  const rows = Array.from({ length: columns.count }, (_, index) => rowOf(columns, index));
  const trades = expected?.trades ?? [];
  expect(rows).toEqual(trades.map(withLanes));
  const summary = createSummary(user);
  summary.addPage({ count: columns.count, columns, trades: () => [] });
  expect(summary.finish(stamp)).toEqual(summarise(trades, user, stamp));
  return true;
}

describe("a page read from its bytes", () => {
  test("says what JSON.parse and the checks say of it, or leaves it to them", () => {
    fc.assert(
      fc.property(anyPage, (body) => void isTakenAlike(body)),
      { numRuns: 400 },
    );
  });

  test("and damaged says the same, or is left to them", () => {
    fc.assert(
      fc.property(mutated(anyPage), (body) => void isTakenAlike(body)),
      { numRuns: 800 },
    );
  });

  test.each([
    ["as the contract has it", [plainItem(), plainItem({ trade_id: 12, symbol: "ETHUSDT", net_pnl: "-0.5" })]],
    ["empty", []],
    ["with null where that may be", [plainItem({ gross_pnl: null, net_pnl: null, base_currency: null })]],
    ["with keys left out that may be null", [plainItem({ r_multiple: undefined, pnl_in_base_currency: undefined })]],
    ["with keys that are new", [plainItem({ note: 'a "b" \\ \n', tags: ["x", 1.5e-7, true, false, null] })]],
    [
      "with keys in another order from item to item",
      [plainItem(), Object.fromEntries(Object.entries(plainItem()).reverse())],
    ],
    ["with ids as text", [plainItem({ trade_id: "01HZ-a_9", account_id: "acc" })]],
    ["with names beyond ASCII", [plainItem({ symbol: "Ä/é", broker: 'quo"te', base_currency: "\u{1f600}" })]],
    ["with very short names", [plainItem({ symbol: "X" }), plainItem({ trade_id: 12, symbol: "Y" })]],
    [
      "with all digits that fit",
      [plainItem({ net_pnl: "-99999999999.999999999999999999", fees: "-0", funding: "00.10" })],
    ],
    [
      "with times to the second and to the microsecond",
      [plainItem({ opened_at: "2024-02-29T23:59:59Z", closed_at: "2024-03-01T00:00:00.123456Z" })],
    ],
  ])("is taken %s", (_name, items) => {
    expect(isTakenAlike(bytesOf({ data: items, meta }))).toBeTrue();
  });

  test("is taken with escapes as PHP writes them", () => {
    const text = JSON.stringify({ data: [plainItem({ symbol: "BTC/USDT", broker: "Ä" })], meta });
    const escaped = text.replaceAll("/", "\\/").replaceAll("Ä", "\\u00c4");
    expect(isTakenAlike(new TextEncoder().encode(escaped))).toBeTrue();
  });

  test.each([
    ["white space", JSON.stringify({ data: [plainItem()] }, null, 1)],
    ["another key first", JSON.stringify({ meta, data: [plainItem()] })],
    ["a second list", `{"data":[${JSON.stringify(plainItem())}],"data":[]}`],
    ["no end", JSON.stringify({ data: [plainItem()] }).slice(0, -1)],
    ["no end of its list", `{"data":[${JSON.stringify(plainItem())}`],
    ["something behind", `${JSON.stringify({ data: [plainItem()] })},`],
    ["a key twice", `{"data":[${JSON.stringify(plainItem()).replace('"fees"', '"net_pnl":"1","fees"')}]}`],
    ["a mark of the byte order in its middle", `{"data":[]\ufeff}`],
    ["a comma too many", `{"data":[${JSON.stringify(plainItem())},]}`],
    ["more trades than were asked for", JSON.stringify({ data: Array.from({ length: 1_001 }, () => plainItem()) })],
  ])("is left to JSON.parse with %s", (_name, text) => {
    expect(reader.read(new TextEncoder().encode(text))).toBeNull();
  });

  test.each([
    ["a trade that is open", { status: "open" }],
    ["an unknown market", { market: "moon" }],
    ["an unknown direction", { direction: "up" }],
    ["a number for money", { net_pnl: 4.29 }],
    ["null for fees", { fees: null }],
    ["no fees", { fees: undefined }],
    ["an empty symbol", { symbol: "" }],
    ["a broken id", { trade_id: "a b" }],
    ["a negative id", { account_id: -1 }],
    ["an id with a fraction", { trade_id: 1.5 }],
    ["an id that a double cannot hold", { trade_id: 1e17 }],
    ["a day that is none", { closed_at: "2026-02-30T10:00:00Z" }],
    ["an hour that is none", { closed_at: "2026-02-20T24:00:00Z" }],
    ["a time elsewhere", { closed_at: "2026-02-20T10:00:00+01:00" }],
    ["seven digits of a second", { closed_at: "2026-02-20T10:00:00.1234567Z" }],
    ["an exponent", { net_pnl: "1e5" }],
    ["an amount without digits before the point", { net_pnl: ".5" }],
    ["an amount without digits behind it", { net_pnl: "5." }],
    ["an amount of twelve digits", { net_pnl: "123456789012" }],
    ["an amount of nineteen places", { net_pnl: "0.0000000000000000001" }],
    ["an object in it", { something: { a: 1 } }],
  ])("is left to the checks with %s", (_name, change) => {
    expect(reader.read(bytesOf({ data: [plainItem(), plainItem({ trade_id: 12, ...change })], meta }))).toBeNull();
  });

  test("is known by its JSON alone, until the next one or until it is let go", () => {
    const page = reader.read(bytesOf({ data: [plainItem()] }));
    expect(reader.pageOf(page?.json)).toBe(page);
    expect(reader.pageOf({ data: [] })).toBeNull();
    reader.clear();
    expect(reader.pageOf(page?.json)).toBeNull();
  });
});
