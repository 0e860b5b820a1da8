import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Market } from "../../../src/executions/execution.ts";
import { type Reply, replay, shown } from "./replay.ts";

/**
 * Bodies that clients of the exchanges recorded, which are not part of this project: `AMI_SAMPLES` says where they are. What is expected of a row is
 * written here by much simpler means.
 */
const samples = process.env.AMI_SAMPLES;
const inSamples = test.skipIf(samples === undefined);

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "samples-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

type Row = Record<string, string>;
const sample = async (name: string): Promise<unknown> =>
  await Bun.file(join(samples ?? "", "exchange-api", name)).json();
const other = (name: string) => sample(`other-exchanges/${name}`);
/** A body inside of another project's tests, by its line. */
async function quoted(name: string, line: number): Promise<unknown> {
  const { responses } = (await sample(name)) as { responses: { line: number; body: unknown }[] };
  const found = responses.find((entry) => entry.line === line);
  if (found === undefined) throw new Error(`${name} has nothing of line ${line}`);
  return found.body;
}

/** Reads the days around a time; what is not named is answered as empty as the venue would. */
async function read(broker: string, markets: Market[], atMs: number, replies: Reply[], apiKey = "key") {
  const { executions } = await replay(
    broker,
    {
      now: new Date(atMs + 86_400_000).toISOString(),
      importFrom: new Date(atMs - 86_400_000).toISOString(),
      markets,
      credentials: { apiKey, apiSecret: "c2VjcmV0", passphrase: "passphrase" },
      replies,
    },
    dataDir,
  );
  return executions.map((execution) => {
    const { externalId, side, quantity, price, fee, feeAsset, executedAt, liquidity, type } = shown(execution);
    return { id: String(externalId), side, quantity, price, fee, feeAsset, executedAt, liquidity, type };
  });
}

const plain = (text: string) => text.replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
const at = (ms: string | number) => new Date(Number(ms)).toISOString();
const keyOf = (row: { executedAt: unknown; id: string }) => `${row.executedAt} ${row.id}`;
const byTime = <T extends { executedAt: unknown; id: string }>(rows: T[]) =>
  rows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

inSamples("Bybit: executions of contracts", async () => {
  const body = (await other("nautilus_bybit_http_get_executions.json")) as { result: { list: Row[] } };
  const rows = body.result.list;
  const empty = { retCode: 0, retMsg: "OK", result: { list: [], nextPageCursor: "" } };
  const found = await read("bybit", ["linear"], Number(rows[0]?.execTime), [
    { path: "/v5/user/query-api", body: { retCode: 0, result: { readOnly: 1, permissions: {} } } },
    { path: "/v5/execution/list", body },
    { path: "/v5/position/list", body: empty },
    { path: "/v5/market/instruments-info", body: empty },
  ]);
  expect(found).toEqual(
    byTime(
      rows.map((row) => ({
        id: `bybit:linear:${row.symbol}:${row.execId}`,
        side: row.side?.toLowerCase(),
        quantity: plain(row.execQty ?? ""),
        price: plain(row.execPrice ?? ""),
        fee: plain(row.execFee ?? ""),
        feeAsset: row.feeCurrency,
        executedAt: at(row.execTime ?? ""),
        liquidity: row.isMaker ? "maker" : "taker",
        type: "fill",
      })),
    ),
  );
});

inSamples.each(["nautilus_okx_http_transaction_detail.json", "nautilus_okx_http_transaction_detail_empty_fee.json"])(
  "OKX: a fill (%s)",
  async (name) => {
    const row = (await other(name)) as Row;
    const instrument = {
      instType: "SPOT",
      instId: "BTC-USDT",
      baseCcy: "BTC",
      quoteCcy: "USDT",
      settleCcy: "",
      ctVal: "",
      ctMult: "",
      ctType: "",
      lotSz: "1",
    };
    const found = await read("okx", ["spot"], Number(row.ts), [
      { path: "/api/v5/account/config", body: { code: "0", data: [{ perm: "read_only" }] } },
      { path: "/api/v5/trade/fills", body: { code: "0", data: [row] } },
      { path: "/api/v5/public/instruments", body: { code: "0", data: [instrument] } },
    ]);
    expect(found).toEqual([
      {
        id: `okx:spot:${row.instId}:${row.billId}`,
        side: row.side,
        quantity: row.fillSz,
        price: row.fillPx,
        // OKX writes what was paid as a negative number.
        fee: row.fee === "" ? undefined : `-${row.fee}`,
        feeAsset: row.fee === "" ? undefined : row.feeCcy,
        executedAt: at(row.ts ?? ""),
        liquidity: "taker",
        type: "fill",
      },
    ]);
  },
);

inSamples.each([
  "nautilus_kraken_http_trades_history.json",
  "xchange_kraken_example-tradehistory-data.json",
  "xchange_kraken_example-tradehistory-icn.json",
])("Kraken: a page of trades (%s)", async (name) => {
  const body = (await other(name)) as { result: { trades: Record<string, Row> } };
  const pairs = await other("nautilus_kraken_http_asset_pairs.json");
  const rows = Object.entries(body.result.trades);
  const found = await read("kraken", ["spot"], Number(rows[0]?.[1].time) * 1_000, [
    { path: "/0/private/TradesHistory", body },
    { path: "/0/public/AssetPairs", body: pairs },
  ]);
  const expected = rows.map(([id, row]) => ({
    id: `kraken:spot:${row.pair}:${id}`,
    side: row.type,
    quantity: plain(row.vol ?? ""),
    price: plain(row.price ?? ""),
    fee: plain(row.fee ?? ""),
    executedAt: at(Math.floor(Number(row.time) * 1_000)),
  }));
  expect(byTime(found.map(({ feeAsset, liquidity, type, ...rest }) => rest))).toEqual(byTime(expected));
  expect(found.every(({ feeAsset }) => typeof feeAsset === "string")).toBe(true);
});

inSamples("KuCoin: three pages of spot fills", async () => {
  for (const line of [558, 589, 641]) {
    const body = (await quoted("rotki_bybit_okx_kucoin_gate_htx_bodies.json", line)) as { data: { items: Row[] } };
    const rows = body.data.items;
    const found = await read("kucoin", ["spot"], Number(rows[0]?.createdAt), [
      { path: "/api/v1/user/api-key", body: { code: "200000", data: { permission: "General" } } },
      { path: "/api/v1/hf/accounts/opened", body: { code: "200000", data: false } },
      { path: "/api/v1/fills", body },
      { path: "/api/v2/symbols", body: { code: "200000", data: [] } },
    ]);
    expect(found).toEqual(
      byTime(
        rows.map((row) => ({
          id: `kucoin:spot:${row.symbol}:${row.tradeId}`,
          side: row.side,
          quantity: plain(row.size ?? ""),
          price: plain(row.price ?? ""),
          fee: plain(row.fee ?? ""),
          feeAsset: row.feeCurrency,
          executedAt: at(row.createdAt ?? ""),
          liquidity: row.liquidity,
          type: "fill",
        })),
      ),
    );
    rmSync(join(dataDir, "cache"), { recursive: true, force: true });
  }
});

inSamples("Gate: spot trades", async () => {
  const rows = (await other("xchange_gateio-v4_api_v4_spot_my_trades.json")) as Row[];
  const found = await read("gate", ["spot"], Number(rows[0]?.create_time) * 1_000, [
    { path: "/api/v4/spot/my_trades", body: rows },
    { path: "/api/v4/spot/currency_pairs", body: [] },
  ]);
  expect(found).toEqual(
    byTime(
      rows.map((row) => ({
        id: `gate:spot:${row.currency_pair}:${row.id}`,
        side: row.side,
        quantity: row.amount,
        price: row.price,
        fee: row.fee,
        feeAsset: row.fee_currency,
        executedAt: at(String(row.create_time_ms).split(".")[0] ?? ""),
        liquidity: row.role,
        type: "fill",
      })),
    ),
  );
});

inSamples("Bitget: spot fills", async () => {
  const body = (await other("xchange_bitget_api_v2_spot_trade_fills.json")) as { data: (Row & { feeDetail: Row })[] };
  const symbols = await other("xchange_bitget_api_v2_spot_public_symbols.json");
  const found = await read("bitget", ["spot"], Number(body.data[0]?.cTime), [
    { path: "/api/v2/spot/account/info", body: { code: "00000", msg: "success", data: { authorities: ["stor"] } } },
    { path: "/api/v2/spot/trade/fills", body },
    { path: "/api/v2/spot/public/symbols", body: symbols },
  ]);
  expect(found).toEqual(
    body.data.map((row) => ({
      id: `bitget:spot:${row.symbol}:${row.tradeId}`,
      side: row.side,
      quantity: row.size,
      price: row.priceAvg,
      fee: String(row.feeDetail.totalFee).slice(1),
      feeAsset: row.feeDetail.feeCoin,
      executedAt: at(row.cTime ?? ""),
      liquidity: row.tradeScope,
      type: "fill",
    })),
  );
});

inSamples("Coinbase: fills", async () => {
  const body = (await other("nautilus_coinbase_http_fills.json")) as { fills: Row[] };
  const found = await read("coinbase", ["spot"], Date.parse(body.fills[0]?.trade_time ?? ""), [
    { path: "/api/v3/brokerage/key_permissions", body: { can_view: true, can_trade: false, can_transfer: false } },
    { path: "/api/v3/brokerage/orders/historical/fills", body },
    { path: "/api/v3/brokerage/market/products", body: { products: [] } },
  ]);
  expect(found).toEqual(
    byTime(
      body.fills.map((row) => ({
        id: `coinbase:spot:${row.product_id}:${row.entry_id}`,
        side: row.side?.toLowerCase(),
        quantity: plain(row.size ?? ""),
        price: plain(row.price ?? ""),
        fee: plain(row.commission ?? ""),
        feeAsset: row.product_id?.split("-")[1],
        executedAt: at(Date.parse(row.trade_time ?? "")),
        liquidity: row.liquidity_indicator?.toLowerCase(),
        type: "fill",
      })),
    ),
  );
});

inSamples("Hyperliquid: fills of perpetuals, spot and vaults, and a conversion of dust", async () => {
  const rows = (await other("nautilus_hyperliquid_http_user_fills_dust_conversion.json")) as (Row & {
    crossed: boolean;
  })[];
  const wallet = "0x0000000000000000000000000000000000000001";
  const times = rows.map(({ time }) => Number(time));
  const found: Awaited<ReturnType<typeof read>> = [];
  for (const day of new Set(times.map((ms) => Math.floor(ms / 86_400_000)))) {
    const today = rows.filter(({ time }) => Math.floor(Number(time) / 86_400_000) === day);
    const replies: Reply[] = [
      { path: "/info", where: { type: "userFillsByTime" }, body: today },
      { path: "/info", where: { type: "userFunding" }, body: [] },
      { path: "/info", where: { type: "meta" }, body: { universe: [] } },
      { path: "/info", where: { type: "spotMeta" }, body: { universe: [], tokens: [] } },
    ];
    found.push(...(await read("hyperliquid", ["spot", "linear"], day * 86_400_000, replies, wallet)));
  }
  const expected = rows.map((row) => ({
    id: `hyperliquid:${row.coin?.startsWith("@") ? "spot" : "linear"}:${row.coin}:${String(row.tid) === "0" ? row.time : row.tid}-${row.oid}`,
    side: row.side === "B" ? "buy" : "sell",
    quantity: plain(row.sz ?? ""),
    price: plain(row.px ?? ""),
    fee: plain(row.fee ?? ""),
    feeAsset: row.feeToken,
    executedAt: at(row.time ?? ""),
    liquidity: row.crossed ? "taker" : "maker",
    type: row.dir === "Spot Dust Conversion" ? "conversion" : "fill",
  }));
  expect(byTime(found)).toEqual(byTime(expected));
});
