import { join } from "node:path";
import { credentialsOf, secretsOf } from "../../accounts/credentials.ts";
import type { AccountWarning } from "../../brokers/broker.ts";
import type { ListedBroker } from "../../brokers/index.ts";
import { openRateBudget, type RateBudget } from "../../brokers/rate-budget.ts";
import { venueUrlOf } from "../../brokers/venue-url.ts";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { parseTimestamp } from "../../journal/timestamp.ts";
import type { Account } from "../../journal/wire.ts";
import type { AccountTools } from "./account.ts";
import type { Pairing } from "./pairing.ts";

/** What the accounts of a cycle share of the venues: one rate budget each. */
export class Venues {
  readonly #budgets = new Map<string, RateBudget>();
  readonly #config: Config;
  readonly #context: Context;
  readonly #deadlineMs: number | null;

  constructor(config: Config, context: Context, deadlineMs: number | null) {
    this.#config = config;
    this.#context = context;
    this.#deadlineMs = deadlineMs;
  }

  get cacheDir(): string {
    return join(this.#config.dataDir, "cache");
  }

  budgetOf({ broker, limits }: ListedBroker): RateBudget {
    let budget = this.#budgets.get(broker.id);
    if (budget === undefined) {
      const { clock, signal } = this.#context;
      const { dataDir } = this.#config;
      budget = openRateBudget(broker.id, limits, { dataDir, clock, signal, deadlineMs: this.#deadlineMs });
      this.#budgets.set(broker.id, budget);
    }
    return budget;
  }

  credentialsFor(account: Account) {
    const { credentialsKeys, binance } = this.#config;
    const source = { accountId: String(account.account_id), credentials: account.credentials };
    return credentialsOf(source, { keys: credentialsKeys, fallback: account.broker === "binance" ? binance : null });
  }
}

/** Reads what is new for an account from its venue's API. @throws {Failure} `data` with one of `brokerErrorCodes` */
export async function importVenue(
  listed: ListedBroker,
  { account, cursor }: { account: Account; cursor: unknown },
  pairing: Pairing,
  { context, progress, venues }: AccountTools,
): Promise<AccountWarning[]> {
  const warnings = new Map<string, AccountWarning>();
  const credentials = venues.credentialsFor(account);
  const importFromMs = account.import_from === null ? null : parseTimestamp(account.import_from);
  const reading = listed.broker.read(
    { accountId: String(account.account_id), markets: account.markets, credentials, cursor, importFromMs },
    {
      context,
      budget: venues.budgetOf(listed),
      cacheDir: venues.cacheDir,
      venueUrl: venueUrlOf(listed.broker.id, context.environment),
    },
  );
  pairing.beginSource();
  for await (const page of reading) {
    await pairing.take(page.executions, page.cursor);
    for (const warning of page.warnings ?? []) warnings.set(`${warning.code} ${warning.message}`, warning);
    progress.update(`${listed.broker.title}, account ${account.account_id}: ${pairing.counts.created} new executions`);
    if (context.signal.aborted) break;
  }
  const secrets = secretsOf(credentials);
  return [...warnings.values()].map((warning) => ({ ...warning, message: withoutSecrets(warning.message, secrets) }));
}

/** A belt: connectors put no credential into a message. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
}
