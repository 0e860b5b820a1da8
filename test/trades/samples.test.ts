import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readPages, recognise } from "../../src/brokers/csv/read.ts";
import { createFileReport } from "../../src/brokers/csv/report.ts";
import { formatDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import { deriveTrades } from "../../src/trades/derive.ts";
import { groupOf } from "../../src/trades/group.ts";
import type { Trade } from "../../src/trades/trade.ts";
import { statedPnlOf } from "../../src/workers/import-trades/stated-pnl.ts";

/** Real exports of brokers, which are not in the project. */
const samples = process.env.AMI_SAMPLES;

async function tradesOf(file: string): Promise<{ trades: Trade[]; executions: Execution[] }> {
  const path = join(samples ?? "", file);
  const executions: Execution[] = [];
  for await (const page of readPages(await recognise(path, { name: file }), createFileReport()))
    executions.push(...page.executions);
  const rules = { method: "fifo" as const, statedPnl: statedPnlOf, stepOf: () => null };
  const groups = Map.groupBy(executions, groupOf);
  return { executions, trades: [...groups.values()].flatMap((group) => deriveTrades(group, rules).trades) };
}

describe.skipIf(samples === undefined)("the PnL that Interactive Brokers prints", () => {
  test("per closing execution, to the last of its six digits", async () => {
    const { trades } = await tradesOf("csv-stocks/ibkr_activity_trades_2021.csv");
    const printed: Record<string, string> = { AEHR: "149.183899", AMC: "-303.514569", AVGO: "-77.433056" };
    const ours = Object.fromEntries(
      trades.filter(({ symbol }) => symbol in printed).map(({ symbol, netPnl }) => [symbol, rounded(netPnl ?? 0n, 6)]),
    );
    expect(ours).toEqual(printed);
  });

  // Two sells of one second, without ids: the one that closes what was bought comes first, and no lot is known that the other one closes.
  test("a difference is flagged, not hidden: the statement's NAKD began before it", async () => {
    const { trades } = await tradesOf("csv-stocks/ibkr_activity_trades_2021.csv");
    const flags = trades
      .filter(({ symbol }) => symbol === "NAKD")
      .map(({ quantity, flags }) => [formatDecimal(quantity), flags]);
    expect(flags).toEqual([
      ["4091", ["pnl_mismatch"]],
      ["836", ["unknown_origin"]],
      ["836", ["unknown_origin"]],
    ]);
    expect(trades.filter(({ symbol }) => symbol !== "NAKD").every(({ flags }) => flags.length === 0)).toBe(true);
  });
});

describe.skipIf(samples === undefined)("a Binance export that begins in the middle of positions", () => {
  test("the stated PnL is kept, and no position is invented", async () => {
    const { trades } = await tradesOf("csv-crypto/binance_usdm-futures_trade-history_2026.csv");
    expect(
      trades.map(({ symbol, direction, status, grossPnl, flags }) => [
        symbol,
        direction,
        status,
        formatDecimal(grossPnl ?? 0n),
        ...flags,
      ]),
    ).toEqual([
      ["COMPUSDT", "long", "closed", "-4.43848", "unknown_origin"],
      ["BTCUSDT", "short", "closed", "97.84870666", "unknown_origin"],
      ["BTCUSDC", "short", "closed", "0.28699999", "unknown_origin"],
    ]);
  });
});

/** Half away from zero, as statements round. */
function rounded(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(18 - digits);
  const half = value < 0n ? -unit / 2n : unit / 2n;
  return formatDecimal(((value + half) / unit) * unit);
}
