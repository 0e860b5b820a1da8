import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrokerAccount } from "../../../src/brokers/broker.ts";
import { latenessMs } from "../../../src/brokers/ccxt/read-stream.ts";
import { Failure } from "../../../src/errors.ts";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import type { Execution } from "../../../src/executions/execution.ts";
import type { AccountOptions, VenueAccount } from "../../venues/account.ts";
import { startBybit } from "../../venues/bybit/index.ts";
import { sizeOf as bybitSize, execIdOf, symbolOf, uuidOf } from "../../venues/bybit/names.ts";
import { dayMs } from "../../venues/clock.ts";
import type { Fault } from "../../venues/faults.ts";
import type { VenueFill, VenueIncome } from "../../venues/ledger-rows.ts";
import { startOkx } from "../../venues/okx/index.ts";
import { instrumentOf, sizeOf as okxSize } from "../../venues/okx/names.ts";
import type { Venue } from "../../venues/start.ts";
import type { SymbolSpec, WorldMarket } from "../../venues/world-symbols.ts";
import { type AccountReader, errorText, openReader, type RunResult } from "./account-reader.ts";

const nowMs = Date.UTC(2026, 1, 9, 10, 30);
const world = { seed: "exchanges", startMs: nowMs - 40 * dayMs, endMs: nowMs };
const generate = { fills: 400, symbols: 9, markets: ["spot", "linear", "inverse"] as const, hedge: true, late: 0.03 };

interface Tried {
  id: string;
  start: (options: { nowMs: number; world: typeof world; accounts: AccountOptions[] }) => Promise<Venue>;
  path: string;
  symbolOf: (spec: SymbolSpec) => string;
  sizeOf: (spec: SymbolSpec, fill: VenueFill) => bigint;
  /** Null: the id is not made of the fill alone. */
  fillId: ((fill: VenueFill) => string) | null;
  fundingId: ((row: VenueIncome) => string) | null;
}

const tried: Tried[] = [
  {
    id: "bybit",
    start: startBybit,
    path: "/v5/execution/list",
    symbolOf,
    sizeOf: (spec, fill) => bybitSize(spec, fill.quantity),
    fillId: execIdOf,
    fundingId: (row) => uuidOf(`funding/${row.market}/${row.tranId}`),
  },
  {
    id: "okx",
    start: startOkx,
    path: "/api/v5/trade/fills",
    symbolOf: instrumentOf,
    sizeOf: (spec, fill) => okxSize(spec, fill.quantity),
    fillId: null,
    fundingId: null,
  },
];

let dataDir: string;
let venue: Venue;
let reader: AccountReader;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "exchange-"));
});
afterEach(async () => {
  reader.close();
  await venue.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(
  { id, start }: Tried,
  account: Partial<AccountOptions> = {},
  options: { clockOffsetMs?: number; signal?: AbortSignal } = {},
) {
  venue = await start({ nowMs, world, accounts: [{ id: "trader", ...account }] });
  reader = openReader({ brokerId: id, venue, dataDir, accountId: "trader", ...options });
  return venue.account("trader");
}

/** What an execution and a row of the ledger have in common, as text. */
function factsOf(execution: Execution, withId: boolean): string {
  const { market, symbol, type, side, positionSide, executedAtMs, liquidity } = execution;
  const amounts = [execution.quantity, execution.price, execution.fee, execution.realizedPnl].map((value) =>
    value === null ? "-" : formatDecimal(value),
  );
  const id = withId ? execution.externalId.split(":").at(-1) : "";
  return [market, symbol, id, type, side, positionSide, ...amounts, execution.feeAsset, liquidity, executedAtMs].join(
    " ",
  );
}

/** All that the ledger has until then, as `factsOf` writes it. */
function truth(account: VenueAccount, exchange: Tried, { sinceMs = 0, shownAtMs = nowMs } = {}): string[] {
  const shown = (row: { timeMs: number; visibleFromMs: number }) =>
    row.visibleFromMs <= shownAtMs && row.timeMs >= sinceMs;
  const facts: string[] = [];
  for (const market of ["spot", "linear", "inverse"] as WorldMarket[]) {
    for (const spec of venue.world.of(market)) {
      for (const fill of account.ledger.fillsOf(market, spec.symbol).filter(shown)) {
        const side = fill.positionSide === "BOTH" ? null : fill.positionSide.toLowerCase();
        const amounts = [exchange.sizeOf(spec, fill), fill.price, fill.commission].map(formatDecimal);
        const pnl = market === "spot" ? "-" : formatDecimal(fill.realizedPnl);
        facts.push(
          [
            ...[
              market,
              exchange.symbolOf(spec),
              exchange.fillId?.(fill) ?? "",
              fill.kind,
              fill.side.toLowerCase(),
              side,
            ],
            ...[...amounts, pnl, fill.commissionAsset, fill.maker ? "maker" : "taker", fill.timeMs],
          ].join(" "),
        );
      }
    }
  }
  for (const row of [...account.ledger.income.linear, ...account.ledger.income.inverse]) {
    const spec = venue.world.find(row.market, row.symbol);
    if (row.incomeType !== "FUNDING_FEE" || !shown(row) || spec === undefined) continue;
    const amounts = ["-", "-", formatDecimal(-row.income), "-"];
    const head = [row.market, exchange.symbolOf(spec), exchange.fundingId?.(row) ?? "", "funding", null, null];
    facts.push([...head, ...amounts, row.asset, null, row.timeMs].join(" "));
  }
  return facts.sort();
}

const factsOfAll = (exchange: Tried, executions: readonly Execution[]) =>
  executions.map((execution) => factsOf(execution, exchange.fillId !== null)).sort();
const idsOf = (executions: readonly Execution[]) => executions.map(({ externalId }) => externalId);

describe.each(tried)("$id on loopback", (exchange) => {
  test("gives every fill and all funding once, in order, with sides, signs, types and PnL", async () => {
    const account = await open(exchange, { hedge: true, generate });
    const result = await reader.run();
    expect(errorText(result)).toBeNull();
    const found = factsOfAll(exchange, result.executions);
    expect(found).toEqual(truth(account, exchange));
    expect(found.length).toBeGreaterThan(500);
    expect(new Set(idsOf(result.executions)).size).toBe(found.length);
    for (const group of Map.groupBy(result.executions, ({ market, symbol }) => `${market} ${symbol}`).values()) {
      expect(group.map(({ executedAtMs }) => executedAtMs)).toEqual(
        group.map(({ executedAtMs }) => executedAtMs).toSorted((a, b) => a - b),
      );
    }
  });

  test("one-way mode has no sides", async () => {
    const account = await open(exchange, { generate: { ...generate, fills: 150, hedge: false, late: 0 } });
    const { executions } = await reader.run();
    expect(factsOfAll(exchange, executions)).toEqual(truth(account, exchange));
    expect(executions.some(({ positionSide }) => positionSide !== null)).toBe(false);
  });

  test("with nothing new a cycle costs one request a market, and what comes late comes once", async () => {
    const account = await open(exchange, { hedge: true, generate: { ...generate, fills: 80 } });
    const first = await reader.run();
    const idle = await reader.run({ cursor: first.cursor });
    expect([errorText(idle), idle.executions]).toEqual([null, []]);
    expect(idle.requests).toBeLessThanOrEqual(3);
    const fill = { market: "linear", symbol: "BTCUSDT", side: "BUY", quantity: "1", positionSide: "LONG" } as const;
    account.ledger.fill({ ...fill, atMs: nowMs - 60_000, lateMs: 10 * 60_000 });
    account.ledger.fill({ ...fill, atMs: nowMs - 30_000 });
    const soon = await reader.run({ cursor: idle.cursor });
    expect(soon.executions.map(({ executedAtMs }) => executedAtMs)).toEqual([nowMs - 30_000]);
    venue.clock.advance(12 * 60_000);
    const later = await reader.run({ cursor: soon.cursor });
    expect(later.executions.map(({ executedAtMs }) => executedAtMs)).toEqual([nowMs - 60_000]);
    venue.clock.advance(latenessMs);
    const last = await reader.run({ cursor: later.cursor });
    expect(last.executions).toEqual([]);
  });

  test("killed after any page it goes on from the last cursor, and nothing is lost", async () => {
    const account = await open(exchange, { hedge: true, generate: { ...generate, fills: 150, late: 0 } });
    const found = new Map<string, Execution>();
    let cursor: unknown = null;
    for (let run = 0; run < 60; run++) {
      const result = await reader.run({ cursor }, { stopAfterPages: 1 + (run % 3) });
      expect(errorText(result)).toBeNull();
      for (const execution of result.executions) found.set(execution.externalId, execution);
      if (JSON.stringify(cursor) === JSON.stringify(result.cursor)) break;
      cursor = result.cursor;
    }
    const rest = await reader.run({ cursor });
    for (const execution of rest.executions) found.set(execution.externalId, execution);
    expect(factsOfAll(exchange, [...found.values()])).toEqual(truth(account, exchange));
  });

  test("is not read before the account's beginning", async () => {
    const account = await open(exchange, { hedge: true, generate });
    const importFromMs = nowMs - 10 * dayMs;
    const result = await reader.run({ importFromMs });
    expect(factsOfAll(exchange, result.executions)).toEqual(truth(account, exchange, { sinceMs: importFromMs }));
    expect(result.warnings.filter(({ code }) => code === "partial")).toEqual([]);
  });

  test("says from where on its history is complete", async () => {
    await open(exchange, { generate: { ...generate, fills: 20 } });
    const { warnings } = await reader.run();
    const days = exchange.id === "bybit" ? 730 : 90;
    const [partial] = warnings.filter(({ code }) => code === "partial");
    expect(partial?.sinceMs).toBe(nowMs - days * dayMs + 600_000);
    expect(partial?.message).toContain(new Date(nowMs - days * dayMs + 600_000).toISOString().slice(0, 10));
  });

  test("only the markets of the account are read", async () => {
    await open(exchange, { hedge: true, generate: { ...generate, fills: 200, late: 0 } });
    const { executions } = await reader.run({ markets: ["inverse"] });
    expect(new Set(executions.map(({ market }) => market))).toEqual(new Set(["inverse"]));
  });

  test("stops where it is told, with a cursor to go on from", async () => {
    const controller = new AbortController();
    const account = await open(
      exchange,
      { hedge: true, generate: { ...generate, late: 0 } },
      { signal: controller.signal },
    );
    const seen: Execution[] = [];
    const { fetch } = globalThis;
    let requests = 0;
    reader.close();
    reader = openReader({
      brokerId: exchange.id,
      venue,
      dataDir,
      accountId: "trader",
      signal: controller.signal,
      fetch: (input, init) => {
        if (++requests === 12) controller.abort(new Error("stopped"));
        return fetch(input as string, init);
      },
    });
    const stopped = await reader.run();
    expect(errorText(stopped)).toBeNull();
    seen.push(...stopped.executions);
    reader.close();
    reader = openReader({ brokerId: exchange.id, venue, dataDir, accountId: "trader" });
    const rest = await reader.run({ cursor: stopped.cursor });
    seen.push(...rest.executions);
    expect(factsOfAll(exchange, seen)).toEqual(truth(account, exchange));
    expect(rest.executions.length).toBeGreaterThan(0);
  });
});

describe.each(tried)("$id in trouble", (exchange) => {
  const faults: [string, Fault][] = [
    ["a page of a gateway", { kind: "html", status: 502 }],
    ["half a body", { kind: "half-body" }],
    ["half a body as if it were all", { kind: "cut-json" }],
    ["an empty body", { kind: "empty" }],
    ["a reset connection", { kind: "reset" }],
    ["a connection reset after the request was counted", { kind: "reset-after" }],
    ["slow down", { kind: "rate-limited" }],
    ["a server's error", { kind: "status", status: 500, body: "{}" }],
  ];
  test.each(faults)("%s is overcome", async (_name, fault) => {
    const account = await open(exchange, { hedge: true, generate: { ...generate, fills: 60, late: 0 } });
    venue.faults.add({ ...fault, path: exchange.path, skip: 1, times: 2 });
    const result = await reader.run({ importFromMs: nowMs - 20 * dayMs });
    expect(errorText(result)).toBeNull();
    expect(venue.faults.struck()).toBe(2);
    expect(factsOfAll(exchange, result.executions)).toEqual(truth(account, exchange, { sinceMs: nowMs - 20 * dayMs }));
  });

  test("a redirect is not followed: the key would go along", async () => {
    await open(exchange);
    venue.faults.add({ kind: "redirect", to: `${venue.url}/elsewhere`, path: exchange.path, times: 10 });
    const result = await reader.run({ importFromMs: nowMs - dayMs });
    expect(codeOf(result)).toBe("broker_unavailable");
    expect(venue.log.of("/elsewhere")).toEqual([]);
  });

  const maintenance: [string, Fault, string][] = [
    ["maintenance", { kind: "maintenance" }, "broker_unavailable"],
    ["a venue that is down", { kind: "html", status: 503 }, "broker_unavailable"],
    ["slow down without an end", { kind: "rate-limited" }, "rate_limited"],
  ];
  test.each(maintenance)("%s is said as that, and can be tried again", async (_name, fault, code) => {
    await open(exchange);
    venue.faults.add({ ...fault, times: Number.POSITIVE_INFINITY });
    const result = await reader.run();
    expect(codeOf(result)).toBe(code);
    expect((result.error as Failure).detail.retryable).toBe(true);
    expect(result.executions).toEqual([]);
  });

  test.each([
    ["a minute behind", -60_000],
    ["five hours behind", -5 * 3_600_000],
    ["five hours ahead", 5 * 3_600_000],
  ])("a clock that is %s is measured once and corrected, and nothing is lost by it", async (_name, clockOffsetMs) => {
    const account = await open(
      exchange,
      { hedge: true, generate: { ...generate, fills: 60, late: 0 } },
      { clockOffsetMs },
    );
    const result = await reader.run();
    expect(errorText(result)).toBeNull();
    expect(reader.log.events().filter((event) => event === "clock_off")).toHaveLength(1);
    expect(result.warnings.map(({ code }) => code)).toContain("clock_off");
    expect(factsOfAll(exchange, result.executions)).toEqual(truth(account, exchange));
    // What happens afterwards is not taken for read.
    venue.clock.advance(3_600_000);
    const [spec] = venue.world.of("linear");
    const order = { market: "linear", side: "BUY", quantity: "1", positionSide: "LONG" } as const;
    account.ledger.fill({ ...order, symbol: spec?.symbol ?? "", atMs: venue.clock.trueMs() - 600_000 });
    const next = await reader.run({ cursor: result.cursor });
    expect(errorText(next)).toBeNull();
    expect(next.executions.filter(({ type }) => type === "fill")).toHaveLength(1);
    const everything = truth(account, exchange, { shownAtMs: venue.clock.trueMs() });
    expect(factsOfAll(exchange, [...result.executions, ...next.executions])).toEqual(everything);
  });
});

const codeOf = ({ error }: RunResult) => (error instanceof Failure ? error.detail.code : error);

describe.each(tried)("$id and its keys", (exchange) => {
  const keys: [string, Partial<AccountOptions>, Partial<BrokerAccount["credentials"]>, string][] = [
    ["an unknown key", {}, { apiKey: "unknown-key-of-somebody" }, "broker_auth_failed"],
    ["a wrong secret", {}, { apiSecret: "wrong-secret-of-somebody" }, "broker_auth_failed"],
    ["an expired key", { permissions: { expiresAtMs: nowMs - 1 } }, {}, "key_expired"],
    ["an address that is not on the list", { permissions: { ipAllowList: ["10.0.0.9"] } }, {}, "ip_not_allowed"],
    ["a key without the right to read", { permissions: { reading: false } }, {}, "permission_missing"],
  ];
  test.each(keys)("%s is an error of the account, never no trades", async (_name, options, change, code) => {
    const account = await open(exchange, { ...options, generate: { ...generate, fills: 20 } });
    const { apiKey, apiSecret, passphrase } = account;
    const result = await reader.run({ credentials: { apiKey, apiSecret, passphrase, ...change } });
    expect(codeOf(result)).toBe(code);
    expect((result.error as Failure).kind).toBe("data");
    expect((result.error as Failure).detail.retryable).toBe(false);
    expect((result.error as Failure).detail.hint).toBeTruthy();
    expect(result.executions).toEqual([]);
  });

  test("a key that may trade and withdraw is told of", async () => {
    await open(exchange, { permissions: { trading: true, withdrawals: true } });
    const { warnings, error } = await reader.run();
    expect(error).toBeNull();
    expect(warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(["key_can_trade", "key_can_withdraw"]));
  });

  test("no secret is in an error, a log line, a cursor, or a file", async () => {
    const account = await open(exchange, { hedge: true, generate: { ...generate, fills: 60, late: 0 } });
    const secrets = [account.apiKey, account.apiSecret, account.passphrase];
    const written: string[] = [];
    const troubles: Fault[] = [
      {
        kind: "error",
        code: exchange.id === "bybit" ? 10_004 : 50_113,
        message: `sign of ${account.apiKey}${account.apiSecret}`,
        status: 401,
      },
      {
        kind: "error",
        code: exchange.id === "bybit" ? 10_001 : 51_000,
        message: `bad ${account.apiSecret} and ${account.apiKey}`,
      },
      { kind: "html", status: 502 },
      { kind: "reset", times: 9 },
      {
        kind: "status",
        status: 200,
        body: `{"retCode":0,"code":"0","data":[{"x":"${account.apiSecret}"}],"result":{"list":[{"symbol":"${account.apiSecret}"}]}}`,
      },
    ];
    for (const trouble of troubles) {
      venue.faults.add({ times: 4, ...trouble, path: exchange.path });
      const result = await reader.run({ importFromMs: nowMs - dayMs });
      venue.faults.clear();
      const { error } = result;
      written.push(JSON.stringify([result.cursor, result.warnings]), Bun.inspect(error, { depth: 10 }));
      written.push(error instanceof Error ? `${error.stack} ${Bun.inspect(error.cause)}` : "");
    }
    const whole = await reader.run();
    written.push(Bun.inspect(whole, { depth: 10 }), JSON.stringify(reader.log.lines), ...filesIn(dataDir));
    const text = written.join("\n");
    expect(text.length).toBeGreaterThan(10_000);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/signature=|sign=/i);
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "latin1"));
}

test("Bybit shuts an address out: silence until the end, by every account", async () => {
  const [bybit] = tried;
  if (bybit === undefined) throw new Error("no bybit");
  await open(bybit);
  venue.faults.add({ kind: "banned", forMs: 300_000 });
  const result = await reader.run();
  expect(codeOf(result)).toBe("rate_limited");
  expect(reader.budget.lastBanUntilMs()).toBe(nowMs + 600_000);
  const requests = venue.log.entries.length;
  const again = await reader.run();
  expect(errorText(again)).toBeNull();
  // It waited: time moved on until the ban was over.
  expect(venue.clock.trueMs()).toBeGreaterThanOrEqual(nowMs + 600_000);
  expect(venue.log.entries.slice(requests).every(({ status }) => status === 200)).toBe(true);
});

test("a classic account of Bybit keeps half a year, and the refusal says so", async () => {
  venue = await startBybit({
    nowMs,
    world,
    settings: { kind: "classic" },
    accounts: [{ id: "trader", generate: { ...generate, fills: 60, late: 0 } }],
  });
  reader = openReader({ brokerId: "bybit", venue, dataDir, accountId: "trader" });
  const result = await reader.run();
  expect(errorText(result)).toBeNull();
  const [bybit] = tried;
  if (bybit === undefined) throw new Error("no bybit");
  expect(factsOfAll(bybit, result.executions)).toEqual(truth(venue.account("trader"), bybit));
  expect(result.warnings.find(({ code }) => code === "partial")?.sinceMs).toBeGreaterThan(nowMs - 180 * dayMs);
});
