/**
 * Who has to act: the caller (usage), whoever supplied the data (data), nobody yet (unavailable, busy),
 * the operator (refused, settings; disk: it is full, or fails), or several accounts failed (some, most).
 */
export type FailureKind = "usage" | "data" | "unavailable" | "disk" | "busy" | "refused" | "settings" | "some" | "most";

/** sysexits.h numbers where one fits, so that a unit file can name them; 3 and 4 are ours. 70 is any other throw. */
export const exitCodes: Record<FailureKind, number> = {
  some: 3,
  most: 4,
  usage: 64,
  data: 65,
  unavailable: 69,
  disk: 74,
  busy: 75,
  refused: 77,
  settings: 78,
};

/** A bug: something was thrown that is no Failure. EX_SOFTWARE of sysexits.h. */
export const exitCodeBug = 70;

export interface FailureDetail {
  /** A machine's word for what happened, `broker_auth_failed`; kept in reports and on the account. */
  code?: string;
  /** What it is about: `orders.csv:14`, `LARAVEL_API_URL`, `account 7`. */
  subject?: string;
  /** What to do now. */
  hint?: string;
  /** The outside world's own code, `-2014`. */
  brokerCode?: string;
  /** Would the same again, later, work? */
  retryable?: boolean;
  cause?: unknown;
}

/** An expected error: it says what happened and what to do. Any other throw is a bug and keeps its stack. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  readonly detail: Omit<FailureDetail, "cause">;

  constructor(kind: FailureKind, message: string, { cause, ...detail }: FailureDetail = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.detail = detail;
  }
}

/** For messages only: the text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
