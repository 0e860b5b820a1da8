import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Account, Ping } from "../../journal/wire.ts";

export type PlatformAnswer =
  | {
      kind: "answer";
      ping: Ping /** The platform's clock minus ours. */;
      aheadMs: number;
      tookMs: number;
      journal: Journal;
    }
  | { kind: "failure"; failure: Failure }
  /** The journal is a file on this machine. */
  | { kind: "embedded"; path: string };

const timeoutMs = 8_000;

/** One `GET /ping`, without retries: what it says now is what is wanted. */
export async function askPlatform(config: Config, context: Context): Promise<PlatformAnswer> {
  const { platform } = config;
  if (platform.kind === "embedded") return { kind: "embedded", path: platform.path };
  const { clock } = context;
  const { openLaravelJournal } = await import("../../journal/laravel.ts");
  const { url, key } = platform;
  try {
    const settings = { url, key, workerId: `ami-workers-doctor:${process.pid}`, timeoutMs, waitMsMax: 0 };
    const journal = openLaravelJournal({ ...settings, retriesMax: 0, backoffBaseSeconds: 0 }, context);
    const startMs = clock.monotonicMs();
    const ping = await journal.ping();
    const tookMs = clock.monotonicMs() - startMs;
    const aheadMs = Date.parse(ping.time) - (clock.nowMs() - tookMs / 2);
    return { kind: "answer", ping, aheadMs, tookMs, journal };
  } catch (error) {
    if (error instanceof Failure) return { kind: "failure", failure: error };
    throw error;
  }
}

/** `overflow`: there are more than were looked at. */
export type AccountsAnswer =
  | { kind: "answer"; accounts: Account[]; overflow: boolean }
  | { kind: "failure"; message: string };

const accountsMax = 20_000;

/** All accounts, those that the brokers refuse too. */
export async function askAccounts({ journal }: Extract<PlatformAnswer, { kind: "answer" }>): Promise<AccountsAnswer> {
  const accounts: Account[] = [];
  try {
    for await (const account of journal.accounts({ includeAuthFailed: true })) {
      if (accounts.length >= accountsMax) return { kind: "answer", accounts, overflow: true };
      accounts.push(account);
    }
    return { kind: "answer", accounts, overflow: false };
  } catch (error) {
    if (error instanceof Failure) return { kind: "failure", message: error.message };
    throw error;
  }
}
