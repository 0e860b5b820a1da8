import type { RateBudget } from "../rate-budget.ts";

/** What all accounts of a run share about a venue. It lives as long as the run's budget. */
export interface VenueState {
  /** The venue's clock less ours, in milliseconds. */
  clockOffsetMs: number;
  /** 0: never, which is the rule. */
  clockMeasuredAtMs: number;
  /** Pools whose limit is each account's own. */
  accountPools: Set<string>;
  /** Loaded once: market tables, by name. */
  loaded: Map<string, unknown>;
}

const states = new WeakMap<RateBudget, VenueState>();

export function venueStateOf(budget: RateBudget): VenueState {
  let state = states.get(budget);
  if (state === undefined) {
    state = { clockOffsetMs: 0, clockMeasuredAtMs: 0, accountPools: new Set(), loaded: new Map() };
    states.set(budget, state);
  }
  return state;
}
