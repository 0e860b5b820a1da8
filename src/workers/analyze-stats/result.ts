import { Failure, messageOf } from "../../errors.ts";
import { DecimalError } from "../../executions/decimal.ts";
import { ZoneError } from "../../executions/zone.ts";
import type { User } from "../../journal/wire.ts";
import type { Statistics, StatisticsWarning } from "../../statistics/body.ts";
import type { TradePoints } from "./points.ts";

export interface ResultError {
  code: string;
  message: string;
  hint?: string | undefined;
  retryable?: boolean | undefined;
}

/** What became of one user in a cycle. */
export interface UserResult {
  user: User;
  /** `skipped`: nothing was stored, and nothing had to be, or the run was told to end. */
  status: "ok" | "error" | "skipped";
  /** Closed trades that were read. */
  trades: number;
  /** Trades changed while these were computed: the next cycle does them again. */
  stale: boolean;
  warnings: readonly StatisticsWarning[];
  error: ResultError | null;
  durationMs: number;
  /** Kept where somebody looks at it. */
  shown: Shown | null;
}

export interface Shown {
  statistics: Statistics;
  points: TradePoints;
}

/** Stopped by a signal or the deadline: no failure, the next run does this user. */
export const interruptedCode = "interrupted";

export function interrupted(): Failure {
  return new Failure("unavailable", "Stopped before all trades were read; the next run begins anew.", {
    code: interruptedCode,
    retryable: true,
  });
}

/** What is wrong with one user's settings or trades is that user's; whatever is no Failure is a bug, that user's alone too. */
export function toResultError(error: unknown): ResultError {
  if (error instanceof ZoneError) {
    const hint = "Correct the user's timezone on the platform.";
    return { code: "user_settings", message: `${messageOf(error)}.`, hint, retryable: false };
  }
  if (error instanceof DecimalError) {
    const hint = "Correct the trade on the platform.";
    return { code: "wrong_amount", message: `${messageOf(error)}.`, hint, retryable: false };
  }
  if (error instanceof Failure) {
    const { code, hint, retryable } = error.detail;
    return { code: code ?? error.kind, message: error.message, hint, retryable };
  }
  return { code: "bug", message: messageOf(error) };
}
