import { createVenueClock, minuteMs, secondMs, type VenueClock } from "../clock.ts";
import type { Faults } from "../faults.ts";
import type { RequestLog } from "../request-log.ts";
import { serveVenue, type VenueAnswer, type VenueRequest } from "../server.ts";

/** A deal as MetaApi writes it; `atMs` stands for its times. */
export interface MetaApiDeal {
  id: string;
  type: string;
  atMs: number;
  profit: number;
  entryType?: string;
  symbol?: string;
  volume?: number;
  price?: number;
  commission?: number;
  swap?: number;
  positionId?: string;
  orderId?: string;
  comment?: string;
  stopLoss?: number;
  takeProfit?: number;
}

export interface MetaApiAccount {
  id: string;
  token: string;
  region: string;
  state: string;
  platform: "mt4" | "mt5";
  marginMode: string;
  currency: string;
  investorMode: boolean;
  deals: MetaApiDeal[];
  /** Until then its terminal loads: history is answered by 202, or by what is there so far with `synchronizing`. */
  loadsUntilMs: number;
  loadsAs: "accepted" | "synchronizing";
  /** No terminal is connected: a time-out, in MetaApi's words. */
  isDisconnected: boolean;
  /** The token may read the account and nothing of its registration. */
  isNarrow: boolean;
}

export interface MetaApiVenue {
  url: string;
  clock: VenueClock;
  log: RequestLog;
  faults: Faults;
  addAccount: (account: Partial<MetaApiAccount> & Pick<MetaApiAccount, "id">) => MetaApiAccount;
  stop: () => Promise<void>;
}

const limits = [
  { seconds: 1, credits: 2_000 },
  { seconds: 60, credits: 18_000 },
];
const credits = { information: 50, history: 250 };
const dealsPerPageMax = 1_000;

/** MetaApi on this machine: its answers, its paging, its limits and its "not yet". */
export async function startMetaApi({ nowMs }: { nowMs: number }): Promise<MetaApiVenue> {
  const clock = createVenueClock(nowMs);
  const accounts = new Map<string, MetaApiAccount>();
  const spent = new Map<string, { atMs: number; credits: number }[]>();
  const api: Api = { clock, accounts, spent };
  const server = await serveVenue({
    clock,
    api: {
      answer: (request) => answer(api, request),
      apiKeyOf: (request) => request.header("auth-token"),
      error: ({ code, message, status = 400 }) => error(status, String(code), message),
      maintenance: () => ({ status: 503, body: "<html>maintenance</html>" }),
      rateLimited: (seconds) => tooMany(clock.nowMs() + seconds * secondMs),
      ban: () => undefined,
    },
  });
  return {
    url: server.url,
    clock,
    log: server.log,
    faults: server.faults,
    addAccount(given) {
      const account: MetaApiAccount = {
        token: `eyJhbGciOiJSUzUxMiJ9.${given.id.replaceAll("-", "")}.${"s".repeat(2_000)}`,
        region: "london",
        state: "DEPLOYED",
        platform: "mt5",
        marginMode: "ACCOUNT_MARGIN_MODE_RETAIL_HEDGING",
        currency: "USD",
        investorMode: true,
        deals: [],
        loadsUntilMs: 0,
        loadsAs: "accepted",
        isDisconnected: false,
        isNarrow: false,
        ...given,
      };
      accounts.set(account.id, account);
      return account;
    },
    stop: server.stop,
  };
}

interface Api {
  clock: VenueClock;
  accounts: ReadonlyMap<string, MetaApiAccount>;
  spent: Map<string, { atMs: number; credits: number }[]>;
}

const path = /^\/users\/current\/accounts\/([^/]+)(?:\/(account-information|history-deals\/.+))?$/;

function answer(api: Api, request: VenueRequest): VenueAnswer {
  const [, id = "", what = "registration"] = path.exec(decodeURIComponent(request.path)) ?? [];
  const token = request.header("auth-token");
  const owner = [...api.accounts.values()].find((account) => account.token === token);
  if (token === null || owner === undefined) {
    return error(401, "UnauthorizedError", "Authorization token invalid. Please send a valid token.");
  }
  const account = api.accounts.get(id);
  if (account === undefined) return error(404, "NotFoundError", `Trading account with id ${id} not found.`);
  if (account !== owner) return error(403, "ForbiddenError", "You can not access this resource with this token.");
  if (what === "registration") return { ...registration(account), accountId: id };
  const cost = what === "account-information" ? credits.information : credits.history;
  const freeAtMs = spend(api, id, cost);
  if (freeAtMs !== null) return { ...tooMany(freeAtMs), accountId: id };
  const said = what === "account-information" ? information(account) : history(api, account, what, request.query);
  return { ...said, accountId: id, weight: cost };
}

function registration({ id, region, state, isNarrow }: MetaApiAccount): VenueAnswer {
  if (isNarrow) return error(403, "ForbiddenError", "The token has no access to this method.");
  const connectionStatus = "CONNECTED";
  return {
    status: 200,
    body: { _id: id, login: "50194988", name: "live", region, state, connectionStatus, version: 4 },
  };
}

function information(account: MetaApiAccount): VenueAnswer {
  if (account.isDisconnected) return timeout(account);
  const { platform, currency, marginMode, investorMode } = account;
  const rest = { broker: "True ECN", server: "Test-Server", balance: 7319.9, equity: 7306.649913, login: 50194988 };
  return { status: 200, body: { platform, currency, marginMode, investorMode, tradeAllowed: !investorMode, ...rest } };
}

function history(api: Api, account: MetaApiAccount, what: string, query: string): VenueAnswer {
  if (account.isDisconnected) return timeout(account);
  const isLoading = api.clock.nowMs() < account.loadsUntilMs;
  if (isLoading && account.loadsAs === "accepted") {
    const message = "Please retry in 20 seconds";
    const metadata = { recommendedRetryTime: new Date(api.clock.nowMs() + 20 * secondMs).toISOString() };
    return { status: 202, body: { error: "AcceptedError", message, metadata }, headers: { "retry-after": "20" } };
  }
  const deals = select(account, what, query);
  if (!Array.isArray(deals)) return deals;
  const body = deals.map(toWire);
  if (!isLoading) return { status: 200, body };
  return { status: 200, body: { deals: body.slice(0, 1), synchronizing: true } };
}

/** The newest first: who reads must not rely on an order. */
function select({ deals }: MetaApiAccount, what: string, query: string): MetaApiDeal[] | VenueAnswer {
  const newestFirst = deals.toReversed();
  const [, position] = /^history-deals\/position\/(\d+)$/.exec(what) ?? [];
  if (position !== undefined) return newestFirst.filter(({ positionId }) => positionId === position);
  const [, from = "", to = ""] = /^history-deals\/time\/([^/]+)\/([^/]+)$/.exec(what) ?? [];
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  const parameters = new URLSearchParams(query);
  const [offset, limit] = [Number(parameters.get("offset") ?? 0), Number(parameters.get("limit") ?? dealsPerPageMax)];
  const isRight = fromMs <= toMs && Number.isInteger(offset) && offset >= 0 && limit >= 1 && limit <= dealsPerPageMax;
  if (!isRight) return error(400, "ValidationError", "Validation failed");
  return newestFirst.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).slice(offset, offset + limit);
}

function toWire({ atMs, ...deal }: MetaApiDeal): Record<string, unknown> {
  const time = new Date(atMs).toISOString();
  const brokerTime = new Date(atMs + 2 * 60 * minuteMs).toISOString().slice(0, 23).replace("T", " ");
  return { ...deal, time, brokerTime, platform: "mt5", magic: 0, accountCurrencyExchangeRate: 1 };
}

/** Null: taken. Else when it could be. */
function spend({ clock, spent }: Api, id: string, cost: number): number | null {
  const nowMs = clock.nowMs();
  const entries = (spent.get(id) ?? []).filter(({ atMs }) => atMs > nowMs - minuteMs);
  for (const limit of limits) {
    const fromMs = nowMs - limit.seconds * secondMs;
    const recent = entries.filter(({ atMs }) => atMs > fromMs);
    const used = recent.reduce((sum, entry) => sum + entry.credits, 0);
    if (used + cost > limit.credits) return (recent[0]?.atMs ?? nowMs) + limit.seconds * secondMs;
  }
  spent.set(id, [...entries, { atMs: nowMs, credits: cost }]);
  return null;
}

function tooMany(freeAtMs: number): VenueAnswer {
  const metadata = { exceededConfig: "perAccount", recommendedRetryTime: new Date(freeAtMs).toISOString() };
  return {
    status: 429,
    body: { id: 1, error: "TooManyRequestsError", message: "The API allows 18000 cpu credits per 60s.", metadata },
  };
}

function timeout({ id }: MetaApiAccount): VenueAnswer {
  const message = `It seems like the account ${id} is not connected to broker yet or request URL you use does not match the account region.`;
  return error(504, "TimeoutError", message);
}

function error(status: number, name: string, message: string): VenueAnswer {
  return { status, body: { id: 1, error: name, message } };
}
