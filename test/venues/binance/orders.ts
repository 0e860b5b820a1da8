import { divide, formatDecimal, fromProduct, multiply } from "../../../src/executions/decimal.ts";
import { fixed, roundTo } from "../amounts.ts";
import { dayMs } from "../clock.ts";
import type { VenueFill } from "../ledger-rows.ts";
import { shownAt } from "../shown.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { BinanceError, notValid } from "./errors.ts";
import { accountOf, type Call, specOf } from "./state.ts";

type FuturesMarket = "linear" | "inverse";

/** How an order that the venue itself sent is known: by the start of its client id. In `userTrades` its fills look like any other. */
const clientIdStart = {
  fill: "web_",
  liquidation: "autoclose-",
  adl: "adl_autoclose",
  settlement: "settlement_autoclose-",
} as const;

/** `forceOrders`: liquidations and ADL, the last 7 days unless a start is given. */
export function forcedOrders(call: Call, market: FuturesMarket): unknown {
  const { parameters, nowMs } = call;
  const symbol = parameters.text("symbol");
  const type = parameters.text("autoCloseType");
  if (type !== null && type !== "LIQUIDATION" && type !== "ADL") throw notValid("autoCloseType");
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(50, 100, "refuse");
  const until = endMs ?? nowMs;
  const from = startMs ?? until - 7 * dayMs;
  const kinds = type === null ? ["liquidation", "adl"] : [type.toLowerCase()];
  const specs = symbol === null ? call.state.world.of(market) : [specOf(call, market, symbol)];
  const { ledger } = accountOf(call);
  const forced = specs.filter((spec) => ledger.fillsOf(market, spec.symbol).some((fill) => kinds.includes(fill.kind)));
  const orders = forced.flatMap((spec) => ordersOf(call, market, spec)).filter((order) => kinds.includes(order.kind));
  return orders
    .filter((order) => order.timeMs >= from && order.timeMs <= until)
    .sort((a, b) => a.timeMs - b.timeMs)
    .slice(-limit)
    .map((order) => order.row);
}

/** `allOrders` of one symbol: 7 days a window and by default, `orderId` inclusive. */
export function allOrders(call: Call, market: FuturesMarket): unknown {
  const { parameters, nowMs } = call;
  const spec = specOf(call, market, parameters.required("symbol"));
  const fromId = parameters.text("orderId");
  const { startMs, endMs } = parameters.times();
  const limit = parameters.limit(500, 1_000, "refuse");
  const until = endMs ?? nowMs;
  const from = startMs ?? until - 7 * dayMs;
  if (until - from > 7 * dayMs) throw new BinanceError(400, -4165, "Maximum time interval is 7 days.");
  return ordersOf(call, market, spec)
    .filter((order) =>
      fromId === null ? order.timeMs >= from && order.timeMs <= until : order.orderId >= BigInt(fromId),
    )
    .slice(0, limit)
    .map((order) => order.row);
}

/** `order` by its id. */
export function oneOrder(call: Call, market: FuturesMarket): unknown {
  const spec = specOf(call, market, call.parameters.required("symbol"));
  const id = call.parameters.required("orderId");
  const found = ordersOf(call, market, spec).find((order) => String(order.orderId) === id);
  if (found === undefined) throw new BinanceError(400, -2013, "Order does not exist.");
  return found.row;
}

interface Order {
  orderId: bigint;
  kind: VenueFill["kind"];
  timeMs: number;
  row: unknown;
}

function ordersOf(call: Call, market: FuturesMarket, spec: SymbolSpec): Order[] {
  const groups = new Map<bigint, VenueFill[]>();
  for (const fill of shownAt(accountOf(call).ledger.fillsOf(market, spec.symbol), call.nowMs)) {
    groups.set(fill.orderId, [...(groups.get(fill.orderId) ?? []), fill]);
  }
  return [...groups.values()].flatMap((fills) => {
    const first = fills[0];
    return first === undefined
      ? []
      : [{ orderId: first.orderId, kind: first.kind, timeMs: first.timeMs, row: orderRow(fills, first, spec) }];
  });
}

function orderRow(fills: readonly VenueFill[], first: VenueFill, spec: SymbolSpec): unknown {
  const quantity = fills.reduce((sum, fill) => sum + fill.quantity, 0n);
  const value = fills.reduce((sum, fill) => sum + fill.value, 0n);
  const price =
    spec.contractSize === null
      ? divide(value, quantity)
      : divide(fromProduct(multiply(quantity, spec.contractSize)), value);
  const own = clientIdStart[first.kind];
  return {
    orderId: first.orderId,
    symbol: spec.symbol,
    ...(spec.contractSize !== null && { pair: spec.pair }),
    status: "FILLED",
    clientOrderId: first.kind === "adl" ? own : `${own}${first.timeMs}000${first.id}`,
    price: formatDecimal(first.price),
    avgPrice: formatDecimal(roundTo(price, 5)),
    origQty: fixed(quantity, spec.quantityDigits),
    executedQty: fixed(quantity, spec.quantityDigits),
    ...(spec.contractSize === null ? { cumQuote: formatDecimal(value) } : { cumBase: fixed(value, 8) }),
    timeInForce: first.kind === "liquidation" ? "IOC" : "GTC",
    type: "LIMIT",
    reduceOnly: false,
    closePosition: false,
    side: first.side,
    positionSide: first.positionSide,
    stopPrice: "0",
    workingType: "CONTRACT_PRICE",
    priceProtect: false,
    origType: "LIMIT",
    time: first.timeMs,
    updateTime: fills.at(-1)?.timeMs ?? first.timeMs,
  };
}
