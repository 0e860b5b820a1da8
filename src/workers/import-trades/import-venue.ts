import { join } from "node:path";
import { credentialsOf, secretsOf } from "../../accounts/credentials.ts";
import type { AccountWarning, Credentials, SourcePage } from "../../brokers/broker.ts";
import type { ListedBroker } from "../../brokers/index.ts";
import { stepLookup } from "../../brokers/markets-cache.ts";
import { openRateBudget, type RateBudget } from "../../brokers/rate-budget.ts";
import { venueUrlOf } from "../../brokers/venue-url.ts";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Market } from "../../executions/execution.ts";
import { parseTimestamp } from "../../journal/timestamp.ts";
import type { Account } from "../../journal/wire.ts";
import { createRedactor, type Redactor } from "../../operation/redaction.ts";
import type { MatchRules } from "../../trades/match.ts";
import type { AccountTools } from "./account.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { Pairing } from "./pairing.ts";

const causesMax = 8;

/** What the accounts of a cycle share of the venues: one rate budget each, and the steps of quantities. */
export class Venues {
  readonly #budgets = new Map<string, RateBudget>();
  readonly #steps = new Map<string, MatchRules["stepOf"]>();
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

  /** @throws {Failure} `settings` */
  urlOf(brokerId: string): string | null {
    return venueUrlOf(brokerId, this.#config.venueUrls);
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

  /** Of all accounts of a broker: what a venue lists is long. */
  stepsOf(brokerId: string): MatchRules["stepOf"] {
    let steps = this.#steps.get(brokerId);
    if (steps === undefined) {
      steps = stepLookup(brokerId, this.cacheDir);
      this.#steps.set(brokerId, steps);
    }
    return steps;
  }

  close(): void {
    for (const budget of this.#budgets.values()) budget.close();
    this.#budgets.clear();
  }

  credentialsFor(account: Account) {
    const { credentialsKeys, binance } = this.#config;
    const source = { accountId: String(account.account_id), credentials: account.credentials };
    return credentialsOf(source, { keys: credentialsKeys, fallback: account.broker === "binance" ? binance : null });
  }
}

export interface VenueOutcome {
  warnings: AccountWarning[];
  /** Why the venue gave no more, with one of `brokerErrorCodes`; what it gave before is in the pairing. */
  failure: Failure | null;
}

/** Reads what is new for an account from its venue's API. */
export async function importVenue(
  listed: ListedBroker,
  read: { account: Account; cursor: unknown },
  pairing: Pairing,
  tools: AccountTools,
): Promise<VenueOutcome> {
  const credentials = tools.venues.credentialsFor(read.account);
  const secrets = secretsOf(credentials);
  const redactor = createRedactor();
  redactor.register(secrets);
  // Connectors put no credential into a message. A bug's error can quote a whole request: whoever catches it, or nobody, it is told without them.
  const release = tools.context.keepSecret?.(secrets);
  try {
    const outcome = await importWith(credentials, listed, read, pairing, tools);
    const warnings = outcome.warnings.map((warning) => ({ ...warning, message: redactor.text(warning.message) }));
    if (outcome.failure !== null) withoutSecretsIn(outcome.failure, redactor);
    return { ...outcome, warnings };
  } catch (error) {
    throw withoutSecretsIn(error, redactor);
  } finally {
    release?.();
  }
}

async function importWith(
  credentials: Credentials,
  listed: ListedBroker,
  { account, cursor }: { account: Account; cursor: unknown },
  pairing: Pairing,
  { context, progress, venues }: AccountTools,
): Promise<VenueOutcome> {
  const outcome: VenueOutcome = { warnings: [], failure: null };
  const warnings = new Map<string, AccountWarning>();
  const importFromMs = account.import_from === null ? null : parseTimestamp(account.import_from);
  const reading = listed.broker.read(
    {
      accountId: String(account.account_id),
      markets: account.markets,
      credentials,
      cursor,
      importFromMs,
      knownSymbols: knownSymbolsOf(account),
    },
    {
      context,
      budget: venues.budgetOf(listed),
      cacheDir: venues.cacheDir,
      venueUrl: venues.urlOf(listed.broker.id),
    },
  );
  pairing.beginSource();
  for await (const page of untilFailure(reading, outcome)) {
    // Before the cursor, which says that they are delivered.
    if (page.trades !== undefined) await pairing.takeReported(page.trades);
    await pairing.take(page.executions, page.cursor);
    for (const warning of page.warnings ?? []) warnings.set(`${warning.code} ${warning.message}`, warning);
    progress.update(`${listed.broker.title}, account ${account.account_id}: ${pairing.counts.created} new executions`);
    if (context.signal.aborted) break;
  }
  outcome.warnings.push(...warnings.values());
  return outcome;
}

/** Of all executions that were paired, whatever they came from. */
function knownSymbolsOf({ checkpoint }: Account): { market: Market; symbol: string }[] {
  const { paired, derive } = readCheckpoint(checkpoint);
  return [...new Set([...paired.keys(), ...derive.keys()])].map((group) => {
    const bar = group.indexOf("|");
    return { market: group.slice(0, bar) as Market, symbol: group.slice(bar + 1) };
  });
}

/** A venue's failure ends its pages, and what came before it is still delivered. Failures of the platform are not meant. */
async function* untilFailure(pages: AsyncIterable<SourcePage>, outcome: VenueOutcome): AsyncGenerator<SourcePage> {
  try {
    yield* pages;
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "data") throw error;
    outcome.failure = error;
  }
}

/** The same error, also where a library quotes whole requests in its own. */
function withoutSecretsIn(error: unknown, redactor: Redactor): unknown {
  for (let one = error, depth = 0; one instanceof Error && depth < causesMax; one = one.cause, depth++) {
    one.message = redactor.text(one.message);
    if (one.stack !== undefined) one.stack = redactor.text(one.stack);
  }
  return error;
}
