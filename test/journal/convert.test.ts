import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecimalError, parseDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import { sealBatch } from "../../src/journal/batch.ts";
import {
  contentHash,
  fromWireExecution,
  fromWireTrade,
  toWireExecution,
  toWireTrade,
} from "../../src/journal/convert.ts";
import { executionFields, tradeFields } from "../../src/journal/fields.ts";
import { executionShape, wireTradeShape } from "../../src/journal/wire.ts";
import { sameTrade } from "../../src/trades/derive.ts";
import type { Trade } from "../../src/trades/trade.ts";
import { anyExecution, anyTrade } from "./arbitraries.ts";
import { bought, boughtSpot, executionOf, funded, roundTrip, sold, stillOpen } from "./samples.ts";

const trade: Trade = fromWireTrade(roundTrip);

describe("content_hash", () => {
  test.each([bought, funded, sold, boughtSpot])(
    "of the contract's example $external_id is the one printed there",
    (execution) => {
      expect(contentHash(execution)).toBe(execution.content_hash);
    },
  );

  test("does not see fee_in_quote, and sees every other field", () => {
    expect(contentHash({ ...bought, fee_in_quote: "1" })).toBe(bought.content_hash);
    const seen = executionFields.filter((field) => field !== "fee_in_quote" && field !== "content_hash");
    const changed = seen.map((field) => contentHash({ ...bought, [field]: "other" }));
    expect(new Set([...changed, bought.content_hash]).size).toBe(seen.length + 1);
  });

  test("is of the item as JSON, keys sorted, without nulls", () => {
    fc.assert(
      fc.property(anyExecution, (execution) => {
        const { fee_in_quote: _, content_hash, ...item } = toWireExecution(execution);
        const entries = Object.entries(item).filter(([, value]) => value !== null);
        const json = JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
        expect(content_hash).toBe(new Bun.CryptoHasher("sha256").update(json).digest("hex"));
      }),
    );
  });
});

describe("an execution", () => {
  test("goes out and comes back the same", () => {
    fc.assert(
      fc.property(anyExecution, (execution) => {
        const wire = toWireExecution(execution);
        expect(fromWireExecution(wire)).toEqual(execution);
        expect(executionShape(JSON.parse(JSON.stringify(wire)))).toEqual(wire);
      }),
    );
  });

  test("has its amounts in their shortest form", () => {
    const wire = toWireExecution(fromWireExecution(bought));
    expect(wire).toMatchObject({ quantity: "0.01", price: "64000.1", quote_quantity: "640.001", fee: "0.3200005" });
    expect(wire.content_hash).toBe(contentHash(wire));
  });

  test("has neither empty nor padded texts, which the platform would change", () => {
    const execution: Execution = { ...fromWireExecution(bought), orderId: " 17 ", baseAsset: "", feeAsset: "  " };
    expect(toWireExecution(execution)).toMatchObject({ order_id: "17", base_asset: null, fee_asset: null });
  });

  test("has no amount of 31 digits", () => {
    const execution: Execution = { ...fromWireExecution(bought), quoteQuantity: 10n ** 48n };
    expect(() => toWireExecution(execution)).toThrow(DecimalError);
    expect(() => toWireExecution({ ...execution, quoteQuantity: -(10n ** 48n) })).toThrow(DecimalError);
    expect(toWireExecution({ ...execution, quoteQuantity: 10n ** 48n - 1n }).quote_quantity).toHaveLength(49);
  });

  test.each([
    ["2026-02-28T08:00:00Z", 0],
    ["2026-02-28T08:00:00.1Z", 100],
    ["2026-02-28T08:00:00.12Z", 120],
    ["2026-02-28T08:00:00.123Z", 123],
    ["2026-02-28T08:00:00.123999Z", 123],
  ])("is read at %s and written with three digits", (executed_at, ms) => {
    const execution = fromWireExecution({ ...bought, executed_at });
    expect(execution.executedAtMs).toBe(Date.UTC(2026, 1, 28, 8) + ms);
    expect(toWireExecution(execution).executed_at).toBe(`2026-02-28T08:00:00.${String(ms).padStart(3, "0")}Z`);
  });
});

describe("a trade", () => {
  test("goes out and comes back the same, but for its conversion", () => {
    fc.assert(
      fc.property(anyTrade, (given) => {
        const wire = toWireTrade(given, { baseCurrency: given.pnlCurrency });
        expect(fromWireTrade(wire)).toEqual(given);
        expect(wireTradeShape(JSON.parse(JSON.stringify(wire)))).toEqual(wire);
      }),
    );
  });

  test("has every field of the contract, and no other", () => {
    const wire = toWireTrade(trade, { baseCurrency: "USD" });
    expect(Object.keys(wire).sort()).toEqual([...tradeFields, "state", "legs"].sort());
    expect(Object.keys(toWireExecution(fromWireExecution(bought)))).toEqual([...executionFields]);
  });

  test.each([
    ["of the base currency", {}, "USDT", "4.2944984", []],
    ["of another currency", {}, "USD", null, ["missing_conversion"]],
    ["of nothing in another currency", { netPnl: 0n }, "USD", "0", []],
    ["of an unknown amount", { netPnl: null, flags: ["unknown_origin" as const] }, "USD", null, ["unknown_origin"]],
    ["with its flag already", { flags: ["missing_conversion" as const] }, "USD", null, ["missing_conversion"]],
  ])("with a P&L %s", (_name, change, baseCurrency, expected, flags) => {
    const wire = toWireTrade({ ...trade, ...change }, { baseCurrency });
    expect(wire).toMatchObject({ pnl_in_base_currency: expected, base_currency: baseCurrency, flags });
  });

  test("has its flags once, in the contract's order", () => {
    const { flags } = toWireTrade(
      { ...trade, flags: ["dust_closed", "unknown_origin", "dust_closed"] },
      { baseCurrency: "USDT" },
    );
    expect(flags).toEqual(["unknown_origin", "dust_closed"]);
  });

  test("lasts whole seconds", () => {
    const lasting = (ms: number) =>
      toWireTrade({ ...trade, closedAtMs: trade.openedAtMs + ms }, { baseCurrency: "USD" }).duration_seconds;
    expect([lasting(0), lasting(999), lasting(1000), lasting(34_200_333)]).toEqual([0, 0, 1, 34_200]);
  });

  test.each([
    ["18.30", "20.00", "0.915"],
    ["-5", "3", "-1.666666666666666667"],
    ["18.30", "0", null],
    ["18.30", null, null],
    [null, "20", null],
  ])("of net %p at risk %p has r_multiple %p", (net, risk, expected) => {
    const amounts = {
      netPnl: net === null ? null : parseDecimal(net),
      initialRisk: risk === null ? null : parseDecimal(risk),
    };
    expect(toWireTrade({ ...trade, ...amounts }, { baseCurrency: "USDT" }).r_multiple).toBe(expected);
  });

  test("that is void has no closing and no state, an open one no closing", () => {
    const base = { ...trade, state: "lots" };
    const nothing = { closed_at: null, duration_seconds: null };
    expect(toWireTrade({ ...base, status: "void" }, { baseCurrency: "USD" })).toMatchObject({
      ...nothing,
      state: null,
    });
    expect(toWireTrade({ ...base, status: "open" }, { baseCurrency: "USD" })).toMatchObject({
      ...nothing,
      state: "lots",
    });
    expect(toWireTrade({ ...base, status: "closed" }, { baseCurrency: "USD" }).state).toBeNull();
  });

  test("is the same whatever zeros, fractions and order a platform writes", () => {
    const padded = {
      ...roundTrip,
      quantity: "0.010000000000000000",
      opened_at: "2026-02-28T08:00:00.123000Z",
      revision: 7,
    };
    expect(sameTrade(trade, fromWireTrade(padded))).toBe(true);
    expect(
      sameTrade(
        fromWireTrade({ ...roundTrip, flags: ["estimated_fee", "dust_closed"] }),
        fromWireTrade({ ...roundTrip, flags: ["dust_closed", "estimated_fee"] }),
      ),
    ).toBe(true);
  });

  /** What the wire form works out of the other fields, and what it adds for a currency without a rate. */
  const workedOut = new Set(["revision", "pnl_in_base_currency", "base_currency", "duration_seconds", "r_multiple"]);

  test.each(tradeFields.filter((field) => !workedOut.has(field)))("is not the same with another %s", (field) => {
    const others: Record<string, unknown> = {
      flags: ["dust_closed"],
      execution_count: 9,
      opened_at: "2026-01-01T00:00:00Z",
      closed_at: null,
    };
    const other = field in others ? others[field] : "9.5";
    expect(sameTrade(trade, fromWireTrade({ ...roundTrip, [field]: other }))).toBe(false);
  });
});

describe("a sealed batch", () => {
  const content = { accountId: 1, userId: 1, key: "key-of-a-batch", executions: [bought], trades: [] };

  test("is the contract's body, without what is not there", () => {
    expect(sealBatch(content)).toEqual({
      accountId: 1,
      userId: 1,
      key: "key-of-a-batch",
      body: JSON.stringify({ executions: [bought] }),
      executions: 1,
      trades: 0,
    });
    const { body } = sealBatch({
      ...content,
      executions: [],
      trades: [stillOpen],
      checkpoint: { v: 1, state: "s" },
      expectedCheckpointVersion: 7,
    });
    expect(JSON.parse(body)).toEqual({
      trades: [stillOpen],
      checkpoint: { v: 1, state: "s" },
      expected_checkpoint_version: 7,
    });
  });

  test.each([
    ["of nothing", { executions: [] }],
    ["of 101 executions", { executions: Array.from({ length: 101 }, (_, n) => executionOf(n)) }],
    ["of 101 trades", { trades: Array.from({ length: 101 }, () => stillOpen) }],
    [
      "of 1,001 legs",
      { trades: [{ ...stillOpen, legs: Array.from({ length: 1001 }, () => stillOpen.legs[0] as never) }] },
    ],
    ["with a short key", { key: "short" }],
    ["with a key of other characters", { key: "key of a batch" }],
    ["with a checkpoint that stands on nothing", { checkpoint: { v: 1 } }],
  ])("%s is a bug of its maker", (_name, change) => {
    expect(() => sealBatch({ ...content, ...change })).toThrow(RangeError);
  });
});
