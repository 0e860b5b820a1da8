import { describe, expect, test } from "bun:test";
import { formatDecimal, parseDecimal } from "../../src/executions/decimal.ts";
import type { Execution } from "../../src/executions/execution.ts";
import { deriveTrades, reviseStored } from "../../src/trades/derive.ts";
import { Matcher, type MatchRules } from "../../src/trades/match.ts";
import type { Trade } from "../../src/trades/trade.ts";
import { fill, rules, startMs } from "./make.ts";

/** A trade in a line: what a trader would check first. */
function brief(trade: Trade): string {
  const text = (value: bigint | null) => (value === null ? "?" : formatDecimal(value));
  const { direction, status, flags } = trade;
  const numbers = [trade.quantity, trade.openQuantity, trade.entryPrice, trade.exitPrice].map(text).join(" ");
  const money = `gross ${text(trade.grossPnl)} fees ${text(trade.fees)} funding ${text(trade.funding)} net ${text(trade.netPnl)}`;
  return `${direction} ${status} ${numbers} ${money} ${trade.pnlCurrency}${flags.length > 0 ? ` [${flags.join()}]` : ""}`;
}

function briefs(executions: Execution[], given: MatchRules = rules()): string[] {
  return deriveTrades(executions, given).trades.map(brief);
}

const spot = { market: "spot", settle: null } as const;

describe("round trips", () => {
  test("a long one, with its legs", () => {
    const [trade] = deriveTrades(
      [
        fill({ id: 1, side: "buy", quantity: "0.010", price: "64000.10", fee: "0.3200005" }),
        fill({ id: 2, type: "funding", fee: "0.0640001" }),
        fill({ id: 3, side: "sell", quantity: "0.010", price: "64500.20", fee: "0.322501" }),
      ],
      rules(),
    ).trades;
    expect(trade).toEqual({
      externalId: "trade:venue:linear:BTCUSDT:1",
      revision: 1,
      status: "closed",
      origin: "derived",
      market: "linear",
      symbol: "BTCUSDT",
      baseAsset: "BTC",
      quoteAsset: "USDT",
      direction: "long",
      quantity: 10_000_000_000_000_000n,
      openQuantity: 0n,
      contractSize: null,
      entryPrice: 64_000_100_000_000_000_000_000n,
      exitPrice: 64_500_200_000_000_000_000_000n,
      grossPnl: 5_001_000_000_000_000_000n,
      fees: 642_501_500_000_000_000n,
      funding: 64_000_100_000_000_000n,
      netPnl: 4_294_498_400_000_000_000n,
      pnlCurrency: "USDT",
      openedAtMs: startMs + 1_000,
      closedAtMs: startMs + 3_000,
      initialStop: null,
      takeProfit: null,
      initialRisk: null,
      costBasisMethod: "fifo",
      executionCount: 3,
      flags: [],
      state: null,
      legs: [
        leg({
          executionId: "venue:linear:BTCUSDT:1",
          role: "entry",
          quantity: "0.01",
          price: "64000.1",
          fee: "0.3200005",
        }),
        leg({ executionId: "venue:linear:BTCUSDT:2", role: "funding", fee: "0.0640001" }),
        leg({
          executionId: "venue:linear:BTCUSDT:3",
          role: "exit",
          quantity: "0.01",
          price: "64500.2",
          fee: "0.322501",
          pnl: "5.001",
        }),
      ],
    });
  });

  test.each([
    [
      "a short one",
      [
        ["sell", "2", "100"],
        ["buy", "2", "90"],
      ],
      ["short closed 2 0 100 90 gross 20 fees 0 funding 0 net 20 USDT"],
    ],
    [
      "scaling in and out",
      [
        ["buy", "1", "100"],
        ["buy", "3", "110"],
        ["sell", "2", "120"],
        ["sell", "2", "130"],
      ],
      ["long closed 4 0 107.5 125 gross 70 fees 0 funding 0 net 70 USDT"],
    ],
    [
      "a flip is two trades",
      [
        ["buy", "1", "100"],
        ["sell", "3", "110"],
        ["buy", "2", "100"],
      ],
      [
        "long closed 1 0 100 110 gross 10 fees 0 funding 0 net 10 USDT",
        "short closed 2 0 110 100 gross 20 fees 0 funding 0 net 20 USDT",
      ],
    ],
    [
      "an open one has the realised part",
      [
        ["buy", "4", "100"],
        ["sell", "1", "110"],
      ],
      ["long open 4 3 100 110 gross 10 fees 0 funding 0 net 10 USDT"],
    ],
  ] as const)("%s", (_name, steps, expected) => {
    const executions = steps.map(([side, quantity, price], index) => fill({ id: index + 1, side, quantity, price }));
    expect(briefs(executions)).toEqual([...expected]);
  });

  test("a flip divides the fee in proportion, to the last digit", () => {
    const { trades } = deriveTrades(
      [
        fill({ id: 1, side: "buy", quantity: "1", price: "100", fee: "0.1" }),
        fill({ id: 2, side: "sell", quantity: "3", price: "110", fee: "0.1" }),
      ],
      rules(),
    );
    expect(trades.map(({ fees }) => formatDecimal(fees))).toEqual(["0.133333333333333333", "0"]);
    const shares = trades.flatMap(({ legs }) => legs).filter(({ executionId }) => executionId.endsWith(":2"));
    expect(
      shares.map(({ role, quantity, fee }) => [role, formatDecimal(quantity ?? 0n), formatDecimal(fee ?? 0n)]),
    ).toEqual([
      ["exit", "1", "0.033333333333333333"],
      ["entry", "2", "0.066666666666666667"],
    ]);
  });
});

describe("methods", () => {
  const steps = [
    fill({ id: 1, side: "buy", quantity: "1", price: "100" }),
    fill({ id: 2, side: "buy", quantity: "1", price: "200" }),
    fill({ id: 3, side: "sell", quantity: "1", price: "300" }),
  ];
  test.each([
    ["fifo", "200"],
    ["lifo", "100"],
    ["average", "150"],
  ] as const)("%s attributes the entry", (method, gross) => {
    const [trade] = deriveTrades(steps, rules({ method })).trades;
    expect(formatDecimal(trade?.grossPnl ?? 0n)).toBe(gross);
  });
});

describe("contracts", () => {
  test("inverse: PnL in the base coin, contracts of 100 USD", () => {
    const inverse = { market: "inverse", symbol: "BTCUSD_PERP", quote: "USD", contractSize: "100" } as const;
    expect(
      briefs([
        fill({ ...inverse, id: 1, side: "buy", quantity: "10", price: "50000", fee: "0.00001" }),
        fill({ ...inverse, id: 2, side: "sell", quantity: "10", price: "62500", fee: "0.000008" }),
      ]),
    ).toEqual(["long closed 10 0 50000 62500 gross 0.004 fees 0.000018 funding 0 net 0.003982 BTC"]);
  });

  test("inverse: the average entry is the price that gives the PnL", () => {
    const inverse = { market: "inverse", symbol: "BTCUSD_PERP", quote: "USD", contractSize: "100" } as const;
    expect(
      briefs([
        fill({ ...inverse, id: 1, side: "sell", quantity: "1", price: "40000" }),
        fill({ ...inverse, id: 2, side: "sell", quantity: "1", price: "60000" }),
        fill({ ...inverse, id: 3, side: "buy", quantity: "2", price: "48000" }),
      ]),
    ).toEqual(["short closed 2 0 48000 48000 gross 0 fees 0 funding 0 net 0 BTC"]);
  });

  test("a contract size multiplies the PnL, not the quantity", () => {
    const future = { market: "future", symbol: "ESZ6", base: "ES", quote: "USD", contractSize: "50" } as const;
    expect(
      briefs([
        fill({ ...future, id: 1, side: "buy", quantity: "2", price: "5000.25" }),
        fill({ ...future, id: 2, side: "sell", quantity: "2", price: "5001.5" }),
      ]),
    ).toEqual(["long closed 2 0 5000.25 5001.5 gross 125 fees 0 funding 0 net 125 USD"]);
  });
});

describe("hedge mode", () => {
  test("long and short stand side by side, and neither flips", () => {
    expect(
      briefs([
        fill({ id: 1, side: "buy", positionSide: "long", quantity: "2", price: "100" }),
        fill({ id: 2, side: "sell", positionSide: "short", quantity: "1", price: "101" }),
        fill({ id: 3, side: "sell", positionSide: "long", quantity: "2", price: "110" }),
        fill({ id: 4, side: "buy", positionSide: "short", quantity: "1", price: "105" }),
      ]),
    ).toEqual([
      "long closed 2 0 100 110 gross 20 fees 0 funding 0 net 20 USDT",
      "short closed 1 0 101 105 gross -4 fees 0 funding 0 net -4 USDT",
    ]);
  });

  test("closing more than is known is of unknown origin, not a short", () => {
    expect(
      briefs([
        fill({ id: 1, side: "buy", positionSide: "long", quantity: "1", price: "100" }),
        fill({ id: 2, side: "sell", positionSide: "long", quantity: "3", price: "110" }),
      ]),
    ).toEqual([
      "long closed 1 0 100 110 gross 10 fees 0 funding 0 net 10 USDT",
      "long closed 2 0 ? 110 gross ? fees 0 funding 0 net ? USDT [unknown_origin]",
    ]);
  });

  test("funding that names no side is shared by quantity", () => {
    const { trades } = deriveTrades(
      [
        fill({ id: 1, side: "buy", positionSide: "long", quantity: "2", price: "100" }),
        fill({ id: 2, side: "sell", positionSide: "short", quantity: "1", price: "100" }),
        fill({ id: 3, type: "funding", fee: "1" }),
      ],
      rules(),
    );
    expect(trades.map(({ direction, funding }) => [direction, formatDecimal(funding)])).toEqual([
      ["long", "0.666666666666666667"],
      ["short", "0.333333333333333333"],
    ]);
  });
});

describe("fees", () => {
  test("in the base asset they shrink the position, and are counted at the price", () => {
    expect(
      briefs([
        fill({
          ...spot,
          id: 1,
          side: "buy",
          quantity: "0.01",
          price: "64000.12",
          fee: "0.00001",
          feeAsset: "BTC",
          feeInQuote: "0.6400012",
        }),
        fill({ ...spot, id: 2, side: "sell", quantity: "0.00999", price: "65000", fee: "0.64935" }),
      ]),
    ).toEqual(["long closed 0.01 0 64000.12 65000 gross 9.9888012 fees 1.2893512 funding 0 net 8.69945 USDT"]);
  });

  test("in a third asset without a rate: kept out of the sum and flagged", () => {
    expect(
      briefs([
        fill({
          ...spot,
          id: 1,
          side: "buy",
          quantity: "1",
          price: "100",
          fee: "0.001",
          feeAsset: "BNB",
          feeInQuote: null,
        }),
        fill({ ...spot, id: 2, side: "sell", quantity: "1", price: "110", fee: "0.11" }),
      ]),
    ).toEqual(["long closed 1 0 100 110 gross 10 fees 0.11 funding 0 net 9.89 USDT [missing_conversion]"]);
  });

  test("of zero in any asset need no rate", () => {
    const free = fill({
      ...spot,
      id: 1,
      side: "buy",
      quantity: "1",
      price: "100",
      fee: "0",
      feeAsset: "BNB",
      feeInQuote: null,
    });
    expect(briefs([free])).toEqual(["long open 1 1 100 ? gross 0 fees 0 funding 0 net 0 USDT"]);
  });

  test("a rebate raises the net", () => {
    expect(
      briefs([
        fill({ id: 1, side: "buy", quantity: "1", price: "100", fee: "-0.01" }),
        fill({ id: 2, side: "sell", quantity: "1", price: "100", fee: "-0.01" }),
      ]),
    ).toEqual(["long closed 1 0 100 100 gross 0 fees -0.02 funding 0 net 0.02 USDT"]);
  });

  test("on their own they belong to the open trade", () => {
    expect(
      briefs([
        fill({ id: 1, side: "buy", quantity: "1", price: "100" }),
        fill({ id: 2, type: "fee", fee: "0.5" }),
        fill({ id: 3, side: "sell", quantity: "1", price: "101" }),
      ]),
    ).toEqual(["long closed 1 0 100 101 gross 1 fees 0.5 funding 0 net 0.5 USDT"]);
  });
});

describe("dust", () => {
  const bought = fill({
    ...spot,
    id: 1,
    side: "buy",
    quantity: "0.0416",
    price: "6000",
    fee: "0.0000416",
    feeAsset: "BTC",
    feeInQuote: "0.2496",
  });
  test("less than a step is written off", () => {
    expect(briefs([bought, fill({ ...spot, id: 2, side: "sell", quantity: "0.0415", price: "6100" })])).toEqual([
      "long closed 0.0416 0 6000 6100 gross 4.15 fees 0.2496 funding 0 net 3.9004 USDT [dust_closed]",
    ]);
  });
  test("a venue's smaller step keeps the rest open", () => {
    const sold = fill({ ...spot, id: 2, side: "sell", quantity: "0.0415", price: "6100" });
    expect(briefs([bought, sold], rules({ step: "0.00001" }))[0]).toStartWith("long open 0.0416 0.0000584");
  });
  test("a rest that is no small share stays open when the step is not known", () => {
    const three = fill({
      ...spot,
      id: 1,
      side: "buy",
      quantity: "3",
      price: "1",
      fee: "0.003",
      feeAsset: "BTC",
      feeInQuote: "0.003",
    });
    const sold = fill({ ...spot, id: 2, side: "sell", quantity: "2", price: "1" });
    expect(briefs([three, sold])[0]).toStartWith("long open 3 0.997");
  });
  test("coins that are worth more than the fee could leave are no dust", () => {
    const large = fill({
      ...spot,
      id: 1,
      side: "buy",
      quantity: "100",
      price: "1",
      fee: "0.1",
      feeAsset: "BTC",
      feeInQuote: "0.1",
    });
    const most = fill({ ...spot, id: 2, side: "sell", quantity: "99", price: "1" });
    expect(briefs([large, most])[0]).toStartWith("long open 100 0.9");
  });
  test("without a fee in the base asset nothing is dust", () => {
    const plain = fill({ ...spot, id: 1, side: "buy", quantity: "1000", price: "1" });
    const sold = fill({ ...spot, id: 2, side: "sell", quantity: "999", price: "1" });
    expect(briefs([plain, sold])[0]).toStartWith("long open 1000 1");
  });
});

describe("dust that is sold later", () => {
  // Each round trip leaves 0.0000584 of a step of 0.0001: two of them are worth selling.
  const buy = (id: number, price: string) =>
    fill({
      ...spot,
      id,
      side: "buy",
      quantity: "0.0416",
      price,
      fee: "0.0000416",
      feeAsset: "BTC",
      feeInQuote: "0.25",
    });
  const sell = (id: number, quantity: string, price: string) => fill({ ...spot, id, side: "sell", quantity, price });
  const first = [buy(1, "6000"), sell(2, "0.0415", "6100")];
  const left = "long closed 0.0416 0 6000 6100 gross 4.15 fees 0.25 funding 0 net 3.9 USDT [dust_closed]";

  test("with a later purchase: its trade has it at what it cost", () => {
    expect(briefs([...first, buy(3, "6000"), sell(4, "0.0416", "6100")], rules({ step: "0.0001" }))).toEqual([
      left,
      // 0.0415584 of its own and 0.0000416 that the first left over.
      "long closed 0.0416416 0 6000 6100 gross 4.16 fees 0.25 funding 0 net 3.91 USDT",
    ]);
  });
  test("alone: a trade of its own with a known profit", () => {
    const sold = sell(3, "0.0000584", "7000");
    expect(briefs([...first, { ...sold, type: "conversion" }])).toEqual([
      left,
      "long closed 0.0000584 0 6000 7000 gross 0.0584 fees 0 funding 0 net 0.0584 USDT",
    ]);
  });
  test("with coins that nobody knows: of unknown origin as a whole, and nothing is left over", () => {
    const unknown = (quantity: string) =>
      `long closed ${quantity} 0 ? 7000 gross ? fees 0 funding 0 net ? USDT [unknown_origin]`;
    expect(briefs([...first, sell(3, "1", "7000"), sell(4, "0.00005", "7000")])).toEqual([
      left,
      unknown("1"),
      unknown("0.00005"),
    ]);
  });
  test("not on margin, where it may be a short", () => {
    const margin = [...first, sell(3, "0.00005", "7000")].map((one) => ({ ...one, market: "margin" as const }));
    expect(briefs(margin)[1]).toStartWith("short open 0.00005");
  });
});

describe("unknown origin", () => {
  test("a sale on spot of what was never bought", () => {
    expect(briefs([fill({ ...spot, id: 1, side: "sell", quantity: "2", price: "100", fee: "0.2" })])).toEqual([
      "long closed 2 0 ? 100 gross ? fees 0.2 funding 0 net ? USDT [unknown_origin]",
    ]);
  });
  test("more sold on spot than bought", () => {
    expect(
      briefs([
        fill({ ...spot, id: 1, side: "buy", quantity: "1", price: "100" }),
        fill({ ...spot, id: 2, side: "sell", quantity: "3", price: "110", fee: "0.3" }),
      ]),
    ).toEqual([
      "long closed 1 0 100 110 gross 10 fees 0.1 funding 0 net 9.9 USDT",
      "long closed 2 0 ? 110 gross ? fees 0.2 funding 0 net ? USDT [unknown_origin]",
    ]);
  });
  test("a stated PnL while flat: the broker closed what we never saw, and says what it made", () => {
    const closing = fill({
      id: 1,
      side: "buy",
      quantity: "0.01",
      price: "73822.3",
      fee: "0.29528919",
      realizedPnl: "0.28699999",
    });
    expect(briefs([closing], rules({ stated: "gross" }))).toEqual([
      "short closed 0.01 0 ? 73822.3 gross 0.28699999 fees 0.29528919 funding 0 net -0.0082892 USDT [unknown_origin]",
    ]);
  });
  test("coins that came in are sold at an unknown profit", () => {
    expect(
      briefs([
        fill({ ...spot, id: 1, type: "transfer", side: "buy", quantity: "5" }),
        fill({ ...spot, id: 2, side: "sell", quantity: "5", price: "10" }),
      ]),
    ).toEqual(["long closed 5 0 ? 10 gross ? fees 0 funding 0 net ? USDT [unknown_origin]"]);
  });
});

describe("the broker's own PnL", () => {
  const trip = (stated: string) => [
    fill({ id: 1, side: "buy", quantity: "80", price: "14.24", fee: "1", realizedPnl: "0" }),
    fill({ id: 2, side: "sell", quantity: "80", price: "16.13", fee: "1.01610104", realizedPnl: stated }),
  ];
  test.each([
    ["gross", "151.2", []],
    ["gross", "151.3", ["pnl_mismatch"]],
    ["net", "149.183899", []],
    ["net", "149.18", ["pnl_mismatch"]],
    [null, "1", []],
  ] as const)("%s %s", (stated, amount, flags) => {
    expect(deriveTrades(trip(amount), rules({ stated })).trades[0]?.flags).toEqual([...flags]);
  });
});

test("an inverse contract's PnL is what the venue booked, where ours agrees within its rounding", () => {
  const coin = { market: "inverse", symbol: "ETHUSD_PERP", base: "ETH", quote: "USD", contractSize: "10" } as const;
  // 10 × 7 / 3000 - 10 × 7 / 3100 = 0.000752688172043011
  const trip = (stated: [string, string]) => [
    fill({ ...coin, id: 1, side: "buy", quantity: "7", price: "3000", realizedPnl: "0" }),
    fill({ ...coin, id: 2, side: "sell", quantity: "3", price: "3100", realizedPnl: stated[0] }),
    fill({ ...coin, id: 3, side: "sell", quantity: "4", price: "3100", realizedPnl: stated[1] }),
  ];
  const [booked] = deriveTrades(trip(["0.00032258", "0.0004301"]), rules({ stated: "gross" })).trades;
  expect(booked?.grossPnl).toBe(parseDecimal("0.00075268"));
  expect(booked?.flags).toEqual([]);
  const exits = booked?.legs.flatMap(({ pnl }) => (pnl === null ? [] : [formatDecimal(pnl)]));
  expect(exits).toEqual(["0.00032258064516129", "0.000430099354838709"]);
  const [open] = deriveTrades(trip(["0.00032258", "0.0004301"]).slice(0, 2), rules({ stated: "gross" })).trades;
  expect(open?.grossPnl).toBe(parseDecimal("0.00032258"));
  const [other] = deriveTrades(trip(["0.00032258", "0.0005"]), rules({ stated: "gross" })).trades;
  expect(other?.grossPnl).toBe(parseDecimal("0.000752688172043011"));
  expect(other?.flags).toEqual(["pnl_mismatch"]);
});

test("a fee that was valued by a neighbouring rate is told by the trade, also when it is derived anew without that knowledge", () => {
  const executions = [
    {
      ...fill({ id: 1, side: "buy", quantity: "1", price: "100", feeAsset: "BNB", fee: "0.1", feeInQuote: "60" }),
      feeEstimated: true,
    },
    fill({ id: 2, side: "sell", quantity: "1", price: "100" }),
  ];
  const { trades: stored } = deriveTrades(executions, rules());
  expect(stored[0]?.flags).toEqual(["estimated_fee"]);
  const readBack = executions.map(({ feeEstimated: _, ...execution }: Execution) => execution);
  const later = [...readBack, fill({ id: 3, side: "buy", quantity: "1", price: "90" })];
  const { trades } = deriveTrades(later, rules());
  expect(reviseStored(stored, { trades, executions: later, sinceMs: 0 }).map(({ externalId }) => externalId)).toEqual([
    "trade:venue:linear:BTCUSDT:3",
  ]);
});

test("a PnL that the broker books is the PnL: what a price is worth is not in the data", () => {
  const deals = [
    fill({
      market: "forex",
      symbol: "EURUSD",
      quote: "USD",
      id: 1,
      side: "buy",
      quantity: "0.1",
      price: "1.08120",
      realizedPnl: "0",
      fee: "0.35",
    }),
    fill({
      market: "forex",
      symbol: "EURUSD",
      quote: "USD",
      id: 2,
      side: "sell",
      quantity: "0.1",
      price: "1.08310",
      realizedPnl: "19",
      fee: "0.35",
    }),
  ];
  expect(briefs(deals, rules({ stated: "booked" }))).toEqual([
    "long closed 0.1 0 1.0812 1.0831 gross 19 fees 0.7 funding 0 net 18.3 USD",
  ]);
});

describe("funding", () => {
  test("soon after the close belongs to the closed trade, later to none", () => {
    const trip = [
      fill({ id: 1, side: "buy", quantity: "1", price: "100" }),
      fill({ id: 2, side: "sell", quantity: "1", price: "101" }),
    ];
    const late = (ms: number) => fill({ id: 3, type: "funding", fee: "0.2", atMs: startMs + 2_000 + ms });
    expect(briefs([...trip, late(60_000)])).toEqual([
      "long closed 1 0 100 101 gross 1 fees 0 funding 0.2 net 0.8 USDT",
    ]);
    expect(deriveTrades([...trip, late(60_001)], rules()).unpaired).toEqual(["venue:linear:BTCUSDT:3"]);
  });
});

describe("going on from what was delivered", () => {
  test("an open trade's next revision has only the new legs", () => {
    const first = new Matcher(rules());
    first.apply(fill({ id: 1, side: "buy", quantity: "3", price: "100", fee: "0.3" }));
    const [delivered] = first.takeChanges();
    if (delivered === undefined) throw new Error("no trade");
    const second = new Matcher(rules());
    second.restore(delivered);
    second.apply(fill({ id: 2, side: "sell", quantity: "1", price: "110", fee: "0.11" }));
    const [trade] = second.takeChanges();
    expect(trade?.revision).toBe(2);
    expect(trade?.legs.map(({ executionId }) => executionId)).toEqual(["venue:linear:BTCUSDT:2"]);
    expect(brief(trade as Trade)).toBe("long open 3 2 100 110 gross 10 fees 0.21 funding 0 net 9.79 USDT");
  });

  test("a position of too many lots for the state is marked to be derived anew", () => {
    const matcher = new Matcher(rules());
    for (let id = 1; id <= 3_000; id++)
      matcher.apply(fill({ id, side: "buy", quantity: "0.123456", price: `${50_000 + id}.5`, fee: "0.01" }));
    const [trade] = matcher.takeChanges();
    expect(trade?.state).toBe('{"v":1,"rebuild":true}');
    expect(() => new Matcher(rules()).restore(trade as Trade)).toThrow("another form");
  });
});

function leg(given: {
  executionId: string;
  role: "entry" | "exit" | "funding";
  quantity?: string;
  price?: string;
  fee: string;
  pnl?: string;
}) {
  const execution = fill({
    side: "buy",
    quantity: given.quantity ?? null,
    price: given.price ?? null,
    fee: given.fee,
    realizedPnl: given.pnl ?? null,
  });
  const { quantity, price, fee, realizedPnl: pnl } = execution;
  return { executionId: given.executionId, role: given.role, quantity, price, fee, pnl };
}
