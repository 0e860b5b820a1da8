import fc from "fast-check";
import { type Execution, executionTypes, markets } from "../../src/executions/execution.ts";
import { costBasisMethods, legRoles, tradeFlags, tradeOrigins } from "../../src/journal/fields.ts";
import type { Leg, Trade } from "../../src/trades/trade.ts";

const amountBound = 10n ** 48n - 1n;
const amount = fc.oneof(
  fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
  fc.bigInt({ min: -amountBound, max: amountBound }),
);
const amountOrNull = fc.option(amount);
/** Not empty and not padded: the conversion changes those. */
const text = fc.string({ minLength: 1, maxLength: 24, unit: "grapheme" }).map((value) => value.trim() || "x");
const name = fc.oneof(fc.constantFrom("BTC", "USDT", "Ä/é", 'quo"te', "back\\slash", "\u{1f600}"), text);
const nameOrNull = fc.option(name);
const timeMs = fc.integer({ min: 0, max: Date.UTC(2100, 0) });

export const anyExecution: fc.Arbitrary<Execution> = fc.record({
  externalId: name,
  type: fc.constantFrom(...executionTypes),
  market: fc.constantFrom(...markets),
  symbol: name,
  baseAsset: nameOrNull,
  quoteAsset: nameOrNull,
  settleAsset: nameOrNull,
  side: fc.option(fc.constantFrom("buy" as const, "sell" as const)),
  positionSide: fc.option(fc.constantFrom("long" as const, "short" as const)),
  quantity: amountOrNull,
  price: amountOrNull,
  quoteQuantity: amountOrNull,
  contractSize: amountOrNull,
  fee: amountOrNull,
  feeAsset: nameOrNull,
  feeInQuote: amountOrNull,
  realizedPnl: amountOrNull,
  orderId: nameOrNull,
  liquidity: fc.option(fc.constantFrom("maker" as const, "taker" as const)),
  executedAtMs: timeMs,
});

const anyLeg: fc.Arbitrary<Leg> = fc.record({
  executionId: name,
  role: fc.constantFrom(...legRoles),
  quantity: amountOrNull,
  price: amountOrNull,
  fee: amountOrNull,
  pnl: amountOrNull,
});

const tradeParts = fc.record({
  externalId: name,
  revision: fc.integer({ min: 1, max: 1_000_000 }),
  origin: fc.constantFrom(...tradeOrigins),
  market: fc.constantFrom(...markets),
  symbol: name,
  baseAsset: nameOrNull,
  quoteAsset: nameOrNull,
  direction: fc.constantFrom("long" as const, "short" as const),
  quantity: amount,
  openQuantity: amount,
  contractSize: amountOrNull,
  entryPrice: amountOrNull,
  exitPrice: amountOrNull,
  grossPnl: amountOrNull,
  fees: amount,
  funding: amount,
  netPnl: fc.option(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n })),
  pnlCurrency: name,
  openedAtMs: timeMs,
  initialStop: amountOrNull,
  takeProfit: amountOrNull,
  initialRisk: fc.option(fc.bigInt({ min: 10n ** 15n, max: 10n ** 24n })),
  costBasisMethod: fc.option(fc.constantFrom(...costBasisMethods)),
  executionCount: fc.nat(1000),
  flags: fc.subarray([...tradeFlags]),
  legs: fc.array(anyLeg, { maxLength: 4 }),
});

/** Open with a state, closed with a time, or void with neither, as the conversion leaves them. */
export const anyTrade: fc.Arbitrary<Trade> = fc
  .tuple(
    tradeParts,
    fc.constantFrom("open" as const, "closed" as const, "void" as const),
    fc.option(name),
    fc.nat(10 ** 10),
  )
  .map(([parts, status, state, lastedMs]) => ({
    ...parts,
    status,
    state: status === "open" ? state : null,
    closedAtMs: status === "closed" ? parts.openedAtMs + lastedMs : null,
  }));
