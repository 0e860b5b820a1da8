import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileNameOf, toFileText } from "../../src/delivery/batch-file.ts";
import type { SealedBatch } from "../../src/journal/journal.ts";

const [executable = "", batchesText = "", paceText = ""] = process.argv.slice(2);
const batches = Number(batchesText);
const paceMs = Number(paceText);
const executionsPerBatch = 100;
const accounts = 500;
/** What a Laravel of two cores takes with SQLite, full batches: about fourteen a second. */
const realPaceMs = 1_000 / 14;
const startMs = Date.UTC(2026, 1, 9);
const bytesPerMebibyte = 1_048_576;

const folder = mkdtempSync(join(tmpdir(), "ami-workers-flush-"));
const platform = servePlatform();
try {
  const bytes = makeBatches();
  print(
    `${batches} batches of ${executionsPerBatch} executions, ${(bytes / bytesPerMebibyte).toFixed(0)} MiB, ${accounts} accounts`,
  );
  const { wallMs, peakBytes } = await flush();
  const oursMs = (wallMs - platform.busyMs()) / batches;
  print(`wall ${seconds(wallMs)}, of which the platform ${seconds(platform.busyMs())}`);
  print(
    `ours ${oursMs.toFixed(2)} ms a batch: ${percent(oursMs / (oursMs + realPaceMs))} beside a platform that takes ${realPaceMs.toFixed(0)} ms`,
  );
  print(`peak ${(peakBytes / bytesPerMebibyte).toFixed(0)} MiB`);
} finally {
  platform.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Answers as the contract has it, one after the other, and counts the time that it is at work. */
function servePlatform() {
  let busyMs = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const fromMs = performance.now();
      const { pathname } = new URL(request.url);
      if (pathname.endsWith("/ping")) return Response.json({ data: ping() });
      const { executions = [] } = (await request.json()) as { executions?: { external_id: string }[] };
      await Bun.sleep(paceMs);
      const count = (created: number) => ({ received: created, created, duplicates: 0, rejected: 0 });
      const response = Response.json({
        data: {
          account_id: Number(pathname.split("/").at(-2)),
          checkpoint_version: 1,
          executions: count(executions.length),
          trades: { ...count(0), updated: 0 },
          results: {
            executions: executions.map(({ external_id }, index) => ({ index, external_id, status: "created" })),
            trades: [],
          },
        },
      });
      busyMs += performance.now() - fromMs;
      return response;
    },
  });
  const url = `http://127.0.0.1:${server.port}/api/internal`;
  return { url, busyMs: () => busyMs, stop: () => server.stop(true) };
}

function ping() {
  const limits = { max_batch: 100, rate_per_minute: 1_000_000 };
  const key = { name: "bench", abilities: ["*"] };
  return { status: "ok", time: new Date().toISOString(), contract_version: "1.0", key, limits };
}

function makeBatches(): number {
  const pending = join(folder, "data/pending");
  mkdirSync(pending, { recursive: true });
  for (let number = 0; number < batches; number++) {
    const accountId = 1 + (number % accounts);
    const executions = Array.from({ length: executionsPerBatch }, (_, index) =>
      execution(number * executionsPerBatch + index),
    );
    const batch: SealedBatch = {
      accountId,
      userId: accountId,
      key: `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`,
      body: JSON.stringify({ executions }),
      executions: executionsPerBatch,
      trades: 0,
    };
    const circumstances = { platform: platform.url, createdAtMs: startMs + number, reason: "away", attempts: 0 };
    writeFileSync(join(pending, fileNameOf(batch, [startMs + number, 0])), toFileText(batch, circumstances));
  }
  Bun.spawnSync(["sync"]); // what has just been written is not the flush's to wait for
  return readdirSync(pending).reduce((sum, name) => sum + statSync(join(pending, name)).size, 0);
}

/** As it is on the wire. */
function execution(number: number): Record<string, unknown> {
  return {
    external_id: `binance:linear:BTCUSDT:${number}`,
    execution_type: "fill",
    market: "linear",
    symbol: "BTCUSDT",
    base_asset: "BTC",
    quote_asset: "USDT",
    settle_asset: "USDT",
    side: number % 2 === 0 ? "buy" : "sell",
    position_side: null,
    quantity: "0.010",
    price: "64000.10",
    quote_quantity: "640.0010",
    contract_size: "1",
    fee: "0.32000050",
    fee_asset: "USDT",
    fee_in_quote: "0.32000050",
    realized_pnl: "0",
    order_id: String(9_000_000_000 + number),
    liquidity: "taker",
    executed_at: "2026-02-28T08:00:00.123Z",
    content_hash: "001219747e66726cada22bc69b231fb7890b2722e82a9e71f8575266d32a2f91",
  };
}

async function flush(): Promise<{ wallMs: number; peakBytes: number }> {
  const fromMs = performance.now();
  const child = Bun.spawn([executable, "flush-buffer", "--deadline", "0"], {
    cwd: folder,
    env: { LARAVEL_API_URL: platform.url, LARAVEL_API_KEY: "a-key-for-benches", LOG_LEVEL: "WARNING" },
    stdout: "ignore",
    stderr: "inherit",
  });
  const code = await child.exited;
  const wallMs = performance.now() - fromMs;
  if (code !== 0) throw new Error(`flush-buffer ended with ${code}`);
  return { wallMs, peakBytes: child.resourceUsage()?.maxRSS ?? 0 };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
