import { type Market, markets } from "../executions/execution.ts";
import type { ClosedTrade, Id } from "../statistics/closed-trade.ts";
import { parseInstantMs } from "../statistics/instant.ts";
import { listPage, type TradePage } from "../statistics/trade-columns.ts";
import { closedTradeTextsOrNone, directions, idPattern, tradeStatuses } from "./fields.ts";
import { type Http, parseJson } from "./http.ts";
import { type PagesOf, rawPages, twice } from "./pages.ts";
import { contractFailure } from "./read.ts";
import { SeenIds } from "./seen-ids.ts";
import type { ColumnPage, TradePageReader, TradePageReaders } from "./trade-page.ts";

/**
 * The closed trades of a list, a page at a time. They are checked by hand, and only as far as the statistics use them: the shapes of
 * `wire.ts` take several times as long as parsing the page, and many times where nothing is compiled just in time.
 */
export async function* closedTradePages(
  list: Pick<PagesOf<unknown>, "path" | "query" | "gone">,
  http: Http,
  readers: TradePageReaders | null,
): AsyncGenerator<TradePage, void, undefined> {
  const reader = readers?.take() ?? null;
  try {
    yield* pagesBy(reader, list, http);
  } finally {
    if (reader !== null) readers?.giveBack(reader);
  }
}

async function* pagesBy(
  reader: TradePageReader | null,
  list: Pick<PagesOf<unknown>, "path" | "query" | "gone">,
  http: Http,
): AsyncGenerator<TradePage, void, undefined> {
  const ids = new SeenIds();
  const parse = (body: Uint8Array) => reader?.read(body)?.json ?? parseJson(body);
  for await (const { number, items, json } of rawPages(list, http, parse)) {
    const place = { name: `GET ${list.path}`, page: number };
    const see = (id: Id) => {
      if (!ids.add(id)) throw twice(list.path, id, number);
    };
    const page = reader?.pageOf(json) ?? null;
    if (page === null) yield listPage(tradesOf(items, place, see));
    else yield columnPage(page, place, see);
  }
}

type PagePlace = Omit<TradePlace, "index">;

function columnPage({ columns, body }: ColumnPage, place: PagePlace, see: (id: Id) => void): TradePage {
  for (let index = 0; index < columns.count; index++) see(columns.ids[index] as Id);
  const trades = () => tradesOf((parseJson(body) as { data: unknown[] }).data, place, () => undefined);
  return { count: columns.count, columns, trades };
}

function tradesOf(items: readonly unknown[], place: PagePlace, see: (id: Id) => void): ClosedTrade[] {
  const trades: ClosedTrade[] = [];
  for (let index = 0; index < items.length; index++) {
    const trade = readClosedTrade(items[index], { ...place, index });
    if (trade === null) continue;
    see(trade.id);
    trades.push(trade);
  }
  return trades;
}

/** Where a trade stands, for messages. */
export interface TradePlace {
  name: string;
  page: number;
  index: number;
}

/** What the statistics need of the contract's `StoredTrade`, as JSON gave it. */
type Given = Partial<Record<(typeof usedFields)[number], unknown>>;

/** Null: it is not closed. Amounts are read by the statistics. @throws {Failure} data: it is no trade */
export function readClosedTrade(value: unknown, place: TradePlace): ClosedTrade | null {
  const given: Given = typeof value === "object" && value !== null ? value : {};
  if (given.status === "open" || given.status === "void") return null;
  if (!isTrade(given)) throw contractFailure(whereOf(place), explain(value));
  return {
    id: given.trade_id,
    accountId: given.account_id,
    broker: given.broker,
    market: given.market,
    symbol: given.symbol,
    direction: given.direction,
    openedAtMs: instant(given.opened_at, "opened_at", place),
    closedAtMs: instant(given.closed_at, "closed_at", place),
    quantity: given.quantity,
    contractSize: given.contract_size ?? null,
    entryPrice: given.entry_price ?? null,
    grossPnl: given.gross_pnl ?? null,
    fees: given.fees,
    funding: given.funding,
    netPnl: given.net_pnl ?? null,
    pnlCurrency: given.pnl_currency,
    pnlInBaseCurrency: given.pnl_in_base_currency ?? null,
    baseCurrency: given.base_currency ?? null,
    rMultiple: given.r_multiple ?? null,
  };
}

interface GivenTrade {
  trade_id: Id;
  account_id: Id;
  broker: string;
  market: Market;
  symbol: string;
  direction: (typeof directions)[number];
  opened_at: string;
  closed_at: string;
  quantity: string;
  contract_size?: string | null;
  entry_price?: string | null;
  gross_pnl?: string | null;
  fees: string;
  funding: string;
  net_pnl?: string | null;
  pnl_currency: string;
  pnl_in_base_currency?: string | null;
  base_currency?: string | null;
  r_multiple?: string | null;
}

/** All at once and without a word of what is wrong: nearly every trade is right. */
function isTrade(given: Given): given is GivenTrade {
  return (
    given.status === "closed" &&
    isId(given.trade_id) &&
    isId(given.account_id) &&
    isText(given.broker) &&
    marketWords.has(given.market) &&
    isText(given.symbol) &&
    (given.direction === "long" || given.direction === "short") &&
    isText(given.opened_at) &&
    isText(given.closed_at) &&
    isText(given.quantity) &&
    isTextOrNone(given.contract_size) &&
    isTextOrNone(given.entry_price) &&
    isTextOrNone(given.gross_pnl) &&
    isText(given.fees) &&
    isText(given.funding) &&
    isTextOrNone(given.net_pnl) &&
    isText(given.pnl_currency) &&
    isTextOrNone(given.pnl_in_base_currency) &&
    isTextOrNone(given.base_currency) &&
    isTextOrNone(given.r_multiple)
  );
}

const marketWords: ReadonlySet<unknown> = new Set(markets);

function isId(value: unknown): boolean {
  return typeof value === "number" ? Number.isSafeInteger(value) && value >= 0 : isIdText(value);
}

function isIdText(value: unknown): boolean {
  return typeof value === "string" && idPattern.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isTextOrNone(value: unknown): boolean {
  return value === null || value === undefined || isText(value);
}

function instant(text: string, field: string, place: TradePlace): number {
  try {
    return parseInstantMs(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw contractFailure(whereOf(place), `${field} must be ${expected.instant}`);
  }
}

function whereOf({ name, page, index }: TradePlace): string {
  return `${name}, page ${page}, item ${index}`;
}

const expected = {
  id: "an integer, or 1 to 64 characters of A-Z a-z 0-9 _ -",
  text: "a text",
  textOrNone: "a text or null",
  instant: "a time in UTC like 2026-03-01T10:00:00.123Z",
};
const ids = ["trade_id", "account_id"] as const;
const texts = ["broker", "symbol", "opened_at", "closed_at", "quantity", "fees", "funding", "pnl_currency"] as const;
const words = { status: tradeStatuses, market: markets, direction: directions } as const;
const usedFields = [...ids, ...texts, ...closedTradeTextsOrNone, "status", "market", "direction"] as const;

/** What was expected and where; never what was found. */
function explain(value: unknown): string {
  if (typeof value !== "object" || value === null) return "it must be an object";
  const given: Given = value;
  const problems: string[] = [];
  const note = (field: keyof Given, what: string) =>
    problems.push(`${field} must be ${what}${given[field] === undefined ? " (missing)" : ""}`);
  for (const field of ids) if (!isId(given[field])) note(field, expected.id);
  for (const field of texts) if (!isText(given[field])) note(field, expected.text);
  for (const field of closedTradeTextsOrNone) if (!isTextOrNone(given[field])) note(field, expected.textOrNone);
  for (const [field, list] of Object.entries(words) as [keyof typeof words, readonly unknown[]][]) {
    if (!list.includes(given[field])) note(field, list.join(", ").replace(/, (?=[^,]*$)/, " or "));
  }
  return problems.slice(0, problemsMax).join("; ");
}

const problemsMax = 3;
