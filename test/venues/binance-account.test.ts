import { afterEach, beforeEach, expect, test } from "bun:test";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import { type Client, clientOf } from "./binance/client.ts";
import { type BinanceVenue, startBinance } from "./binance/index.ts";
import { dayMs } from "./clock.ts";
import { nowMs, rowsOf, world } from "./fixtures.ts";
import { type TrueFill, truthOf } from "./truth.ts";

/** A whole generated account, read through the API alone, is the truth: so it can be compared with. */
const everything = 1e12;
const limits = {
  spot: everything,
  linear: everything,
  inverse: everything,
  portfolio: everything,
  sapiAddress: everything,
  sapiUid: everything,
};

let venue: BinanceVenue;
let client: Client;
beforeEach(async () => {
  venue = await startBinance({ nowMs, world, settings: { limits, linearCommissionSign: "positive" } });
  const account = venue.addAccount({ id: "year", bnbFees: true, hedge: true, generate: { fills: 1_200, late: 0.05 } });
  client = clientOf(venue, account);
});
afterEach(() => venue.stop());

const paths = { spot: "/api/v3/myTrades", linear: "/fapi/v1/userTrades", inverse: "/dapi/v1/userTrades" } as const;
type Read = Pick<
  TrueFill,
  | "market"
  | "symbol"
  | "id"
  | "side"
  | "positionSide"
  | "price"
  | "quantity"
  | "fee"
  | "feeAsset"
  | "realizedPnl"
  | "timeMs"
>;

async function readAll(into: Map<string, Read>): Promise<void> {
  for (const { market, symbol } of world.symbols) {
    for (let fromId = 0, size = 1_000; size === 1_000; ) {
      const rows = rowsOf((await client.get(paths[market], { symbol, fromId, limit: 1_000 })).body);
      for (const row of rows) into.set(`${market}:${symbol}:${row.id}`, readRow(market, row));
      size = rows.length;
      fromId = Math.max(...rows.map((row) => Number(row.id))) + 1;
    }
  }
}

function readRow(market: string, row: Record<string, unknown>): Read {
  const text = (name: string): string => formatDecimal(parseDecimal(String(row[name])));
  const buys = market === "spot" ? row.isBuyer : row.side === "BUY";
  return {
    market,
    symbol: String(row.symbol),
    id: String(row.id),
    side: buys === true ? "buy" : "sell",
    positionSide: row.positionSide === "LONG" ? "long" : row.positionSide === "SHORT" ? "short" : null,
    price: text("price"),
    quantity: text("qty"),
    fee: text("commission"),
    feeAsset: String(row.commissionAsset),
    realizedPnl: market === "spot" ? null : text("realizedPnl"),
    timeMs: Number(row.time),
  };
}

function trueRows(): Map<string, Read> {
  const { fills } = truthOf(venue.account("year"), { untilMs: venue.clock.nowMs(), visible: true });
  return new Map(
    fills.map(
      ({ orderId: _order, value: _value, liquidity: _liquidity, type: _type, visibleFromMs: _visible, ...read }) => [
        `${read.market}:${read.symbol}:${read.id}`,
        read,
      ],
    ),
  );
}

const sorted = (rows: Map<string, Read>): [string, Read][] => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

test("when the lists reach back for ever, one reading has everything", async () => {
  venue.settings.retentionMs = { linearTrades: null, income: null };
  const read = new Map<string, Read>();
  await readAll(read);
  expect(read.size).toBeGreaterThan(1_199);
  expect(sorted(read)).toEqual(sorted(trueRows()));
});

test("as the venue keeps them, one reading at the end lacks half a year, several on the way lack nothing", async () => {
  const late = new Map<string, Read>();
  await readAll(late);
  expect(late.size).toBeLessThan(trueRows().size);
  const read = new Map<string, Read>();
  for (const daysBack of [240, 120, 0]) {
    venue.clock.set(nowMs - daysBack * dayMs);
    await readAll(read);
  }
  expect(sorted(read)).toEqual(sorted(trueRows()));
});

test("the income list, read by pages, adds up to the PnL of the fills and to the wallet", async () => {
  venue.settings.retentionMs = { linearTrades: null, income: null };
  const sums = new Map<string, bigint>();
  for (let page = 1, size = 1_000; size === 1_000; page++) {
    const rows = rowsOf((await client.get("/fapi/v1/income", { startTime: 1, limit: 1_000, page })).body);
    for (const row of rows) {
      const income = parseDecimal(String(row.income));
      for (const key of [`${row.incomeType}`, `wallet ${row.asset}`]) sums.set(key, (sums.get(key) ?? 0n) + income);
    }
    size = rows.length;
  }
  const fills = [...trueRows().values()].filter((fill) => fill.market === "linear");
  const pnl = fills.reduce((sum, fill) => sum + parseDecimal(fill.realizedPnl ?? "0"), 0n);
  expect((sums.get("REALIZED_PNL") ?? 0n) + (sums.get("DELIVERED_SETTELMENT") ?? 0n)).toBe(pnl);
  const { balances } = truthOf(venue.account("year"), { untilMs: nowMs });
  expect(formatDecimal(sums.get("wallet USDT") ?? 0n)).toBe(balances.linear.USDT ?? "0");
  expect(formatDecimal(sums.get("wallet BNB") ?? 0n)).toBe(balances.linear.BNB ?? "0");
});
