/**
 * Usage: bun scripts/bench/statistics.ts FOLDER [--check]
 * Pages of make-trade-pages.ts to the bodies that are put to the platform, one user after the other, by the code of analyze-stats. Says how the
 * time is divided; with --check also sums that another program must come to.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readClosedTrade } from "../../src/journal/closed-trades.ts";
import type { Statistics } from "../../src/statistics/body.ts";
import { createSummary, type Summary } from "../../src/statistics/summary.ts";

const [folder = "", option = ""] = process.argv.slice(2);
const settings = { timezone: "Europe/Paris", base_currency: "USDT", starting_balance: "10000", breakeven_band: null };
/** The arithmetic is in `sum` and in a part of `figures`, which also makes the texts of the body. */
const spent = { parse: 0, check: 0, sum: 0, figures: 0, write: 0 };
const sums = { net_pnl: 0, max_drawdown: 0, sharpe: 0, longest_win_streak: 0 };
let trades = 0;
let bytes = 0;

function timed<T>(part: keyof typeof spent, work: () => T): T {
  const startMs = performance.now();
  const result = work();
  spent[part] += performance.now() - startMs;
  return result;
}

function finish(summary: Summary | null): void {
  if (summary === null) return;
  const body = timed("figures", () => summary.finish({ engineVersion: "bench", computedAtMs: 0, basedOnVersion: 1 }));
  bytes += timed("write", () => JSON.stringify(body)).length;
  if (option === "--check") addUp(body);
}

function addUp({ currencies }: Statistics): void {
  for (const { periods, breakdowns } of currencies) {
    const symbols = breakdowns.filter(({ dimension }) => dimension === "symbol");
    const middle = periods.filter(({ period }) => period === "month" || period === "week");
    for (const { metrics } of [...middle, ...symbols]) {
      sums.net_pnl += Number(metrics.net_pnl);
      sums.max_drawdown += Number(metrics.max_drawdown);
      sums.sharpe += Number(metrics.sharpe_ratio ?? 0);
      sums.longest_win_streak += metrics.longest_win_streak ?? 0;
    }
  }
}

let user = "";
let summary: Summary | null = null;
for (const name of readdirSync(folder).sort()) {
  const owner = name.slice(0, name.indexOf("-"));
  if (owner !== user) {
    finish(summary);
    summary = createSummary(settings);
    user = owner;
  }
  const { data } = timed("parse", () => JSON.parse(readFileSync(join(folder, name), "utf8")) as { data: unknown[] });
  const place = { name, page: 1, index: 0 };
  const read = timed("check", () => data.map((value) => readClosedTrade(value, place)));
  timed("sum", () => {
    for (const trade of read) if (trade !== null) summary?.add(trade);
  });
  trades += read.length;
}
finish(summary);

const parts = Object.entries(spent).map(([part, ms]) => `${part} ${Math.round((ms * 1e6) / trades)} ns`);
process.stderr.write(`  a trade: ${parts.join(", ")}; ${Math.round(bytes / 1e6)} MB of statistics\n`);
if (option === "--check") {
  const said = Object.entries(sums).map(([name, sum]) => `${name} ${sum.toFixed(2)}`);
  process.stderr.write(`  months, weeks and symbols: ${said.join(", ")}\n`);
}
