/** What a venue lets one machine ask of it: shared by all accounts and all runs, kept in DATA_DIR, corrected by the venue's own headers. */
export interface RateBudget {
  /**
   * Waits until the weight may be spent, in turns that are fair among accounts; nothing is sent while the venue has banned us.
   * @throws {Failure} `data` with code `rate_limited` when that is later than the cycle lasts
   */
  take: (weight: number, accountId: string) => Promise<void>;
  /** The venue's own count of what was used in its window. */
  observe: (used: { weight: number; windowMs: number; atMs: number }) => void;
  /** 429 and 418: nothing goes out before then. */
  banUntil: (untilMs: number) => void;
}
