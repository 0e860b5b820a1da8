import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { formatDecimal, parseDecimal } from "../../../src/executions/decimal.ts";
import type { Metrics } from "../../../src/statistics/body.ts";
import { readAll, TemporaryFile } from "./golden.ts";
import {
  account,
  type CellSpec,
  deal,
  dealHeadings,
  html,
  position,
  positionHeadings,
  statement,
  ticket,
  ticketHeadings,
} from "./make.ts";
import {
  asPrinted,
  balanceCourse,
  closedOf,
  closingDeals,
  depositOf,
  derivedOf,
  entryCosts,
  percent,
  printedIn,
  resultOf,
  type Summed,
  sumUp,
  tickets,
  zeroIsBreakeven,
} from "./printed.ts";

/**
 * What terminals print of their own reports, to the last digit, out of our statistics. Where a terminal counts in another way than we do, the test is
 * called by that difference; a figure that is none of ours (absolute drawdown, Sharpe ratio, equity drawdown, correlations with excursions) is not here.
 */
type Figures = Record<string, readonly (string | number)[]>;

async function expectPrinted(path: string, figures: Figures): Promise<void> {
  const printed = await printedIn(path);
  const said = Object.fromEntries(Object.keys(figures).map((label) => [label, printed(label)]));
  const ours = Object.entries(figures).map(([label, parts]) => [label, asPrinted(said[label] ?? "", parts)]);
  expect(Object.fromEntries(ours)).toEqual(said);
}

const minus = (text: string | undefined) => formatDecimal(-parseDecimal(text ?? "0"));
const times = (rate: string | undefined, trades: number | undefined) => [trades ?? 0, percent(rate)];

/** What both generations print alike, of units that count as theirs. */
function shared({ all }: Summed): Figures {
  const wins = (all.wins ?? 0) + (all.breakevens ?? 0);
  return {
    "Total Trades:": [all.trades ?? 0],
    "Profit Trades (% of total):": [wins, percent(all.win_rate)],
  };
}

function figures4(summed: Summed): Figures {
  const { all, long, short } = summed;
  return {
    ...shared(summed),
    "Gross Profit:": [all.gross_profit ?? ""],
    "Gross Loss:": [all.gross_loss ?? ""],
    "Total Net Profit:": [all.net_pnl ?? ""],
    "Profit Factor:": [all.profit_factor ?? ""],
    "Expected Payoff:": [all.expectancy ?? ""],
    "Maximal Drawdown:": [all.max_drawdown ?? "", percent(all.max_drawdown_pct_at_max)],
    "Loss trades (% of total):": times(all.loss_rate, all.losses),
    "Short Positions (won %):": times(short?.win_rate, short?.trades),
    "Long Positions (won %):": times(long?.win_rate, long?.trades),
    "profit trade:": [all.largest_win ?? ""],
    "loss trade:": [minus(all.largest_loss)],
    "profit trade: [2]": [all.average_win ?? ""],
    "loss trade: [2]": [minus(all.average_loss)],
    "consecutive wins ($):": [all.longest_win_streak ?? 0, all.longest_win_streak_pnl ?? ""],
    "consecutive losses ($):": [all.longest_loss_streak ?? 0, all.longest_loss_streak_pnl ?? ""],
  };
}

function figures5(summed: Summed): Figures {
  const { all, long, short } = summed;
  return {
    ...shared(summed),
    "Gross Profit:": [all.gross_profit ?? ""],
    "Loss Trades (% of total):": times(all.loss_rate, all.losses),
    "Short Trades (won %):": times(short?.win_rate ?? "0", short?.trades),
    "Long Trades (won %):": times(long?.win_rate ?? "0", long?.trades),
    "Largest profit trade:": [all.largest_win ?? ""],
    "Largest loss trade:": [minus(all.largest_loss)],
    "Average profit trade:": [all.average_win ?? ""],
  };
}

/** With the costs of entry deals, which are in no trade of the terminal's: of its sums alone. */
function sums5({ all }: Summed, costs: bigint): Figures {
  const [profit, loss] = [parseDecimal(all.gross_profit ?? "0"), parseDecimal(all.gross_loss ?? "0") - costs];
  const net = profit - loss;
  const [trades, losses] = [BigInt(all.trades ?? 0), BigInt(all.losses ?? 0)];
  return {
    "Gross Loss:": [formatDecimal(-loss)],
    "Total Net Profit:": [formatDecimal(net)],
    "Profit Factor:": [formatDecimal((profit * 10n ** 18n) / loss)],
    "Expected Payoff:": [formatDecimal(net / trades)],
    "Average loss trade:": [formatDecimal(-loss / losses)],
  };
}

function streaks5({ all }: Summed): Figures {
  return {
    "Maximum consecutive wins ($):": [all.longest_win_streak ?? 0, all.longest_win_streak_pnl ?? ""],
    "Maximum consecutive losses ($):": [all.longest_loss_streak ?? 0, all.longest_loss_streak_pnl ?? ""],
  };
}

function drawdown5(all: Metrics): Figures {
  return {
    "Balance Drawdown Maximal:": [all.max_drawdown ?? "", percent(all.max_drawdown_pct_at_max)],
    "Balance Drawdown Relative:": [percent(all.max_drawdown_pct), all.max_drawdown ?? ""],
  };
}

function course5(all: Metrics): Figures {
  return {
    "Z-Score:": [all.z_score ?? "", zConfidence],
    "AHPR:": [all.ahpr ?? "", percent(minusOne(all.ahpr))],
    "GHPR:": [all.ghpr ?? "", percent(minusOne(all.ghpr))],
    "LR Correlation:": [all.lr_correlation ?? ""],
    "LR Standard Error:": [all.lr_standard_error ?? ""],
  };
}

/** Its confidence is none of our figures: as the terminals print it of the reports here. */
let zConfidence = "";
const minusOne = (text: string | undefined) => formatDecimal(parseDecimal(text ?? "0") - 10n ** 18n);

const label = (text: string, columns = 1): CellSpec => ({ text, columns });
const results = (figures: Record<string, string>): CellSpec[][] =>
  Object.entries(figures).map(([name, value]) => [label(name.replace(/ \[\d\]$/, ""), 3), value]);

describe("MetaTrader 4, a detailed statement", () => {
  const closing = [
    "2026.01.05 11:00",
    "2026.01.05 12:00",
    "2026.01.06 11:00",
    "2026.01.06 12:00",
    "2026.01.07 11:00",
    "2026.01.07 12:00",
    "2026.01.08 11:00",
    "2026.01.08 12:00",
  ];
  const rows: [string, Parameters<typeof ticket>[0], string?][] = [
    ["601", { type: "buy", commission: "-1.00", swap: "0.50", profit: "100.50" }],
    ["602", { type: "sell", taxes: "-2.00", profit: "-48.00" }],
    ["603", { type: "buy", commission: "-1.00", profit: "1.00" }],
    ["604", { type: "sell", swap: "2.00", profit: "28.00" }],
    ["605", { type: "buy", profit: "-20.00" }, "to #606"],
    ["606", { type: "buy", profit: "-10.00" }, "from #605"],
    ["607", { type: "sell", profit: "0.00" }],
    ["608", { type: "buy", profit: "5.00" }],
  ];
  const printed = {
    "Gross Profit:": "135.00",
    "Gross Loss:": "80.00",
    "Total Net Profit:": "55.00",
    "Profit Factor:": "1.69",
    "Expected Payoff:": "6.88",
    "Maximal Drawdown:": "50.00 (4.55%)",
    "Relative Drawdown:": "4.55% (50.00)",
    "Total Trades:": "8",
    "Short Positions (won %):": "3 (66.67%)",
    "Long Positions (won %):": "5 (60.00%)",
    "Profit Trades (% of total):": "5 (62.50%)",
    "Loss trades (% of total):": "3 (37.50%)",
    "profit trade:": "100.00",
    "loss trade:": "-50.00",
    "profit trade: [2]": "27.00",
    "loss trade: [2]": "-26.67",
    "consecutive wins ($):": "2 (30.00)",
    "consecutive losses ($):": "2 (-30.00)",
  };
  const page = html(
    [
      statement(),
      ticketHeadings,
      ["600", "2026.01.02 10:00", "balance", label("Deposit", 10), "1 000.00"],
      ...rows.map(([number, change, title], index) =>
        ticket(
          { ticket: number, opened: "2026.01.05 10:00", closed: closing[index] ?? "", profit: "0.00", ...change },
          title,
        ),
      ),
      ["699", "2026.01.06 09:00", "balance", label("Deposit", 10), "500.00"],
      ...results(printed),
    ],
    { generator: "MetaQuotes Software Corp." },
  );

  test("counts tickets, takes zero for a profit trade and leaves later deposits out: with these, all is what it prints", async () => {
    using file = new TemporaryFile("statement.htm", page);
    const { recognised } = await readAll(file.path);
    const summed = sumUp(tickets(recognised.contents), depositOf(recognised.contents));
    await expectPrinted(file.path, {
      ...figures4(summed),
      "Relative Drawdown:": [percent(summed.all.max_drawdown_pct), summed.all.max_drawdown ?? ""],
    });
  });

  test("our trades: a partial close is part of one trade, a zero is a breakeven; the money is the same", async () => {
    using file = new TemporaryFile("statement.htm", page);
    const { trades } = await readAll(file.path);
    expect(sumUp(closedOf(trades), parseDecimal("1000"), zeroIsBreakeven).all).toMatchObject({
      trades: 7,
      wins: 3,
      losses: 2,
      breakevens: 2,
      net_pnl: "55",
      gross_profit: "135",
      gross_loss: "80",
      max_drawdown: "50",
      longest_loss_streak: 1,
    });
  });
});

describe("MetaTrader 5, a hedging account's history", () => {
  const at = (minute: number) => `2026.01.05 10:${String(minute).padStart(2, "0")}:00`;
  const rows = [
    deal({ deal: "802", time: at(1), commission: "-0.50" }),
    deal({ deal: "803", time: at(2), type: "sell", direction: "out", commission: "-0.50", profit: "100.00" }),
    deal({ deal: "804", time: at(3), type: "sell", volume: "0.20", commission: "-0.50" }),
    deal({ deal: "805", time: at(4), direction: "out", commission: "-0.25", profit: "40.00" }),
    deal({ deal: "806", time: at(5), direction: "out", commission: "-0.25", swap: "-0.75", profit: "-10.00" }),
    deal({ deal: "807", time: at(6), commission: "-0.50" }),
    deal({ deal: "808", time: at(7), type: "sell", commission: "-0.50" }),
    deal({ deal: "809", time: at(8), type: "sell", direction: "out by", commission: "", profit: "-60.00" }),
    deal({ deal: "810", time: at(8), direction: "out by", commission: "", profit: "0.00" }),
  ];
  const printed = {
    "Total Net Profit:": "66.25",
    "Gross Profit:": "139.25",
    "Gross Loss:": "-73.00",
    "Profit Factor:": "1.91",
    "Expected Payoff:": "13.25",
    "Recovery Factor:": "0.92",
    "Balance Drawdown Maximal:": "72.00 (6.33%)",
    "Balance Drawdown Relative:": "6.33% (72.00)",
    "Total Trades:": "5",
    "Short Trades (won %):": "3 (66.67%)",
    "Long Trades (won %):": "2 (50.00%)",
    "Profit Trades (% of total):": "3 (60.00%)",
    "Loss Trades (% of total):": "2 (40.00%)",
    "Largest profit trade:": "99.50",
    "Largest loss trade:": "-60.00",
    "Average profit trade:": "46.42",
    "Average loss trade:": "-36.50",
    "Maximum consecutive wins ($):": "2 (139.25)",
    "Maximum consecutive losses ($):": "2 (-71.00)",
  };
  const closed = (number: string, from: number, to: number, change: Parameters<typeof position>[0]) =>
    position({ ticket: number, opened: at(from), closed: at(to), ...change });
  const page = html([
    account("Hedge"),
    positionHeadings,
    closed("901", 1, 2, { commission: "-1.00", profit: "100.00" }),
    closed("902", 3, 5, { type: "sell", volume: "0.20", commission: "-1.00", swap: "-0.75", profit: "30.00" }),
    closed("903", 6, 8, { commission: "-0.50", profit: "-60.00" }),
    closed("904", 7, 8, { type: "sell", commission: "-0.50", profit: "0.00" }),
    dealHeadings,
    ["2026.01.05 09:00:00", "801", "", "balance", "", "", "", "", "0.00", "0.00", "0.00", "1 000.00", "1 000.00", ""],
    ...rows,
    ...results(printed),
  ]);

  test("counts closing deals, and what entries cost is a loss of no trade; its drawdown is the balance's: with these, all is what it prints", async () => {
    using file = new TemporaryFile("report.html", page);
    await expectHistory(file.path);
  });

  test("our trades: a position is one, with what its opening cost; the money is the same", async () => {
    using file = new TemporaryFile("report.html", page);
    const { trades } = await readAll(file.path);
    expect(sumUp(closedOf(trades), parseDecimal("1000"), zeroIsBreakeven).all).toMatchObject({
      trades: 4,
      wins: 2,
      losses: 2,
      net_pnl: "66.25",
      gross_profit: "127.25",
      gross_loss: "61",
    });
  });
});

async function expectHistory(path: string): Promise<void> {
  const { contents } = (await readAll(path)).recognised;
  const summed = sumUp(closingDeals(contents), depositOf(contents));
  const { all } = sumUp(balanceCourse(contents), depositOf(contents));
  const sums = sums5(summed, entryCosts(contents));
  const net = parseDecimal(String(sums["Total Net Profit:"]?.[0]));
  const recovery = formatDecimal((net * 10n ** 18n) / parseDecimal(all.max_drawdown ?? "0"));
  await expectPrinted(path, {
    ...figures5(summed),
    ...sums,
    ...streaks5(summed),
    ...drawdown5(all),
    "Recovery Factor:": [recovery],
  });
}

describe("MetaTrader 5, the strategy tester", () => {
  /** The thirty trades of an article of MetaQuotes (mql5.com, 1492), which prints these figures of them. */
  const nets =
    "-17.08 -41.00 147.80 -159.96 216.97 98.30 -87.74 -27.84 12.34 48.14 -60.91 10.63 -125.42 -27.81 88.03 32.93 54.82 -160.10 -83.37 118.40 145.65 48.44 77.39 57.48 67.75 -127.10 -70.18 -127.61 31.31 -12.55".split(
      " ",
    );
  const printed = {
    "Total Net Profit:": "127.71",
    "Gross Profit:": "1 256.38",
    "Gross Loss:": "-1 128.67",
    "Profit Factor:": "1.11",
    "Expected Payoff:": "4.26",
    "Balance Drawdown Maximal:": "326.30 (43.80%)",
    "Balance Drawdown Relative:": "43.80% (326.30)",
    "Z-Score:": "-0.16 (0.00%)",
    "AHPR:": "1.0217 (2.17%)",
    "GHPR:": "1.0076 (0.76%)",
    "LR Correlation:": "0.49",
    "LR Standard Error:": "112.21",
    "Total Trades:": "30",
    "Short Trades (won %):": "0 (0.00%)",
    "Long Trades (won %):": "30 (53.33%)",
    "Profit Trades (% of total):": "16 (53.33%)",
    "Loss Trades (% of total):": "14 (46.67%)",
    "Largest profit trade:": "216.97",
    "Largest loss trade:": "-160.10",
    "Average profit trade:": "78.52",
    "Average loss trade:": "-80.62",
    "Maximum consecutive wins ($):": "6 (515.11)",
    "Maximum consecutive losses ($):": "3 (-324.89)",
  };
  const page = html(
    [
      ["Expert:", "Test"],
      ["Symbol:", "EURUSD"],
      ["Currency:", "USD"],
      ["Initial Deposit:", "500.00"],
      ["Leverage:", "1:100"],
      dealHeadings,
      ["2025.01.01 00:00:00", "1", "", "balance", "", "", "", "", "0.00", "0.00", "0.00", "500.00", "500.00", ""],
      ...nets.flatMap((profit, index) => {
        const day = `2025.01.${String(index + 1).padStart(2, "0")}`;
        const [opening, closing] = [String(2 * index + 2), String(2 * index + 3)];
        return [
          deal({ deal: opening, time: `${day} 10:00:00`, commission: "0.00" }),
          deal({ deal: closing, time: `${day} 12:00:00`, type: "sell", direction: "out", commission: "0.00", profit }),
        ];
      }),
      ...results(printed),
    ],
    { generator: "strategy tester" },
  );

  test("from our own trades, all is what it prints", async () => {
    using file = new TemporaryFile("tester.html", page);
    const { executions, recognised } = await readAll(file.path);
    const summed = sumUp(closedOf(derivedOf(executions)), depositOf(recognised.contents));
    zConfidence = "0";
    await expectPrinted(file.path, {
      ...figures5(summed),
      ...sums5(summed, 0n),
      ...streaks5(summed),
      ...drawdown5(summed.all),
      ...course5(summed.all),
    });
  });
});

/** Reports of real terminals, which are not part of this project: `AMI_SAMPLES` says where they are. */
const samples = process.env.AMI_SAMPLES;
/** They hold thousands of rows, and machines are slow and busy. */
setDefaultTimeout(60_000);
const folder = join(samples ?? "", "metatrader");

describe.skipIf(samples === undefined)("a real report", () => {
  test("MetaTrader 4, detailed: tickets, zero as profit, later deposits left out", async () => {
    const path = join(folder, "mt4_detailed-statement_ronnaru_JPY_2020.htm");
    const { contents } = (await readAll(path)).recognised;
    const summed = sumUp(tickets(contents), depositOf(contents));
    await expectPrinted(path, {
      ...figures4(summed),
      "Relative Drawdown:": [percent(summed.all.max_drawdown_pct), summed.all.max_drawdown ?? ""],
    });
  });

  test("MetaTrader 4, detailed: our trades are two fewer, since two partial closes are part of theirs", async () => {
    const path = join(folder, "mt4_detailed-statement_ronnaru_JPY_2020.htm");
    const { all } = sumUp(closedOf((await readAll(path)).trades), null, zeroIsBreakeven);
    expect(all.trades).toBe(1_759);
    await expectPrinted(path, { "Total Net Profit:": [all.net_pnl ?? ""] });
  });

  test("MetaTrader 4, a statement: it prints its closed result alone", async () => {
    const path = join(folder, "mt4_statement_ronnaru_JPY_2019.htm");
    const { all } = sumUp(closedOf((await readAll(path)).trades), null);
    await expectPrinted(path, { "Closed P/L:": [all.net_pnl ?? ""], "Closed Trade P/L:": [all.net_pnl ?? ""] });
  });

  test("MetaTrader 5, hedging: closing deals, entry costs as losses of no trade, drawdown of the balance", async () => {
    await expectHistory(join(folder, "mt5_report-history_FTMO_hedge_2026.html"));
  });

  test("MetaTrader 5, hedging: our trades lack what the opening of open positions cost", async () => {
    const path = join(folder, "mt5_report-history_FTMO_hedge_2026.html");
    const { recognised, trades } = await readAll(path);
    const { deals, open } = recognised.contents;
    const opening = deals.filter(({ direction, order }) => direction === "in" && open.has(order));
    const { all } = sumUp(closedOf(trades), null);
    expect([all.trades, opening.length]).toEqual([197, 1]);
    const net = opening.reduce((sum, one) => sum + resultOf(one), parseDecimal(all.net_pnl ?? "0"));
    await expectPrinted(path, { "Total Net Profit:": [formatDecimal(net)] });
  });

  test("MetaTrader 5, tester: closing deals; of two equally long streaks it prints the one of more money", async () => {
    const path = join(folder, "mt5_strategy-tester_exness_GBPUSD_179.html");
    const { contents } = (await readAll(path)).recognised;
    const summed = sumUp(closingDeals(contents), depositOf(contents));
    zConfidence = "3.99";
    await expectPrinted(path, {
      ...figures5(summed),
      ...sums5(summed, 0n),
      ...drawdown5(summed.all),
      ...course5(summed.all),
    });
    expect(summed.all).toMatchObject({
      longest_win_streak: 3,
      longest_win_streak_pnl: "104.4",
      longest_loss_streak: 11,
      longest_loss_streak_pnl: "-225.7",
    });
    const printed = await printedIn(path);
    expect(printed("Maximum consecutive wins ($):")).toBe("3 (213.60)");
    expect(printed("Maximum consecutive losses ($):")).toBe("11 (-316.30)");
  });

  test("MetaTrader 5, tester: its recovery factor is by the drawdown of the equity, ours by that of closed trades", async () => {
    const path = join(folder, "mt5_strategy-tester_exness_GBPUSD_179.html");
    const { all } = sumUp(closingDeals((await readAll(path)).recognised.contents), null);
    const printed = await printedIn(path);
    const equity = parseDecimal(/^[\d.]+/.exec(printed("Equity Drawdown Maximal:"))?.[0] ?? "0");
    const theirs = (parseDecimal(all.net_pnl ?? "0") * 10n ** 18n) / equity;
    await expectPrinted(path, { "Recovery Factor:": [formatDecimal(theirs)] });
    expect(all.recovery_factor).toBe("3.5211039");
  });

  test("MetaTrader 5, tester: our trades are twelve fewer, since positions of one symbol that overlap are one round trip", async () => {
    const path = join(folder, "mt5_strategy-tester_exness_GBPUSD_179.html");
    const { all } = sumUp(closedOf(derivedOf((await readAll(path)).executions)), null);
    expect(all.trades).toBe(167);
    await expectPrinted(path, { "Total Net Profit:": [all.net_pnl ?? ""] });
  });

  test("MetaTrader 5, a sheet", async () => {
    await expectHistory(join(folder, "mt5_report-history_EN_2022.xlsx"));
  });
});
