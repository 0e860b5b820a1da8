import "../../jitless.ts";
import { type } from "arktype";
import type { Decimal } from "../../executions/decimal.ts";
import { failure } from "../broker-failure.ts";
import type { DealDirection, DealRow, EntryRow } from "../metatrader/records.ts";
import { amountOf, NumberText } from "./json.ts";

/** A deal as MetaApi gives it. Of a deal of MetaTrader 4 it makes two of each ticket, which is the position's number. */
const Amount = type.instanceOf(NumberText);
export const Deal = type({
  id: "string > 0",
  type: "string > 0",
  "entryType?": "string | null",
  "symbol?": "string | null",
  time: "string",
  "volume?": Amount.or("null"),
  "price?": Amount.or("null"),
  "commission?": Amount.or("null"),
  "swap?": Amount.or("null"),
  profit: Amount,
  "positionId?": "string | null",
  "orderId?": "string | null",
  "comment?": "string | null",
  "brokerComment?": "string | null",
  "stopLoss?": Amount.or("null"),
  "takeProfit?": Amount.or("null"),
});
export type Deal = typeof Deal.infer;

/** Some answers are a bare list, others have it as a member. */
export const Deals = Deal.array().or(type({ deals: Deal.array() }));

export function listOf(answer: typeof Deals.infer): Deal[] {
  return Array.isArray(answer) ? answer : answer.deals;
}

/** A deal of a trade, with what only MetaApi tells of it. Times are UTC. */
export interface LiveDeal extends DealRow {
  position: string;
  comment: string;
  stop: Decimal | null;
  target: Decimal | null;
}

const directions = new Map<string, DealDirection>([
  ["DEAL_ENTRY_IN", "in"],
  ["DEAL_ENTRY_OUT", "out"],
  ["DEAL_ENTRY_INOUT", "in/out"],
  ["DEAL_ENTRY_OUT_BY", "out by"],
]);

/** Deals that are no trade: money of the account. */
const entryType =
  /^DEAL_(?:TYPE_)?(BALANCE|CREDIT|CHARGE|CORRECTION|BONUS|COMMISSION|COMMISSION_DAILY|COMMISSION_MONTHLY|COMMISSION_AGENT_DAILY|COMMISSION_AGENT_MONTHLY|INTEREST|BUY_CANCELED|SELL_CANCELED|DIVIDEND|DIVIDEND_FRANKED|TAX)$/;

export type ReadDeal = { kind: "trade"; deal: LiveDeal } | { kind: "entry"; entry: EntryRow };

/** @throws {Failure} `broker_answer`: a kind that is not known, or a trade without what makes it one */
export function readDeal(deal: Deal): ReadDeal {
  const wallMs = Date.parse(deal.time);
  if (Number.isNaN(wallMs)) throw unreadable(deal, `its time is none (${deal.time.slice(0, 40)})`);
  const symbol = deal.symbol ?? "";
  const money = {
    commission: amount(deal, "commission"),
    fee: 0n,
    swap: amount(deal, "swap"),
    profit: amount(deal, "profit"),
  };
  const side = deal.type === "DEAL_TYPE_BUY" ? "buy" : deal.type === "DEAL_TYPE_SELL" ? "sell" : null;
  if (side === null) {
    const [, kind] = entryType.exec(deal.type) ?? [];
    if (kind === undefined) throw unreadable(deal, `its type is not known (${deal.type.slice(0, 60)})`);
    const total = money.profit + money.commission + money.swap;
    const type = kind.toLowerCase().replaceAll("_", " ");
    return { kind: "entry", entry: { line: 0, wallMs, id: deal.id, symbol, type, amount: total } };
  }
  const direction = directions.get(deal.entryType ?? "");
  if (direction === undefined) throw unreadable(deal, `its entry type is not known (${deal.entryType ?? "none"})`);
  const volume = amount(deal, "volume");
  if (symbol === "" || volume <= 0n) throw unreadable(deal, "it is a trade without symbol or volume");
  return {
    kind: "trade",
    deal: {
      line: 0,
      wallMs,
      deal: deal.id,
      order: deal.orderId ?? "",
      position: deal.positionId ?? "",
      symbol,
      side,
      direction,
      volume,
      price: amount(deal, "price"),
      ...money,
      balance: null,
      comment: [deal.comment, deal.brokerComment].filter((text) => (text ?? "") !== "").join(" "),
      stop: level(deal, "stopLoss"),
      target: level(deal, "takeProfit"),
    },
  };
}

type AmountName = "volume" | "price" | "commission" | "swap" | "profit" | "stopLoss" | "takeProfit";

function amount(deal: Deal, name: AmountName): Decimal {
  const value = deal[name];
  if (value === undefined || value === null) return 0n;
  const read = amountOf(value);
  if (read === null) throw unreadable(deal, `its ${name} is no number that fits`);
  return read;
}

function level(deal: Deal, name: AmountName): Decimal | null {
  const value = amount(deal, name);
  return value === 0n ? null : value;
}

function unreadable({ id }: Deal, why: string) {
  return failure("broker_answer", `Deal ${id.slice(0, 40)} cannot be read: ${why}.`, {
    hint: "Report this with the deal as MetaApi shows it.",
  });
}
