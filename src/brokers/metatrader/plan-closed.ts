import { absolute, integerDigitsMax, one } from "../../executions/decimal.ts";
import type { Trade } from "../../trades/trade.ts";
import { toTrade } from "./closed-trade.ts";
import type { Contents } from "./contents.ts";
import { joinTickets, type TicketGroup } from "./join-tickets.ts";
import { type ClosedGroup, isPlausible, type Plan, type PlanSettings, rowProblem } from "./plan.ts";

/** Closed positions and tickets to trades. */
export function planClosed(
  { closed, open, orderLevels, isWhole }: Pick<Contents, "closed" | "open" | "orderLevels" | "isWhole">,
  settings: PlanSettings,
  plan: Plan,
): void {
  const joined = joinTickets(closed, open, isWhole);
  for (const group of joined.groups) planGroup(group, orderLevels, settings, plan);
  for (const { line } of joined.repeated) plan.skipped.push({ line, reason: "the same position again" });
  for (const { line } of joined.empty) plan.skipped.push({ line, reason: "size 0: closed by an opposite ticket" });
  for (const { line, ticket } of joined.conflicting) {
    const message = `ticket ${ticket} stands in another row too, with another symbol, side, time or price of opening`;
    plan.problems.push(rowProblem(line, "duplicate_id", message, ticket));
  }
  for (const { line, ticket } of joined.homeless) {
    const message = `ticket ${ticket} has no size but money, and no ticket is named that it belongs to`;
    plan.problems.push(rowProblem(line, "not_positive", message, "0"));
  }
}

const partlyOpen = "part of a position that is still open: imported when all of it is closed";
const partlyMissing = "part of a position whose rest is not in the file, which was cut off";

function planGroup(
  { ticket, rows, rest }: TicketGroup,
  orderLevels: Contents["orderLevels"],
  settings: PlanSettings,
  plan: Plan,
): void {
  const lines = rows.map(({ line }) => line);
  if (rest !== null) {
    const reason = rest === "open" ? partlyOpen : partlyMissing;
    for (const line of lines) plan.skipped.push({ line, reason });
    return;
  }
  const levels = orderLevels.get(ticket);
  planTrade({ ticket, rows, lines, stop: levels?.stop ?? null, target: levels?.target ?? null }, settings, plan);
}

export function planTrade(group: ClosedGroup, settings: PlanSettings, plan: Plan): void {
  const trade = toTrade(group, settings);
  const problem = problemOf(trade);
  const { externalId, openedAtMs, closedAtMs } = trade;
  if (problem === null && closedAtMs !== null) plan.trades.push({ externalId, openedAtMs, closedAtMs, group });
  else for (const line of group.lines) plan.problems.push(rowProblem(line, ...(problem ?? notClosed)));
}

const notClosed = ["empty", "a closing time is missing"] as const;
const amountMax = 10n ** BigInt(integerDigitsMax) * one;

function problemOf({ openedAtMs, closedAtMs, ...trade }: Trade): readonly [code: string, message: string] | null {
  if (!isPlausible(openedAtMs) || closedAtMs === null || !isPlausible(closedAtMs)) {
    return ["time_out_of_range", "the times must lie between 2000 and 2100"];
  }
  const { quantity, grossPnl, fees, funding, netPnl, initialRisk } = trade;
  const isTooLarge = [quantity, grossPnl, fees, funding, netPnl, initialRisk].some(
    (amount) => absolute(amount ?? 0n) >= amountMax,
  );
  return isTooLarge ? ["too_large", `an amount has more than ${integerDigitsMax} digits before the point`] : null;
}
