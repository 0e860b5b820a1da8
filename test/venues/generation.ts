import type { Decimal } from "../../src/executions/decimal.ts";
import type { Ledger, LedgerOptions } from "./ledger.ts";
import type { Wallet } from "./ledger-rows.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";
import type { SymbolSpec, WorldMarket } from "./world-symbols.ts";

export interface GenerateOptions extends Omit<LedgerOptions, "seed"> {
  seed: string;
  /** Exactly so many over all markets, settlements at delivery not counted. */
  fills: number;
  markets?: readonly WorldMarket[];
  /** How many symbols are traded, shared among the markets like the fills; all that the world has when left out. */
  symbols?: number;
  /** The world's time when left out. */
  startMs?: number;
  endMs?: number;
  /** Long and short stand side by side in futures. */
  hedge?: boolean;
  /** Every 8 hours for each open position. */
  funding?: boolean;
  /** The part of fills that the lists show some minutes late, 0 to 1. */
  late?: number;
  /** Converts, dust and withdrawals, some each month. */
  conversions?: boolean;
  /** Liquidations and ADL. */
  forced?: boolean;
}

export interface Generation {
  world: World;
  ledger: Ledger;
  random: Random;
  options: GenerateOptions;
  /** Time never goes back within an account. */
  atMs: number;
}

/** The market's price, at most a twenty-thousandth off: inside the minute's candle. */
export function fillPrice({ world, random, atMs }: Generation, spec: SymbolSpec): Decimal {
  const ticks = world.ticksAt(spec, atMs);
  const spread = Math.floor(ticks / 20_000);
  const price = world.priceAt(spec, atMs);
  return price + (BigInt(random.integer(-spread, spread)) * price) / BigInt(ticks);
}

export function deposit({ ledger, atMs }: Generation, asset: string, amount: Decimal): void {
  ledger.deposit({ asset, amount, atMs });
}

/** Money from the spot wallet, and from outside when it has too little. */
export function fundWallet(generation: Generation, wallet: Wallet, asset: string, amount: Decimal): void {
  const { ledger, atMs } = generation;
  if (ledger.balance("spot", asset) < amount) deposit(generation, asset, amount);
  ledger.transfer({ from: "spot", to: wallet, asset, amount, atMs });
}
