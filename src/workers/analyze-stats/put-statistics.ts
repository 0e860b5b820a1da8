import type { Log } from "../../context.ts";
import { Failure } from "../../errors.ts";
import { statisticsBytesMax } from "../../journal/fields.ts";
import type { Journal, StatisticsOutcome } from "../../journal/journal.ts";
import { statisticsJson } from "../../journal/statistics-json.ts";
import type { User } from "../../journal/wire.ts";
import type { Statistics, StatisticsSection, StatisticsWarning } from "../../statistics/body.ts";

/** Below so many periods and breakdowns of at most some 2.5 kB each no body is too large. */
const entriesAlwaysTaken = 3_000;

export interface Put {
  /** Trades changed meanwhile. */
  stale: boolean;
  warnings: readonly StatisticsWarning[];
}

/** @throws {Failure} data: they were not stored, and why */
export async function putStatistics(user: User, statistics: Statistics, journal: Journal, log: Log): Promise<Put> {
  const { user_id } = user;
  // A proxy would cut the connection at a body that it does not take, which looks like a platform that is away.
  const first = isTooLarge(statistics) ? tooLarge : await journal.putStatistics(user_id, statistics);
  if (first.kind !== "tooLarge") return putOf(first, statistics, user);
  const smaller = withoutDays(statistics);
  log.warning("statistics_too_large", { user_id, sent_without: "day periods" });
  return putOf(await journal.putStatistics(user_id, smaller), smaller, user);
}

const tooLarge: StatisticsOutcome = { kind: "tooLarge" };

function isTooLarge(statistics: Statistics): boolean {
  const entries = sectionsOf(statistics).reduce(
    (sum, { periods, breakdowns }) => sum + periods.length + breakdowns.length,
    0,
  );
  return entries > entriesAlwaysTaken && Buffer.byteLength(statisticsJson(statistics)) > statisticsBytesMax;
}

function sectionsOf({ currencies, base }: Statistics): StatisticsSection[] {
  return base === null ? currencies : [...currencies, base];
}

function withoutDays(statistics: Statistics): Statistics {
  const isKept = ({ period }: { period: string }) => period !== "day";
  const cut = (section: StatisticsSection) => ({ ...section, periods: section.periods.filter(isKept) });
  const { currencies, base, warnings } = statistics;
  const count = sectionsOf(statistics).reduce((sum, { periods }) => sum + periods.length, 0);
  const cutSections = { currencies: currencies.map(cut), base: base === null ? null : cut(base) };
  const kept = sectionsOf({ ...statistics, ...cutSections }).reduce((sum, { periods }) => sum + periods.length, 0);
  const warning: StatisticsWarning = {
    code: "days_left_out",
    message: `All ${count - kept} days are left out: with them the statistics are larger than the platform takes`,
    count: count - kept,
  };
  return {
    ...statistics,
    ...cutSections,
    warnings: [...warnings.filter(({ code }) => code !== warning.code), warning],
  };
}

function putOf(outcome: StatisticsOutcome, { warnings }: Statistics, { user_id }: User): Put {
  const subject = `user ${user_id}`;
  switch (outcome.kind) {
    case "stored":
      return { stale: outcome.stale, warnings };
    case "newer":
      throw new Failure(
        "data",
        `Statistics of a later state of the trades (${outcome.basedOnVersion}) are stored already; these are dropped.`,
        { code: "stale_statistics", subject, retryable: false },
      );
    case "gone":
      throw new Failure("data", `User ${user_id} is gone from the platform.`, {
        code: "platform_gone",
        subject,
        retryable: false,
      });
    case "tooLarge":
      throw new Failure("data", "The statistics are larger than the platform takes, without their days too.", {
        code: "statistics_too_large",
        subject,
        hint: "The platform must allow 8 MB for PUT /users/{id}/statistics, the web server's limit included.",
        retryable: false,
      });
    case "invalid":
      throw new Failure("data", `The platform refused the statistics: ${saidOf(outcome)}.`, {
        code: "statistics_refused",
        subject,
        hint: "The platform and this version of ami-workers do not agree on the API.",
        retryable: false,
      });
  }
}

const errorsShownMax = 3;

function saidOf({ message, errors }: Extract<StatisticsOutcome, { kind: "invalid" }>): string {
  const shown = Object.entries(errors).slice(0, errorsShownMax);
  const said = shown.map(([field, messages]) => `${field}: ${messages.join(" ").replace(/\.$/, "")}`).join("; ");
  return said === "" ? message.replace(/\.$/, "") : said;
}
