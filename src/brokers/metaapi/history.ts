import type { Execution } from "../../executions/execution.ts";
import type { AccountWarning, SourcePage } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import { toTrade } from "../metatrader/closed-trade.ts";
import { compareTrades, emptyPlan, type Plan, type PlanSettings } from "../metatrader/plan.ts";
import { type Books, planDeals } from "../metatrader/plan-deals.ts";
import type { EntryRow } from "../metatrader/records.ts";
import type { MetaApiClient } from "./client.ts";
import { type Cursor, writeCursor } from "./cursor.ts";
import { Deals, type LiveDeal, listOf, readDeal } from "./deals.ts";
import { dealsPerPage, type RegionEndpoints } from "./endpoints.ts";
import { isEntry, planPosition, planTickets, stateOf } from "./positions.ts";

export interface Account {
  client: MetaApiClient;
  endpoints: RegionEndpoints;
  isMt4: boolean;
  unit: Cursor["unit"];
  settings: PlanSettings;
  importFromMs: number | null;
  cursor: Cursor | null;
  warnings: AccountWarning[];
}

/** No MetaTrader server is older. */
const earliestMs = Date.UTC(2004, 0, 1);
/** A window of more is halved: its deals are in memory all at once. Most accounts are one window, which is one request. */
const pagesPerWindowMax = 20;
const windowMsMin = 60_000;
const windowsMax = 10_000;
/** Deals can come late: from so long before the end on everything is read again by the next cycle. */
const overlapMs = 3_600_000;
/** One order can be filled in several deals; a position whose first deal in a window comes later than this has none before it. */
const fillingMs = 60_000;
const pageItemsMax = 1_000;
const chainMax = 100;

/** Everything from the cursor on, window by window. @throws {Failure} with one of `brokerErrorCodes` */
export async function* readHistory(account: Account): AsyncGenerator<SourcePage> {
  const { client, unit, warnings } = account;
  const cursor = account.cursor?.unit === unit ? account.cursor : null;
  const fromMs = cursor?.fromMs ?? Math.max(earliestMs, account.importFromMs ?? earliestMs);
  const endMs = Math.floor(client.nowMs());
  const settledMs = Math.max(fromMs, endMs - overlapMs);
  const history = new History(account, { fromMs, books: cursor?.books ?? new Map() });
  for await (const window of windowsOf(account, fromMs, endMs)) {
    for (const part of splitAt(window, settledMs)) yield* history.take(part, part.toMs <= settledMs);
  }
  yield { executions: [], warnings: [...warnings, ...history.warnings()] };
}

interface Window {
  fromMs: number;
  toMs: number;
  deals: LiveDeal[];
  entries: EntryRow[];
}

async function* windowsOf(account: Account, fromMs: number, endMs: number): AsyncGenerator<Window> {
  let lengthMs = endMs - fromMs;
  let startMs = fromMs;
  for (let count = 0; startMs < endMs; count++) {
    if (count >= windowsMax) throw failure("broker_answer", "MetaApi has more deals of the account than can be read.");
    const toMs = Math.min(endMs, startMs + lengthMs);
    const window = await readWindow(account, startMs, toMs);
    if (window !== null) {
      yield window;
      startMs = toMs;
    } else if (lengthMs <= windowMsMin) {
      throw failure("broker_answer", "MetaApi has more deals of the account in a minute than can be read.");
    } else lengthMs = Math.floor(Math.min(lengthMs, toMs - startMs) / 2);
  }
}

/** One request for both sides: of an idle account all that is new is on them. */
function splitAt(window: Window, atMs: number): Window[] {
  if (atMs <= window.fromMs || atMs >= window.toMs) return [window];
  const side = (isIn: (item: { wallMs: number }) => boolean) => ({
    deals: window.deals.filter(isIn),
    entries: window.entries.filter(isIn),
  });
  return [
    { ...window, toMs: atMs, ...side(({ wallMs }) => wallMs < atMs) },
    { ...window, fromMs: atMs, ...side(({ wallMs }) => wallMs >= atMs) },
  ];
}

/** Both ends are fixed, so that pages by offset do not move. Null: too many deals. */
async function readWindow({ client, endpoints }: Account, fromMs: number, toMs: number): Promise<Window | null> {
  const window: Window = { fromMs, toMs, deals: [], entries: [] };
  const seen = new Set<string>();
  for (let page = 0; page < pagesPerWindowMax; page++) {
    const list = listOf(await client.get(endpoints.deals(fromMs, toMs, page * dealsPerPage), Deals));
    for (const item of list) {
      if (seen.has(item.id)) continue;
      seen.add(item.id);
      const read = readDeal(item);
      if (read.kind === "trade") window.deals.push(read.deal);
      else window.entries.push(read.entry);
    }
    if (list.length < dealsPerPage) return window;
  }
  return null;
}

/** Deals of one window after another, as the terminals' reports would give them. */
class History {
  readonly #account: Account;
  readonly #startMs: number;
  #books: Books;
  /** Positions of this run that are not closed yet. */
  readonly #open = new Map<string, LiveDeal[]>();
  readonly #unopened = new Set<string>();

  constructor(account: Account, { fromMs, books }: { fromMs: number; books: Books }) {
    this.#account = account;
    this.#startMs = fromMs;
    this.#books = books;
  }

  /** `isSettled`: nothing comes late into it any more, so that the next cycle begins behind it. */
  async *take(window: Window, isSettled: boolean): AsyncGenerator<SourcePage> {
    const { unit, settings } = this.#account;
    const plan = emptyPlan();
    const books: Books = new Map([...this.#books].map(([symbol, book]) => [symbol, { ...book }]));
    if (unit === "deals") planDeals(window.deals, window.entries, settings, plan, books);
    else await this.#planPositions(window, plan);
    yield* pagesOf(plan, settings);
    this.#refuse(plan);
    if (!isSettled) return;
    this.#books = books;
    yield { executions: [], cursor: writeCursor({ unit, fromMs: window.toMs, books }) };
  }

  warnings(): AccountWarning[] {
    if (this.#unopened.size === 0) return [];
    const named = [...this.#unopened].slice(0, 5).join(", ");
    const message = `${this.#unopened.size} positions or reversals began before the history that MetaApi has, and are left out: ${named}. A report of the terminal has them.`;
    return [{ code: "partial", message }];
  }

  /** What MetaApi gave and cannot be a trade is for a person to look at; until then the cursor stays before it. */
  #refuse(plan: Plan): void {
    if (plan.problems.some(({ code }) => code === "unknown_position")) this.#unopened.add("a reversal");
    const wrong = plan.problems.find(({ code }) => code !== "unknown_position");
    if (wrong !== undefined)
      throw failure("broker_answer", `MetaApi gave a deal that cannot be used: ${wrong.message}.`);
  }

  async #planPositions(window: Window, plan: Plan): Promise<void> {
    const { isMt4, settings } = this.#account;
    const inWindow = Map.groupBy(window.deals, ({ position }) => position);
    const closed = new Map<string, readonly LiveDeal[]>();
    for (const [position, deals] of inWindow) {
      if (position === "") throw failure("broker_answer", `Deal ${deals[0]?.deal} names no position.`);
      const known = merged(this.#open.get(position) ?? [], deals);
      if (known.some(({ direction }) => direction === "in/out")) {
        throw failure("broker_answer", `Position ${position} is reversed on an account that keeps positions apart.`);
      }
      const whole = known.every(isEntry) ? known : await this.#wholeOf(position, known);
      const state = stateOf(whole);
      this.#open.delete(position);
      if (state === "closed") closed.set(position, whole);
      else if (state === "open") this.#open.set(position, whole);
      else this.#unopened.add(position);
    }
    if (isMt4) await this.#planTickets(closed, plan);
    else for (const [position, deals] of closed) planPosition(position, deals, settings, plan);
    plan.trades.sort(compareTrades);
  }

  /** What came before this run is asked for, a position at a time. */
  async #wholeOf(position: string, known: LiveDeal[]): Promise<LiveDeal[]> {
    const firstMs = Math.min(...known.map(({ wallMs }) => wallMs));
    const isFromHere = known.some(isEntry) && firstMs >= this.#startMs + fillingMs;
    if (isFromHere && stateOf(known) !== "unopened") return known;
    return merged(await this.#ask(position), known);
  }

  async #ask(position: string): Promise<LiveDeal[]> {
    const { client, endpoints } = this.#account;
    const list = listOf(await client.get(endpoints.dealsOfPosition(encodeURIComponent(position)), Deals));
    return list.flatMap((item) => {
      const read = readDeal(item);
      return read.kind === "trade" ? [read.deal] : [];
    });
  }

  /** A partial close of MetaTrader 4 goes on under a new ticket: the tickets before it are brought along. */
  async #planTickets(closed: Map<string, readonly LiveDeal[]>, plan: Plan): Promise<void> {
    for (let asked = 0, missing = missingParents(closed); missing.length > 0; missing = missingParents(closed)) {
      for (const ticket of missing) {
        if (asked++ > chainMax * Math.max(1, closed.size))
          throw failure("broker_answer", "Tickets name no end of others.");
        closed.set(ticket, await this.#ask(ticket));
      }
    }
    const open = new Set<string>();
    for (const deals of closed.values()) {
      for (const rest of namedBy(deals, toComment)) if (!closed.has(rest)) open.add(rest);
    }
    planTickets(closed, open, this.#account.settings, plan);
  }
}

const fromComment = /\bfrom #(\d{1,20})/gi;
const toComment = /\bto #(\d{1,20})/gi;

function missingParents(closed: ReadonlyMap<string, readonly LiveDeal[]>): string[] {
  const named = [...closed.values()].flatMap((deals) => namedBy(deals, fromComment));
  return [...new Set(named)].filter((ticket) => !closed.has(ticket));
}

function namedBy(deals: readonly LiveDeal[], pattern: RegExp): string[] {
  return deals.flatMap(({ comment }) => [...comment.matchAll(pattern)].map(([, ticket = ""]) => ticket));
}

function merged(first: readonly LiveDeal[], second: readonly LiveDeal[]): LiveDeal[] {
  return [...new Map([...first, ...second].map((deal) => [deal.deal, deal])).values()];
}

function pagesOf({ executions, trades }: Plan, settings: PlanSettings): SourcePage[] {
  const pages: SourcePage[] = [];
  for (let start = 0; start < executions.length; start += pageItemsMax) {
    const items: Execution[] = executions.slice(start, start + pageItemsMax).map(({ execution }) => execution);
    pages.push({ executions: items });
  }
  for (let start = 0; start < trades.length; start += pageItemsMax) {
    const items = trades.slice(start, start + pageItemsMax).map(({ group }) => toTrade(group, settings));
    pages.push({ executions: [], trades: items });
  }
  return pages;
}
