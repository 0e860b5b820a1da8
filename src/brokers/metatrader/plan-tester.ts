import type { Decimal } from "../../executions/decimal.ts";
import type { Direction } from "../../executions/execution.ts";
import type { Plan, PlanSettings } from "./plan.ts";
import { rowProblem } from "./plan.ts";
import { planTrade } from "./plan-closed.ts";
import type { ClosedRow, TesterEvent } from "./records.ts";

interface TestedOrder {
  opened: TesterEvent;
  direction: Direction;
  /** The first stop and target that it had: experts often set them right after opening. */
  stop: Decimal | null;
  target: Decimal | null;
  left: Decimal;
  rows: ClosedRow[];
  lines: number[];
}

/**
 * Events of MetaTrader 4's strategy tester to trades: an order opens with `buy` or `sell`, and whatever states a profit closes it, or
 * a part of it. All orders are of the one symbol that is tested.
 */
export function planTester(events: readonly TesterEvent[], symbol: string, settings: PlanSettings, plan: Plan): void {
  const orders = new Map<string, TestedOrder>();
  for (const event of events) {
    const order = orders.get(event.order);
    if (event.profit !== null) close(order ?? restOf(orders, event), event, symbol, plan);
    else if (event.type === "buy" || event.type === "sell") open(orders, order, event, plan);
    else {
      plan.skipped.push({ line: event.line, reason: `tester event "${event.type}": no opening and no closing` });
      if (order === undefined) continue;
      order.stop ??= event.stop;
      order.target ??= event.target;
    }
  }
  for (const [ticket, order] of orders) {
    const { rows, lines, left, stop, target } = order;
    if (left === 0n) planTrade({ ticket, rows, lines, stop, target }, settings, plan);
    else
      for (const line of lines) plan.skipped.push({ line, reason: "an order that is still open at the report's end" });
  }
}

function open(orders: Map<string, TestedOrder>, known: TestedOrder | undefined, event: TesterEvent, plan: Plan): void {
  if (known !== undefined || event.volume <= 0n) {
    const message = known === undefined ? "the size must be above zero" : `order ${event.order} is opened twice`;
    plan.problems.push(
      rowProblem(event.line, known === undefined ? "not_positive" : "duplicate_id", message, event.order),
    );
    return;
  }
  orders.set(event.order, {
    opened: event,
    direction: event.type === "buy" ? "long" : "short",
    stop: event.stop,
    target: event.target,
    left: event.volume,
    rows: [],
    lines: [event.line],
  });
}

/** After a partial close the tester goes on with a new number that no row opens: the one order that has just this much left. */
function restOf(orders: ReadonlyMap<string, TestedOrder>, { volume }: TesterEvent): TestedOrder | undefined {
  const partly = [...orders.values()].filter(({ left, rows }) => rows.length > 0 && left > 0n && left >= volume);
  const exactly = partly.filter(({ left }) => left === volume);
  const candidates = exactly.length > 0 ? exactly : partly;
  return candidates.length === 1 ? candidates[0] : undefined;
}

function close(order: TestedOrder | undefined, event: TesterEvent, symbol: string, plan: Plan): void {
  if (order === undefined || event.volume > order.left) {
    const message =
      order === undefined
        ? `closes order ${event.order}, which no row opens`
        : `closes more of order ${event.order} than is open`;
    plan.problems.push(rowProblem(event.line, "unknown_order", message, event.order));
    return;
  }
  const { opened, direction } = order;
  order.left -= event.volume;
  order.lines.push(event.line);
  order.rows.push({
    line: event.line,
    ticket: opened.order,
    symbol,
    direction,
    volume: event.volume,
    entryPrice: opened.price,
    stop: order.stop,
    target: order.target,
    openedWallMs: opened.wallMs,
    exitPrice: event.price,
    closedWallMs: event.wallMs,
    commission: 0n,
    fee: 0n,
    taxes: 0n,
    swap: 0n,
    profit: event.profit ?? 0n,
    comment: "",
  });
}
