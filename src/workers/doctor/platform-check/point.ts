import type { Tools } from "./tools.ts";

export const areas = [
  "connection",
  "abilities",
  "accounts",
  "batches",
  "idempotency",
  "revisions",
  "checkpoints",
  "lists",
  "status",
  "statistics",
  "reports",
  "files",
  "limits",
  /** Last: it keeps the key out for a minute. */
  "rate",
] as const;
export type Area = (typeof areas)[number];

/** One thing that the contract asks of the platform. */
export interface Point {
  /** Unique within its area: `batches/duplicate`. */
  name: string;
  /** How the platform should answer: a sentence for whoever has to mend it. */
  expects: string;
  /**
   * Asks the platform. Returns when it answered as it should; otherwise it throws `Wrong` or `Untested`. Points do not
   * depend on each other: each makes the data that it needs.
   */
  run: (tools: Tools) => Promise<void>;
}

/** The platform does not answer as it should. The message says what was found. */
export class Wrong extends Error {
  override readonly name = "Wrong";
}

/** It cannot be seen here; the message says why, and what would make it possible. */
export class Untested extends Error {
  override readonly name = "Untested";
}
