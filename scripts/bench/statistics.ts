/**
 * Usage: bun scripts/bench/statistics.ts FOLDER [--check] [--objects | --columns]
 * Pages of make-trade-pages.ts to the bodies that are put to the platform, one user after the other, by the code of analyze-stats. Says how the
 * CPU time is divided; with --check also sums that another program must come to, and a hash of all bodies. Pages are read as analyze-stats would
 * here: into columns where JavaScript is compiled just in time, else as objects; or as asked.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compilesToMachineCode } from "../../src/journal/machine-code.ts";
import { statisticsJson } from "../../src/journal/statistics-json.ts";
import { TradePageReader } from "../../src/journal/trade-page.ts";
import type { Statistics } from "../../src/statistics/body.ts";
import { createSummary, type Summary } from "../../src/statistics/summary.ts";
import { listPage, type TradePage } from "../../src/statistics/trade-columns.ts";
import { makeCollector } from "../../src/workers/analyze-stats/collector.ts";

const [folder = "", ...options] = process.argv.slice(2);
const isChecked = options.includes("--check");
const asColumns = options.includes("--columns") || (!options.includes("--objects") && compilesToMachineCode());
const settings = { timezone: "Europe/Paris", base_currency: "USDT", starting_balance: "10000", breakeven_band: null };
/** The arithmetic is in `sum` and in a part of `figures`, which also makes the texts of the body. */
const spent = { file: 0, parse: 0, check: 0, sum: 0, figures: 0, write: 0, collect: 0 };
const sums = { net_pnl: 0, max_drawdown: 0, sharpe: 0, longest_win_streak: 0 };
let trades = 0;
let bytes = 0;
const hash = new Bun.CryptoHasher("sha256");

function timed<T>(part: keyof typeof spent, work: () => T): T {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  spent[part] += user + system;
  return result;
}

function finish(summary: Summary | null): void {
  if (summary === null) return;
  const body = timed("figures", () => summary.finish({ engineVersion: "bench", computedAtMs: 0, basedOnVersion: 1 }));
  bytes += timed("write", () => statisticsJson(body)).length;
  if (!isChecked) return;
  addUp(body);
  hash.update(JSON.stringify(body));
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

const reader = new TradePageReader();
const collect = makeCollector();

function columnPage(body: Uint8Array): TradePage {
  const page = timed("parse", () => reader.read(body));
  if (page === null) throw new Error("a page is not of the plain form");
  return { count: page.columns.count, columns: page.columns, trades: () => [] };
}

// With the checks come the shapes of everything else, which take memory.
const { readClosedTrade } = asColumns ? { readClosedTrade: null } : await import("../../src/journal/closed-trades.ts");

function objectPage(body: Uint8Array, name: string): TradePage {
  const { data } = timed("parse", () => JSON.parse(new TextDecoder().decode(body)) as { data: unknown[] });
  const place = { name, page: 1, index: 0 };
  const read = timed("check", () => data.map((value) => readClosedTrade?.(value, place) ?? null));
  return listPage(read.filter((trade) => trade !== null));
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
  const body = timed("file", () => readFileSync(join(folder, name)));
  const page = asColumns ? columnPage(body) : objectPage(body, name);
  timed("sum", () => summary?.addPage(page));
  timed("collect", () => collect(page.count));
  trades += page.count;
}
finish(summary);

const parts = Object.entries(spent).map(
  ([part, microseconds]) => `${part} ${Math.round((microseconds * 1e3) / trades)} ns`,
);
process.stderr.write(`  a trade: ${parts.join(", ")}; ${Math.round(bytes / 1e6)} MB of statistics\n`);
if (isChecked) {
  const said = Object.entries(sums).map(([name, sum]) => `${name} ${sum.toFixed(2)}`);
  process.stderr.write(
    `  months, weeks and symbols: ${said.join(", ")}; all bodies: ${hash.digest("hex").slice(0, 16)}\n`,
  );
}
