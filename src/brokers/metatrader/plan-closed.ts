import { type ClosedGroup, toTrade } from "./closed-trade.ts";
import type { Contents } from "./contents.ts";
import { joinTickets, type TicketGroup } from "./join-tickets.ts";
import { isPlausible, type Plan, type PlanSettings, rowProblem } from "./plan.ts";

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
  planTrade({ ticket, rows, stop: levels?.stop ?? null, target: levels?.target ?? null }, lines, settings, plan);
}

export function planTrade(group: ClosedGroup, lines: number[], settings: PlanSettings, plan: Plan): void {
  const trade = toTrade(group, settings);
  if (isPlausible(trade.openedAtMs) && trade.closedAtMs !== null && isPlausible(trade.closedAtMs)) {
    plan.trades.push({ trade, lines });
    return;
  }
  for (const line of lines) {
    plan.problems.push(rowProblem(line, "time_out_of_range", "the times must lie between 2000 and 2100"));
  }
}
