import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { DealRow } from "../../../src/brokers/metatrader/records.ts";
import { absolute, type Decimal, divideRounded, formatDecimal, parseDecimal } from "../../../src/executions/decimal.ts";
import { accountedFor, readAll } from "./golden.ts";

/**
 * Reports of real terminals, which are not part of this project: `AMI_SAMPLES` says where they are. What is expected of them is what
 * they print about themselves. The terminals count in their own way, which is worked out here from our trades and rows:
 * - a result of zero is a profit trade;
 * - MetaTrader 4: a ticket is a trade, also where a partial close made several of one position; result = commission + taxes + swap + profit;
 *   in the order of closing; the drawdown starts at the first deposit and ignores later ones;
 * - MetaTrader 5: a closing deal is a trade; what entry deals cost goes into the gross loss; the drawdown runs over the column of balances.
 */
/** Real reports hold thousands of rows, and machines are slow and busy. */
setDefaultTimeout(60_000);
const samples = process.env.AMI_SAMPLES;
const folder = join(samples ?? "", "metatrader");

describe.skipIf(samples === undefined)("a real report", () => {
  const detailed = "mt4_detailed-statement_ronnaru_JPY_2020.htm";
  const statement = "mt4_statement_ronnaru_JPY_2019.htm";
  const hedged = "mt5_report-history_FTMO_hedge_2026.html";
  const tester = "mt5_strategy-tester_exness_GBPUSD_179.html";
  const sheet = "mt5_report-history_EN_2022.xlsx";
  const positions = "mt5_positions_xauusd_2026.csv";

  test.each([
    // file, rows, imported, trades, executions
    [detailed, 1921, 1761, 1759, 0],
    [statement, 782, 729, 727, 0],
    [hedged, 1131, 197, 197, 0],
    [tester, 717, 358, 0, 358],
    [sheet, 17, 3, 3, 0],
    [positions, 345, 345, 345, 0],
  ])("%s: %d rows, all accounted for", async (file, rows, imported, tradeCount, executionCount) => {
    const { report, trades, executions } = await readAll(join(folder, file));
    expect(report).toMatchObject({ rows, imported, rejected: 0, problems: [] });
    expect(accountedFor(report)).toBe(rows);
    expect([trades.length, executions.length]).toEqual([tradeCount, executionCount]);
    expect(new Set([...trades, ...executions].map(({ externalId }) => externalId)).size).toBe(
      tradeCount + executionCount,
    );
  });

  test("MetaTrader 4: the detailed statement's figures", async () => {
    const { recognised, trades } = await readAll(join(folder, detailed));
    const prints = await printed(join(folder, detailed), "utf-8");
    const { closed, entries } = recognised.contents;
    const tickets = closed
      .toSorted((a, b) => a.closedWallMs - b.closedWallMs)
      .map(({ direction, commission, taxes, swap, profit }) => ({
        direction,
        result: commission + taxes + swap + profit,
      }));
    const results = tickets.map(({ result }) => result);
    const net = sum(trades.map(({ netPnl }) => netPnl ?? 0n));
    const { profit, loss, wins, losses } = split(results);
    expect(money(net)).toBe(prints.number("Total Net Profit:"));
    expect(money(net)).toBe(prints.number("Closed P/L:"));
    expect(money(profit)).toBe(prints.number("Gross Profit:"));
    expect(money(-loss)).toBe(prints.number("Gross Loss:"));
    expect(ratio(profit, -loss)).toBe(prints.text("Profit Factor:"));
    expect(ratio(net, count(results))).toBe(prints.text("Expected Payoff:"));
    expect(String(results.length)).toBe(prints.text("Total Trades:"));
    expect(share(wins, results)).toBe(prints.text("Profit Trades (% of total):"));
    expect(share(losses, results)).toBe(prints.text("Loss trades (% of total):"));
    for (const [direction, label] of [
      ["short", "Short"],
      ["long", "Long"],
    ] as const) {
      const own = tickets.filter((ticket) => ticket.direction === direction).map(({ result }) => result);
      const won = percent(own.filter((result) => result >= 0n).length, own.length);
      expect(`${own.length} (${won})`).toBe(prints.text(`${label} Positions (won %):`));
    }
    expect(money(ordered(results).at(-1) ?? 0n)).toBe(prints.number("profit trade:"));
    expect(money(ordered(results)[0] ?? 0n)).toBe(prints.number("loss trade:"));
    expect(streak(results, (result) => result >= 0n)).toBe(prints.number("consecutive wins ($):"));
    expect(streak(results, (result) => result < 0n)).toBe(prints.number("consecutive losses ($):"));
    const start = entries.toSorted((a, b) => a.wallMs - b.wallMs)[0]?.amount ?? 0n;
    const course = [start];
    for (const result of results) course.push((course.at(-1) ?? 0n) + result);
    const { maximal, lowest } = drawdown(course);
    expect(`${money(maximal.amount)} (${maximal.percent})`).toBe(prints.number("Maximal Drawdown:"));
    expect(money(start - lowest)).toBe(prints.number("Absolute Drawdown:"));
  });

  test("MetaTrader 4: the statement's closed result and sums", async () => {
    const { trades } = await readAll(join(folder, statement));
    const prints = await printed(join(folder, statement), "utf-8");
    const net = sum(trades.map(({ netPnl }) => netPnl ?? 0n));
    expect(money(net)).toBe(prints.number("Closed P/L:"));
    expect(money(net)).toBe(prints.number("Closed Trade P/L:"));
  });

  test("MetaTrader 4: a later statement of the account gives the same trades under the same ids", async () => {
    const [earlier, later] = [await readAll(join(folder, statement)), await readAll(join(folder, detailed))];
    const byId = new Map(later.trades.map((trade) => [trade.externalId, trade]));
    const again = earlier.trades.map(({ externalId }) => byId.get(externalId) ?? null);
    expect(again.filter((trade) => trade === null)).toEqual([]);
    expect(earlier.trades.map(({ netPnl, revision }) => [netPnl, revision])).toEqual(
      again.map((trade) => [trade?.netPnl ?? null, trade?.revision ?? 0]),
    );
  });

  test("MetaTrader 5: the hedged history's figures", async () => {
    const { recognised, trades } = await readAll(join(folder, hedged));
    const prints = await printed(join(folder, hedged), "utf-16le");
    const { deals, entries, open } = recognised.contents;
    const net = sum(trades.map(({ netPnl }) => netPnl ?? 0n));
    // The terminal charges the opening of what is still open at once; our trade of it comes when it is closed.
    const stillOpen = deals.filter(({ direction, order }) => direction === "in" && open.has(order));
    expect(money(net + sum(stillOpen.map(resultOf)))).toBe(prints.number("Total Net Profit:"));
    figuresOfDeals(deals, prints);
    const first = entries[0]?.amount ?? 0n;
    const { maximal, lowest } = drawdown([first, ...deals.map(({ balance }) => balance ?? 0n)]);
    expect(`${money(maximal.amount)} (${maximal.percent})`).toBe(prints.number("Balance Drawdown Maximal:"));
    expect(money(first - lowest)).toBe(prints.number("Balance Drawdown Absolute:"));
  });

  test("MetaTrader 5: the strategy tester's figures", async () => {
    const { recognised, executions } = await readAll(join(folder, tester));
    const prints = await printed(join(folder, tester), "utf-16le");
    expect(prints.text("Currency:")).toBe("profit in pips");
    expect(recognised).toMatchObject({ currency: "PIPS", warnings: [expect.stringContaining("no money")] });
    const results = executions.map(({ realizedPnl, fee, type }) =>
      type === "funding" ? -(fee ?? 0n) : (realizedPnl ?? 0n) - (fee ?? 0n),
    );
    expect(money(sum(results))).toBe(prints.number("Total Net Profit:"));
    expect(String(executions.length)).toBe(prints.text("Total Deals:"));
    const { deals, entries } = recognised.contents;
    figuresOfDeals(deals, prints);
    const first = entries[0]?.amount ?? 0n;
    const { maximal } = drawdown([first, ...deals.map(({ balance }) => balance ?? 0n)]);
    expect(`${money(maximal.amount)} (${maximal.percent})`).toBe(prints.number("Balance Drawdown Maximal:"));
  });

  test("MetaTrader 5: the sheet says the same as its summary", async () => {
    const { recognised, trades } = await readAll(join(folder, sheet));
    const { closed, header } = recognised.contents;
    expect(header).toMatchObject({ currency: "USD", accounting: "hedging" });
    const lastBalance = recognised.contents.deals.at(-1)?.balance ?? 0n;
    const deposit = recognised.contents.entries[0]?.amount ?? 0n;
    expect(sum(trades.map(({ netPnl }) => netPnl ?? 0n))).toBe(lastBalance - deposit);
    // A sheet holds doubles: the prices are those of the terminal again, five digits at most.
    for (const { entryPrice, exitPrice } of closed) {
      expect(formatDecimal(entryPrice)).toMatch(/^\d+(\.\d{1,5})?$/);
      expect(formatDecimal(exitPrice)).toMatch(/^\d+(\.\d{1,5})?$/);
    }
  });
});

function figuresOfDeals(deals: readonly DealRow[], prints: Printed): void {
  const closing = deals.filter(({ direction }) => direction !== "in");
  const results = closing.map(resultOf);
  const entryCosts = sum(deals.filter(({ direction }) => direction === "in").map(resultOf));
  const { profit, loss, wins, losses } = split(results);
  const net = profit + loss + entryCosts;
  expect(money(profit)).toBe(prints.number("Gross Profit:"));
  expect(money(loss + entryCosts)).toBe(prints.number("Gross Loss:"));
  expect(ratio(profit, -(loss + entryCosts))).toBe(prints.text("Profit Factor:"));
  expect(ratio(net, count(results))).toBe(prints.text("Expected Payoff:"));
  expect(String(results.length)).toBe(prints.text("Total Trades:"));
  expect(share(wins, results)).toBe(prints.text("Profit Trades (% of total):"));
  expect(share(losses, results)).toBe(prints.text("Loss Trades (% of total):"));
  expect(money(ordered(results).at(-1) ?? 0n)).toBe(prints.number("Largest profit trade:"));
  expect(money(ordered(results)[0] ?? 0n)).toBe(prints.number("Largest loss trade:"));
  expect(streak(results, (result) => result >= 0n)).toBe(prints.number("Maximum consecutive wins ($):"));
  expect(streak(results, (result) => result < 0n)).toBe(prints.number("Maximum consecutive losses ($):"));
}

function ordered(results: readonly Decimal[]): Decimal[] {
  return results.toSorted((a, b) => (a < b ? -1 : 1));
}

/** The longest run and what it came to; of equally long ones the terminals show the one that came to more. */
function streak(results: readonly Decimal[], isOf: (result: Decimal) => boolean): string {
  let run = { length: 0, amount: 0n };
  let best = run;
  for (const result of results) {
    run = isOf(result) ? { length: run.length + 1, amount: run.amount + result } : { length: 0, amount: 0n };
    const isMore = run.length === best.length && absolute(run.amount) > absolute(best.amount);
    if (run.length > best.length || isMore) best = run;
  }
  return `${best.length} (${money(best.amount)})`;
}

function resultOf({ profit, swap, commission, fee }: DealRow): Decimal {
  return profit + swap + commission + fee;
}

function split(results: readonly Decimal[]) {
  const wins = results.filter((result) => result >= 0n);
  const losses = results.filter((result) => result < 0n);
  return { wins, losses, profit: sum(wins), loss: sum(losses) };
}

/** `maximal`: the largest fall from a peak, and its share of that peak. */
function drawdown(course: readonly Decimal[]) {
  let [peak, lowest] = [course[0] ?? 0n, course[0] ?? 0n];
  let maximal = { amount: 0n, percent: "0.00%" };
  for (const balance of course) {
    if (balance > peak) peak = balance;
    if (balance < lowest) lowest = balance;
    if (peak - balance > maximal.amount) {
      maximal = { amount: peak - balance, percent: `${hundredths((peak - balance) * 100n, peak)}%` };
    }
  }
  return { maximal, lowest };
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function count(items: readonly unknown[]): Decimal {
  return parseDecimal(String(items.length));
}

function ratio(a: Decimal, b: Decimal): string {
  return hundredths(a, b);
}

function percent(part: number, whole: number): string {
  return `${hundredths(BigInt(part) * 100n, BigInt(whole))}%`;
}

function share(part: readonly unknown[], whole: readonly unknown[]): string {
  return `${part.length} (${percent(part.length, whole.length)})`;
}

/** a / b with two digits behind the point, as terminals print it. */
function hundredths(a: bigint, b: bigint): string {
  const value = divideRounded(a * 100n, b);
  const digits = absolute(value).toString().padStart(3, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Without zeros at the end, as `Printed.number` gives it too. */
function money(amount: Decimal): string {
  return formatDecimal(amount);
}

interface Printed {
  /** The cell behind the one with this label. */
  text: (label: string) => string;
  /** The same, its first number without blanks and without zeros at the end. */
  number: (label: string) => string;
}

async function printed(path: string, encoding: "utf-8" | "utf-16le"): Promise<Printed> {
  const page = new TextDecoder(encoding).decode(await Bun.file(path).bytes());
  const cells = [...page.matchAll(/<t[dh]\b[^>]*>([\s\S]*?)<\/t[dh]>/g)].map(([, content = ""]) =>
    content
      .replace(/<[^>]*>/g, "")
      .replaceAll("&nbsp;", " ")
      .trim(),
  );
  const text = (label: string): string => {
    const at = cells.indexOf(label);
    if (at < 0) throw new Error(`${path} prints no "${label}"`);
    return cells.slice(at + 1).find((cell) => cell !== "") ?? "";
  };
  const number = (label: string) =>
    text(label).replace(/-?\d[\d ]*(?:\.\d+)?(?=$| \()|(?<=\()-?\d[\d ]*(?:\.\d+)?(?=\))/g, (value) =>
      formatDecimal(parseDecimal(value.replaceAll(" ", ""))),
    );
  return { text, number };
}
