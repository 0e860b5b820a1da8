import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { ccxtVenues } from "../../src/brokers/ccxt/venues.ts";
import { venueUrlVariable } from "../../src/brokers/venue-url.ts";
import { parseDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import { fromWireExecution } from "../../src/journal/convert.ts";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { type Platform, servePlatform } from "../../src/journal/serve.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { startBybit } from "../venues/bybit/index.ts";
import { dayMs } from "../venues/clock.ts";
import { startOkx } from "../venues/okx/index.ts";
import type { Venue } from "../venues/start.ts";
import { buildMsMax, type Ended, executable, run } from "./executable.ts";
import { filesUnder } from "./venue-scene.ts";

const key = "a-key-for-tests";
const unknownAnswer = new Set(["broker_answer", "broker_unavailable"]);
const runMsMax = 120_000;
const makeFolder = temporaryFolders();
let folder = "";
let journal: EmbeddedJournal;
let platform: Platform;
let stops: (() => Promise<void>)[];
beforeAll(async () => {
  await executable();
}, buildMsMax);
beforeEach(() => {
  folder = makeFolder();
  stops = [];
  journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
  journal.putUser({ user_id: 1, timezone: "Europe/Paris", base_currency: "USDT" });
  platform = servePlatform({ journal, key, ratePerMinute: 1_000_000 });
});
afterEach(async () => {
  await platform.stop();
  for (const stop of stops) await stop();
  journal.close();
});

function putAccount(change: Record<string, unknown>): void {
  journal.putAccount({
    account_id: 1,
    user_id: 1,
    markets: ["spot", "linear", "inverse"],
    base_currency: "USDT",
    cost_basis_method: "average",
    ...change,
  } as unknown as Parameters<EmbeddedJournal["putAccount"]>[0]);
}

async function importOnce(
  environment: Record<string, string>,
): Promise<Ended & { accounts: Record<string, unknown>[] }> {
  const ended = await run(["import-trades", "--json"], {
    cwd: folder,
    environment: {
      LARAVEL_API_URL: platform.url,
      LARAVEL_API_KEY: key,
      MAX_RETRIES: "1",
      RETRY_BACKOFF_BASE: "0.01",
      ...environment,
    },
  });
  return { ...ended, accounts: ended.output === "" ? [] : JSON.parse(ended.output).accounts };
}

async function stored(): Promise<Execution[]> {
  const all: Execution[] = [];
  for await (const wire of journal.executions(1)) all.push(fromWireExecution(wire));
  return all;
}

const venues = [
  { id: "bybit", start: startBybit },
  { id: "okx", start: startOkx },
];
test.each(venues)(
  "$id: everything once, PnL as the venue has it, and no secret in anything that was written",
  async ({ id, start }) => {
    const endMs = Date.now();
    const generate = { fills: 300, symbols: 6, markets: ["spot", "linear", "inverse"] as const, hedge: true };
    const world = { seed: "executable", startMs: endMs - 20 * dayMs, endMs };
    const venue: Venue = await start({ world, accounts: [{ id: "a", hedge: true, generate }] });
    stops.push(venue.stop);
    const { apiKey, apiSecret, passphrase, ledger } = venue.account("a");
    putAccount({
      broker: id,
      import_from: new Date(world.startMs).toISOString(),
      credentials: { api_key: apiKey, api_secret: apiSecret, passphrase },
    });
    const environment = { [venueUrlVariable(id)]: venue.url };
    const first = await importOnce(environment);
    expect({ code: first.code, error: first.code === 0 ? "" : first.error }).toEqual({ code: 0, error: "" });

    const fills = [...ledger.fills.values()].flat();
    const funding = [...ledger.income.linear, ...ledger.income.inverse].filter(
      (row) => row.incomeType === "FUNDING_FEE",
    );
    const executions = await stored();
    expect(executions.length).toBe(fills.length + funding.length);
    expect(new Set(executions.map(({ externalId }) => externalId)).size).toBe(executions.length);
    const sum = (amounts: readonly (bigint | null)[]) =>
      amounts.reduce((total: bigint, amount) => total + (amount ?? 0n), 0n);
    expect(sum(executions.map(({ realizedPnl }) => realizedPnl))).toBe(
      sum(fills.map(({ realizedPnl }) => realizedPnl)),
    );

    // What the trades come to, symbol by symbol; the venue rounds each fill.
    const gross = new Map<string, bigint>();
    for await (const trade of journal.accountTrades(1)) {
      if (trade.market === "spot") continue;
      gross.set(`${trade.market}`, (gross.get(trade.market) ?? 0n) + parseDecimal(trade.gross_pnl ?? "0"));
    }
    const tolerance = parseDecimal("0.0001");
    for (const market of ["linear", "inverse"] as const) {
      const venues = sum(fills.filter((fill) => fill.market === market).map(({ realizedPnl }) => realizedPnl));
      const difference = (gross.get(market) ?? 0n) - venues;
      expect(difference < 0n ? -difference : difference).toBeLessThan(tolerance);
    }

    const before = venue.log.entries.length;
    const second = await importOnce(environment);
    expect(second.code).toBe(0);
    expect((await stored()).length).toBe(executions.length);
    // One a list, and one for the venue's time.
    expect(venue.log.entries.length - before).toBeLessThanOrEqual(4);

    const written = [...filesUnder(folder).values(), first.output, first.error, second.output, second.error].join("\n");
    expect(written.length).toBeGreaterThan(1_000);
    for (const secret of [apiKey, apiSecret, passphrase]) expect(written).not.toContain(secret);
  },
  runMsMax,
);

test(
  "each exchange is in the executable, signs under its flags, and says what is wrong with a venue that answers nothing it knows",
  async () => {
    const asked = new Map<string, number>();
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        const [, id = ""] = new URL(request.url).pathname.split("/");
        asked.set(id, (asked.get(id) ?? 0) + 1);
        return Response.json({ nothing: "known" });
      },
    });
    stops.push(() => server.stop(true));
    const environment: Record<string, string> = { TRADE_IMPORTER_CONCURRENCY: "4" };
    for (const [index, { id, markets }] of ccxtVenues.entries()) {
      const secret = id === "coinbase" ? "secret-of-nobody" : "c2VjcmV0LW9mLW5vYm9keQ==";
      const apiKey = id === "hyperliquid" ? `0x${"0".repeat(40)}` : `key-of-${id}`;
      putAccount({
        account_id: index + 1,
        broker: id,
        markets,
        import_from: new Date(Date.now() - dayMs).toISOString(),
        credentials: { api_key: apiKey, api_secret: secret, passphrase: "passphrase" },
      });
      environment[venueUrlVariable(id)] = `http://127.0.0.1:${server.port}/${id}`;
    }
    const ended = await importOnce(environment);
    const results = ended.accounts.map(({ broker, error }) => [broker, (error as { code: string } | null)?.code]);
    expect(results.map(([id]) => id).toSorted()).toEqual(ccxtVenues.map(({ id }) => id).toSorted());
    const understood = ended.accounts.filter(
      ({ error }) => !unknownAnswer.has((error as { code: string } | null)?.code ?? ""),
    );
    expect(understood.map(({ broker, error }) => ({ broker, error }))).toEqual([]);
    expect([...asked.keys()].toSorted()).toEqual(ccxtVenues.map(({ id }) => id).toSorted());
    expect(ended.lines.filter(({ event }) => event === "bug")).toEqual([]);
  },
  runMsMax,
);
