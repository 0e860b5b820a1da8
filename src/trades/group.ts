import type { Execution } from "../executions/execution.ts";

const groups = new Map<string, Map<string, string>>();

/**
 * What belongs together: executions of other groups never meet in a trade. The texts are kept, since a new one would have to be hashed
 * for each execution of a file; there are as many as there are symbols.
 */
export function groupOf({ market, symbol }: Pick<Execution, "market" | "symbol">): string {
  let ofMarket = groups.get(market);
  if (ofMarket === undefined) {
    ofMarket = new Map();
    groups.set(market, ofMarket);
  }
  let group = ofMarket.get(symbol);
  if (group === undefined) {
    group = `${market}|${symbol}`;
    ofMarket.set(symbol, group);
  }
  return group;
}
