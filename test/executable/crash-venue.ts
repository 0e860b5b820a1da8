import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Execution } from "../../src/executions/execution.ts";
import { fromWireExecution } from "../../src/journal/convert.ts";
import type { EmbeddedJournal } from "../../src/journal/embedded.ts";
import { expectedFills, fillsOf, repeated } from "../brokers/binance/compare.ts";
import type { PlatformWorld } from "../delivery/platform-world.ts";
import { type BinanceVenue, startBinance } from "../venues/binance/index.ts";
import { dayMs, minuteMs } from "../venues/clock.ts";
import { truthOf } from "../venues/truth.ts";

const venueId = "a";
/** One in so many fills is listed late. */
const lateEvery = 9;
const lateMs = 4 * minuteMs;
const requestsShown = 60;

/** An account at a venue that keeps the truth, traded on between runs, and known to the platform under a number. */
export class TradedAccount {
  readonly environment: Record<string, string>;
  readonly #venue: BinanceVenue;
  readonly #world: PlatformWorld;
  readonly #accountId: number;
  #fills = 0;

  private constructor(venue: BinanceVenue, world: PlatformWorld, accountId: number) {
    this.#venue = venue;
    this.#world = world;
    this.#accountId = accountId;
    this.environment = { VENUE_URL_BINANCE: venue.url };
  }

  static async open(world: PlatformWorld, accountId: number): Promise<TradedAccount> {
    const endMs = Date.now() - dayMs;
    const startMs = endMs - 20 * dayMs;
    const venue = await startBinance({
      accounts: [{ id: venueId }],
      world: { spotSymbols: 6, linearSymbols: 4, inverseSymbols: 2, startMs, endMs },
      settings: { windowMs: 250 },
    });
    const { apiKey, apiSecret, ledger } = venue.account(venueId);
    ledger.deposit({ asset: "USDT", amount: "10000000", atMs: startMs });
    ledger.transfer({ from: "spot", to: "linear", asset: "USDT", amount: "5000000", atMs: startMs + 1_000 });
    world.journal.putUser({ user_id: accountId, timezone: "UTC", base_currency: "USDT" });
    world.journal.putAccount({
      account_id: accountId,
      user_id: accountId,
      broker: "binance",
      markets: ["spot", "linear"],
      base_currency: "USDT",
      cost_basis_method: "average",
      import_from: new Date(startMs - dayMs).toISOString(),
      credentials: { api_key: apiKey, api_secret: apiSecret },
    } as Parameters<EmbeddedJournal["putAccount"]>[0]);
    return new TradedAccount(venue, world, accountId);
  }

  /** So many minutes of trading. */
  trade(fills: number): void {
    const { ledger } = this.#venue.account(venueId);
    this.minutesLater();
    const endMs = this.#venue.clock.nowMs();
    for (let left = fills; left > 0; left--) {
      const number = ++this.#fills;
      ledger.fill({
        market: number % 2 === 0 ? "spot" : "linear",
        symbol: number % 3 === 0 ? "BTCUSDT" : "ETHUSDT",
        side: Math.floor(number / 6) % 2 === 0 ? "BUY" : "SELL",
        quantity: "0.1",
        atMs: endMs - left * 1_000,
        ...(number % lateEvery === 0 && { lateMs }),
      });
    }
  }

  /** The next requests meet something that a retry mends, or that does not come to its end. */
  stumble(random: () => number): void {
    const skip = Math.floor(random() * 8);
    this.#venue.faults.add(random() < 0.5 ? { kind: "reset-after", skip } : { kind: "delay", ms: 30, skip, times: 3 });
  }

  recover(): void {
    this.#venue.faults.clear();
    this.minutesLater();
  }

  /** Here and there: what this machine has spent of the venue's minute is forgotten. */
  minutesLater(): void {
    this.#venue.clock.advance(10 * minuteMs);
    rmSync(join(this.#world.folder, "data/rate-budget.sqlite"), { force: true });
    rmSync(join(this.#world.folder, "data/rate-budget.sqlite-journal"), { force: true });
  }

  requests(): number {
    return this.#venue.log.entries.length;
  }

  /** Fills that the venue lists and that have not arrived, with their times. */
  async missing(): Promise<string[]> {
    const stored = fillsOf(await this.#stored());
    return Object.entries(expectedFills(this.#truth()))
      .filter(([id]) => stored[id] === undefined)
      .map(([id, { executedAtMs }]) => `${id} of ${new Date(Number(executedAtMs)).toISOString()}`);
  }

  /** @throws {Error} what is missing, double or another; @returns how many there are */
  async verify(): Promise<number> {
    const stored = await this.#stored();
    const double = repeated(stored);
    if (double.length > 0) throw new Error(`venue: double ${double}`);
    if (!Bun.deepEquals(fillsOf(stored), expectedFills(this.#truth()))) throw new Error("venue: not what it lists");
    return stored.length;
  }

  #truth() {
    return truthOf(this.#venue.account(venueId));
  }

  async #stored(): Promise<Execution[]> {
    const stored: Execution[] = [];
    for await (const wire of this.#world.journal.executions(this.#accountId)) stored.push(fromWireExecution(wire));
    return stored;
  }

  /** For whoever has to find out why something is missing. */
  async describe(): Promise<string> {
    const { entries } = this.#venue.log;
    const asked = entries
      .slice(-requestsShown)
      .map(({ path, parameters, status, atMs }) => `${status} ${path} ${JSON.stringify(parameters)} ${atMs}`);
    for await (const { account_id, checkpoint } of this.#world.journal.accounts({ includeAuthFailed: true })) {
      if (account_id === this.#accountId) asked.push(JSON.stringify(checkpoint));
    }
    return asked.join("\n");
  }

  async stop(): Promise<void> {
    await this.#venue.stop();
  }
}
