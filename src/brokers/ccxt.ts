import { Failure } from "../errors.ts";
import type { AccountWarning, BrokerAccount, BrokerTools, SourcePage } from "./broker.ts";
import { failure } from "./broker-failure.ts";
import { CcxtClient } from "./ccxt/client.ts";
import { newState, readCursor, writeCursor } from "./ccxt/cursor.ts";
import { NoWallet } from "./ccxt/errors.ts";
import { dayMs, type Exchange, type KeyRights, type Reading, type Venue, warn } from "./ccxt/exchange.ts";
import { Markets } from "./ccxt/markets.ts";
import { readStream } from "./ccxt/read-stream.ts";
import { reconcile } from "./ccxt/reconcile.ts";
import { warnOfUnread } from "./ccxt/unread.ts";

/**
 * What all exchanges share that are reached through ccxt: their lists are read by time, window by window, oldest first, with what may have come
 * late read again; times in UTC. What is an exchange's own stands in its file: `bybit.ts`, `okx.ts`, …
 */
export async function* readThroughCcxt(
  venue: Venue,
  account: BrokerAccount,
  tools: BrokerTools,
): AsyncGenerator<SourcePage> {
  const exchange = await venue.load();
  const { accountId, credentials, importFromMs, markets, knownSymbols = [] } = account;
  const client = new CcxtClient({ exchange, accountId, credentials, tools });
  for (const { pool, perAccount } of venue.limits) if (perAccount === true) client.venue.accountPools.add(pool);
  const stored = readCursor(account.cursor);
  const { signal, log } = tools.context;
  if (stored === null && account.cursor !== null)
    log.warning("cursor_unknown", { account_id: accountId, broker: venue.id });
  const reading: Reading = {
    client,
    account: {
      accountId,
      importFromMs,
      knownSymbols,
      markets: markets.filter((market) => venue.markets.includes(market)),
    },
    state: stored ?? newState(),
    markets: new Markets(client),
    warnings: new Map(),
    context: tools.context,
  };
  if (!venue.tested) warn(reading, "venue", untested(venue));
  for (const market of markets.filter((name) => !venue.markets.includes(name))) {
    const message = `${venue.title}: ${market} is not read by this version.`;
    warn(reading, market, { code: "partial", message });
  }
  const refused: Failure[] = [];
  try {
    await client.checkClock();
    await checkKey(reading, exchange);
    yield* readStreams(reading, exchange, refused);
    await warnOfUnread(reading, exchange);
    // Of lists that were not read, the venue's books would tell of what is missing in them.
    if (refused.length === 0) await reconcile(reading, exchange);
  } catch (error) {
    if (signal.aborted) return; // the last page's cursor lets the next run go on
    throw error;
  }
  yield { executions: [], cursor: writeCursor(reading.state), warnings: warningsOf(reading) };
  const [first] = refused;
  if (first !== undefined) throw first;
}

async function* readStreams(reading: Reading, exchange: Exchange, refused: Failure[]): AsyncGenerator<SourcePage> {
  const { accountId } = reading.account;
  for await (const stream of exchange.streams(reading)) {
    try {
      yield* readStream(reading, stream);
    } catch (error) {
      if (error instanceof NoWallet) {
        // It was never opened: there is nothing in it.
        reading.context.log.debug("wallet_missing", {
          account_id: accountId,
          list: stream.key,
          message: error.message,
        });
      } else if (error instanceof Failure && error.detail.code === "permission_missing") {
        // The other lists are read all the same; the account hears of this one at the end.
        refused.push(error);
      } else throw error;
    }
  }
}

/** What the key may do, once a day, and each time that nothing of it was read before: it is the first signed request, and so tests the key. */
async function checkKey(reading: Reading, exchange: Exchange): Promise<void> {
  if (exchange.rights === undefined) return;
  const { client, state, context } = reading;
  const nowMs = context.clock.nowMs();
  let [checkedAt = "", rights = ""] = (state.notes.get("key") ?? "0:").split(":");
  if (nowMs - Number.parseInt(checkedAt, 36) >= dayMs) {
    const { canRead, canTrade, canWithdraw } = await rightsOf(client, exchange.rights);
    if (!canRead) {
      throw failure("permission_missing", `${exchange.title}: the key may not read.`, {
        hint: "Switch reading on for the key, or enter another key.",
      });
    }
    rights = `${canTrade ? "t" : ""}${canWithdraw ? "w" : ""}`;
    checkedAt = nowMs.toString(36);
    state.notes.set("key", `${checkedAt}:${rights}`);
  }
  const warning = (verb: string) => `The key may ${verb}. Reading is all that is needed: take that right away.`;
  if (rights.includes("w")) warn(reading, "key", { code: "key_can_withdraw", message: warning("withdraw") });
  if (rights.includes("t")) warn(reading, "key", { code: "key_can_trade", message: warning("trade") });
}

/** A key that may read trades alone is not told what it may do: the lists say whether it may read them. */
async function rightsOf(client: CcxtClient, ask: NonNullable<Exchange["rights"]>): Promise<KeyRights> {
  try {
    return await ask(client);
  } catch (error) {
    const isSmall =
      error instanceof NoWallet || (error instanceof Failure && error.detail.code === "permission_missing");
    if (!isSmall) throw error;
    return { canRead: true, canTrade: false, canWithdraw: false };
  }
}

function untested({ title }: Venue): AccountWarning {
  const message = `${title} is read as ccxt reads it, which nobody has tried here: compare what was imported with what ${title} shows.`;
  return { code: "untested", message };
}

function warningsOf(reading: Reading): AccountWarning[] {
  const { client, warnings } = reading;
  const { clockOffsetMs } = client.venue;
  if (Math.abs(clockOffsetMs) > 500) {
    const place = clockOffsetMs > 0 ? "behind" : "ahead of";
    const message = `This machine's clock is ${Math.abs(clockOffsetMs)} ms ${place} ${client.exchange.title}'s; that was corrected.`;
    warn(reading, "clock", { code: "clock_off", message });
  }
  return [...warnings.values()];
}
