import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import "../../jitless.ts";
import { type } from "arktype";
import { type Decimal, divide, fromProduct, multiply, parseDecimal } from "../../executions/decimal.ts";
import { readCache, writeCache } from "../cache-file.ts";
import type { BinanceClient } from "./client.ts";
import { endpoints } from "./endpoints.ts";
import { SymbolGone } from "./errors.ts";
import { marketsOf } from "./markets.ts";

/**
 * What an amount was worth in another asset at a time: the close of the minute's candle on spot. Candles are fetched in blocks of 1,000
 * minutes (weight 2, counted from 1970), and a block that is over never changes: it is kept on disk for all accounts and runs.
 */
export interface Worth {
  amount: Decimal;
  /** The minute has no candle: a neighbour had to serve. */
  estimated: boolean;
}

const minuteMs = 60_000;
const blockMinutes = 1_000;
const blockMs = blockMinutes * minuteMs;
const blocksInMemoryMax = 64;
const filesMax = 4_000;
const filesKept = 3_000;
/** Through these where no symbol joins the two assets. */
const bridges = ["USDT", "BTC"] as const;

const Candles = type(["number.integer", "string", "string", "string", "string", "...", "unknown[]"]).array();

/** Closes by minute within the block; null: none. */
interface Block {
  closes: (string | null)[];
  /** Minutes from here on had not begun when it was fetched; a block that is over has none. */
  minutesKnown: number;
}

/** Null: no rate is known. */
export async function worthOf(
  client: BinanceClient,
  { amount, asset, inAsset, atMs }: { amount: Decimal; asset: string; inAsset: string; atMs: number },
): Promise<Worth | null> {
  if (asset === inAsset || amount === 0n) return { amount, estimated: false };
  const { symbols } = await marketsOf(client, "spot");
  const direct = async (from: string, to: string, value: Decimal): Promise<Worth | null> => {
    const forward = symbols.has(from + to);
    if (!forward && !symbols.has(to + from)) return null;
    const price = await priceAt(client, forward ? from + to : to + from, atMs);
    if (price === null) return null;
    return {
      amount: forward ? fromProduct(multiply(value, price.price)) : divide(value, price.price),
      estimated: price.estimated,
    };
  };
  const straight = await direct(asset, inAsset, amount);
  if (straight !== null) return straight;
  for (const bridge of bridges) {
    const half = bridge === asset || bridge === inAsset ? null : await direct(asset, bridge, amount);
    const whole = half === null ? null : await direct(bridge, inAsset, half.amount);
    if (half !== null && whole !== null) return { amount: whole.amount, estimated: half.estimated || whole.estimated };
  }
  return null;
}

async function priceAt(
  client: BinanceClient,
  symbol: string,
  atMs: number,
): Promise<{ price: Decimal; estimated: boolean } | null> {
  const number = Math.floor(atMs / blockMs);
  const minute = Math.floor((atMs - number * blockMs) / minuteMs);
  const block = await blockOf(client, symbol, number, minute);
  const exact = block.closes[minute];
  if (exact) return { price: parseDecimal(exact), estimated: false };
  for (let distance = 1; distance < blockMinutes; distance++) {
    const neighbour = block.closes[minute - distance] ?? block.closes[minute + distance];
    if (neighbour) return { price: parseDecimal(neighbour), estimated: true };
  }
  return null;
}

function blockOf(client: BinanceClient, symbol: string, number: number, minute: number): Promise<Block> {
  const blocks = blocksOf(client);
  const key = `${symbol}/${number}`;
  const known = blocks.get(key);
  const loading =
    known === undefined ? loadBlock(client, symbol, number) : refreshed(known, client, symbol, number, minute);
  blocks.delete(key); // the newest stands last
  blocks.set(key, loading);
  loading.catch(() => blocks.delete(key)); // the next one tries again; this one hears of it where it awaits
  const [oldest] = blocks.keys();
  if (blocks.size > blocksInMemoryMax && oldest !== undefined) blocks.delete(oldest);
  return loading;
}

async function refreshed(
  known: Promise<Block>,
  client: BinanceClient,
  symbol: string,
  number: number,
  minute: number,
): Promise<Block> {
  const block = await known;
  return minute < block.minutesKnown ? block : await loadBlock(client, symbol, number);
}

function blocksOf({ venue }: BinanceClient): Map<string, Promise<Block>> {
  const known = venue.loaded.get("rates") as Map<string, Promise<Block>> | undefined;
  if (known !== undefined) return known;
  const blocks = new Map<string, Promise<Block>>();
  venue.loaded.set("rates", blocks);
  return blocks;
}

async function loadBlock(client: BinanceClient, symbol: string, number: number): Promise<Block> {
  const folder = join(client.tools.cacheDir, "rates");
  const path = join(folder, `binance-${encodeURIComponent(symbol)}-${number}.json`);
  const stored = readCache(path);
  if (isCloses(stored)) return { closes: stored, minutesKnown: blockMinutes };
  const startMs = number * blockMs;
  const nowMs = client.nowMs();
  const block: Block = {
    closes: Array<string | null>(blockMinutes).fill(null),
    minutesKnown: Math.min(blockMinutes, Math.floor((nowMs - startMs) / minuteMs) + 1),
  };
  for (const [openMs, , , , close] of await candles(client, symbol, startMs)) {
    const index = (openMs - startMs) / minuteMs;
    if (Number.isInteger(index) && index >= 0 && index < blockMinutes && isPrice(close)) block.closes[index] = close;
  }
  const isOver = nowMs > startMs + blockMs + minuteMs;
  if (isOver && writeCache(path, block.closes)) sweep(client, folder);
  return block;
}

async function candles(client: BinanceClient, symbol: string, startMs: number) {
  try {
    const parameters = {
      symbol,
      interval: "1m",
      startTime: startMs,
      endTime: startMs + blockMs - 1,
      limit: blockMinutes,
    };
    return await client.get(endpoints.spotKlines, parameters, Candles);
  } catch (error) {
    if (error instanceof SymbolGone) return [];
    throw error;
  }
}

function isCloses(value: unknown): value is (string | null)[] {
  return (
    Array.isArray(value) && value.length === blockMinutes && value.every((close) => close === null || isPrice(close))
  );
}

function isPrice(value: unknown): boolean {
  return typeof value === "string" && /^\d{1,30}(\.\d{1,18})?$/.test(value) && /[1-9]/.test(value);
}

/** Once a run, when something was written: the files used longest ago go. */
function sweep({ venue }: BinanceClient, folder: string): void {
  if (venue.loaded.has("rates swept")) return;
  venue.loaded.set("rates swept", true);
  const files = readdirSync(folder).map((name) => join(folder, name));
  if (files.length <= filesMax) return;
  const byAge = files
    .map((path) => ({ path, ms: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => a.ms - b.ms);
  for (const { path } of byAge.slice(0, files.length - filesKept)) rmSync(path, { force: true });
}
