import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { atVenue, venueUrlOf } from "../../../brokers/venue-url.ts";
import type { Config } from "../../../config.ts";
import { messageOf } from "../../../errors.ts";
import { type Check, type DoctorTools, fail, type Outcome, ok, skip, warn, withConfig } from "../check.ts";

interface Venue {
  id: string;
  /** Public, cheap, and with the venue's time in its answer. */
  address: string;
  /** Posted as JSON, where it answers to nothing else. */
  question?: object;
  timeMs: (answer: unknown) => unknown;
}

const field = (answer: unknown, name: string): unknown =>
  typeof answer === "object" && answer !== null && name in answer
    ? (answer as Record<string, unknown>)[name]
    : undefined;
const firstOf = (list: unknown): unknown => (Array.isArray(list) ? list[0] : undefined);

export const venues: readonly Venue[] = [
  { id: "binance", address: "https://api.binance.com/api/v3/time", timeMs: (answer) => field(answer, "serverTime") },
  { id: "bybit", address: "https://api.bybit.com/v5/market/time", timeMs: (answer) => field(answer, "time") },
  {
    id: "okx",
    address: "https://www.okx.com/api/v5/public/time",
    timeMs: (answer) => field(firstOf(field(answer, "data")), "ts"),
  },
  {
    id: "bitget",
    address: "https://api.bitget.com/api/v2/public/time",
    timeMs: (answer) => field(field(answer, "data"), "serverTime"),
  },
  { id: "gate", address: "https://api.gateio.ws/api/v4/spot/time", timeMs: (answer) => field(answer, "server_time") },
  {
    id: "kraken",
    address: "https://api.kraken.com/0/public/Time",
    timeMs: (answer) => Number(field(field(answer, "result"), "unixtime")) * 1000,
  },
  { id: "kucoin", address: "https://api.kucoin.com/api/v1/timestamp", timeMs: (answer) => field(answer, "data") },
  { id: "mexc", address: "https://api.mexc.com/api/v3/time", timeMs: (answer) => field(answer, "serverTime") },
  {
    id: "coinbase",
    address: "https://api.coinbase.com/api/v3/brokerage/time",
    timeMs: (answer) => field(answer, "epochMillis"),
  },
  {
    id: "hyperliquid",
    address: "https://api.hyperliquid.xyz/info",
    question: { type: "exchangeStatus" },
    timeMs: (answer) => field(answer, "time"),
  },
];

const timeoutMs = 8_000;
/** Binance takes a second at most; Kraken tells whole seconds. */
const aheadMsMax = 2_000;
const answerBytesMax = 65_536;
const setClock = "sudo timedatectl set-ntp true";

function venueCheck(venue: Venue): Check {
  return {
    group: "brokers",
    name: venue.id,
    title: `${venue.id} answers and its clock agrees`,
    online: true,
    run: withConfig(async ({ venueUrls }, tools) => {
      const answer = await tools.accounts();
      if (answer?.kind !== "answer") return skip("which brokers the accounts have is not known");
      const count = answer.accounts.filter(
        ({ broker, source }) => broker === venue.id && source?.kind !== "file",
      ).length;
      return count === 0 && !answer.overflow ? skip("no account has it") : await askVenue(venue, venueUrls, tools);
    }),
  };
}

async function askVenue(
  { id, address, question, timeMs }: Venue,
  venueUrls: Config["venueUrls"],
  { context }: DoctorTools,
): Promise<Outcome> {
  const { clock, fetch } = context;
  const startMs = clock.monotonicMs();
  let response: Response;
  let text: string;
  try {
    const url = atVenue(address, venueUrlOf(id, venueUrls));
    response = await fetch(url, {
      ...(question !== undefined && {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(question),
      }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = (await response.text()).slice(0, answerBytesMax);
  } catch (error) {
    return warn(`not reachable: ${messageOf(error)}`, `curl -sS ${address}`);
  }
  const tookMs = clock.monotonicMs() - startMs;
  if (response.status === 418 || response.status === 429) {
    const seconds = response.headers.get("retry-after");
    return fail(
      `it refuses this address for too many requests (${response.status}${seconds === null ? "" : `, for ${seconds} s`})`,
      "Wait: the workers do, and nothing else of this address should ask it",
    );
  }
  if (response.status === 403 || response.status === 451) {
    return fail(`it serves nobody at this address (${response.status})`, "The server has to stand in another country");
  }
  const timeText = response.ok ? Number(timeMs(parse(text))) : Number.NaN;
  if (!Number.isFinite(timeText)) return warn(`it answers ${response.status}, without its time`, `curl -sS ${address}`);
  const aheadMs = timeText - (clock.nowMs() - tookMs / 2);
  const apart = `its clock is ${(aheadMs / 1000).toFixed(1)} s ${aheadMs < 0 ? "behind" : "ahead"}`;
  if (Math.abs(aheadMs) > aheadMsMax) return fail(`${apart}: it refuses signed requests`, setClock);
  return ok(`answers in ${Math.round(tookMs)} ms, ${apart}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // says itself that there is no time in it
  }
}

const bans: Check = {
  group: "brokers",
  name: "bans",
  title: "no venue has banned this machine",
  run: withConfig((config, { context }) => {
    const banned = bansOf(config, context.clock.nowMs());
    if (typeof banned === "string") return warn(banned, "sudo ami-workers doctor --only brokers/bans");
    if (banned.length === 0) return ok("none is known");
    const text = banned.map(({ key, untilMs }) => `${key} until ${new Date(untilMs).toISOString()}`).join(", ");
    return fail(`banned: ${text}`, "Wait: the workers do. Fewer accounts a machine, or a longer interval, prevent it");
  }),
};

/** As the runs of this machine have noted them. A text: why they cannot be read. */
function bansOf({ dataDir }: Config, nowMs: number): { key: string; untilMs: number }[] | string {
  const path = join(resolve(dataDir), "rate-budget.sqlite");
  if (!existsSync(path)) return [];
  try {
    const database = new Database(path, { readonly: true });
    try {
      const select = "SELECT key, until_ms AS untilMs FROM bans WHERE until_ms > ? ORDER BY key";
      return database.query<{ key: string; untilMs: number }, [number]>(select).all(nowMs);
    } finally {
      database.close();
    }
  } catch (error) {
    return `${path} cannot be read: ${messageOf(error)}`;
  }
}

export const brokerChecks: readonly Check[] = [...venues.map(venueCheck), bans];
