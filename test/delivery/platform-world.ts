import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import type { Fault } from "../../src/journal/serve/faults.ts";
import { type Platform, servePlatform } from "../contract/platform.ts";

export const platformKey = "a-key-for-tests";
/** Binance's futures trade history. */
const header = "Uid,Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID";

export interface WorldOptions {
  folder: string;
  accounts: number;
  nowMs?: () => number;
}

/** The development platform with accounts that are fed by files, numbered from 1, each of a user of its own; and the workers' folder. */
export class PlatformWorld {
  readonly folder: string;
  readonly journal: EmbeddedJournal;
  readonly platform: Platform;
  /** By account: the ids of all executions that its files have. */
  readonly truth = new Map<number, Set<string>>();
  #executions = 0;

  constructor({ folder, accounts, nowMs = Date.now }: WorldOptions) {
    this.folder = folder;
    this.journal = openEmbeddedJournal(":memory:", { clock: { nowMs } });
    for (let id = 1; id <= accounts; id++) {
      this.truth.set(id, new Set());
      this.journal.putUser({ user_id: id, timezone: "UTC", base_currency: "USDT" });
      this.journal.putAccount({
        account_id: id,
        user_id: id,
        broker: "csv",
        markets: ["linear"],
        base_currency: "USDT",
        source: { kind: "file" },
      } as Parameters<EmbeddedJournal["putAccount"]>[0]);
    }
    this.platform = servePlatform({ journal: this.journal, key: platformKey, nowMs, ratePerMinute: 1_000_000 });
  }

  /** A file with this many new executions for an account: buys and sells in turn, each a minute after the other. */
  addFile(accountId: number, executions: number): void {
    const rows = Array.from({ length: executions }, (_, index) => {
      const number = ++this.#executions;
      const time = new Date(Date.UTC(2020, 0, 1) + number * 60_000).toISOString().slice(2, 19).replace("T", " ");
      const side = index % 2 === 0 ? "BUY" : "SELL";
      const price = 100 + (index % 7);
      this.truth.get(accountId)?.add(`binance:linear:BTCUSDT:${number}`);
      return `1,${time},BTCUSDT,${side},${price},1,${price},0.04 USDT,0,true,false,${number},${number}`;
    });
    const bytes = new TextEncoder().encode(`${[header, ...rows].join("\n")}\n`);
    this.journal.addFile(accountId, { name: `file-${this.#executions}.csv`, bytes });
  }

  /** What goes wrong from now on; nothing when called without any. */
  outage(...faults: Fault[]): void {
    this.platform.clearFaults();
    for (const fault of faults) this.platform.addFault(fault);
  }

  /** What the workers are told by their environment. */
  environment(): Record<string, string> {
    return {
      LARAVEL_API_URL: this.platform.url,
      LARAVEL_API_KEY: platformKey,
      TRADE_IMPORTER_BATCH_SIZE: "10",
      MAX_RETRIES: "2",
      DATA_DIR: join(this.folder, "data"),
      LOG_DIR: join(this.folder, "logs"),
    };
  }

  filesIn(name: string): string[] {
    const path = join(this.folder, "data", name);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  /** The ids that the platform has of an account, in the order of their arrival; one that came twice stands twice. */
  async stored(accountId: number): Promise<string[]> {
    const ids: string[] = [];
    for await (const { external_id } of this.journal.executions(accountId)) ids.push(external_id);
    return ids;
  }

  async stop(): Promise<void> {
    await this.platform.stop();
    this.journal.close();
  }
}
