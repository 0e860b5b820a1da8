import { describe, expect, test } from "bun:test";
import { formatDecimal } from "../../../src/executions/decimal.ts";
import { accountedFor, plain, readAll, TemporaryFile } from "./golden.ts";
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

const read = async (content: string | Uint8Array, name = "report.html") => {
  using file = new TemporaryFile(name, content);
  return await readAll(file.path, { timezone: "UTC" });
};

const positions = (rows: CellSpec[][]) => html([account("Hedge"), positionHeadings, ...rows]);
const deals = (rows: CellSpec[][], mode: "Netting" | null = "Netting") => html([account(mode), dealHeadings, ...rows]);
const tickets = (rows: CellSpec[][]) =>
  html([statement(), ticketHeadings, ...rows], { generator: "MetaQuotes Software Corp." });

describe("a row that cannot be read", () => {
  test.each([
    ["a ticket with a letter", { ticket: "70l" }, "not_a_number", "Position", "70l"],
    ["no ticket", { ticket: "" }, "empty", "Position", ""],
    [
      "a time with day and month swapped",
      { opened: "2026.31.12 10:00:00" },
      "not_a_time",
      "Time",
      "2026.31.12 10:00:00",
    ],
    ["a day that no month has", { opened: "2026.02.30 10:00:00" }, "not_a_time", "Time", "2026.02.30 10:00:00"],
    ["a time in another order", { closed: "05.01.2026 12:00:00" }, "not_a_time", "Time", "05.01.2026 12:00:00"],
    ["a closing time that is none", { closed: "soon" }, "not_a_time", "Time", "soon"],
    ["no closing time", { closed: "" }, "empty", "Time", ""],
    ["a closing before the opening", { closed: "2026.01.05 09:59:59" }, "time_order", "Time", "2026.01.05 09:59:59"],
    ["another side", { type: "hold" }, "unknown_value", "Type", "hold"],
    ["no volume", { volume: "0.00" }, "not_positive", "Volume", "0.00"],
    ["a volume below zero", { volume: "-0.10" }, "not_positive", "Volume", "-0.10"],
    ["a price with two points", { entry: "1.100.00" }, "not_a_number", "Price", "1.100.00"],
    ["a price with a decimal comma", { exit: "1,1" }, "not_a_number", "Price", "1,1"],
    ["a stop that is a word", { stop: "none" }, "not_a_number", "S / L", "none"],
    ["a commission that is a word", { commission: "free" }, "not_a_number", "Commission", "free"],
    ["a swap that is a word", { swap: "n/a" }, "not_a_number", "Swap", "n/a"],
    ["a profit that is a word", { profit: "much" }, "not_a_number", "Profit", "much"],
    ["no profit", { profit: "" }, "empty", "Profit", ""],
    ["no symbol", { symbol: "" }, "empty", "Symbol", ""],
    ["a symbol of 65 letters", { symbol: "X".repeat(65) }, "too_long", "Symbol", "X".repeat(65)],
    ["a year before MetaTrader", { opened: "1999.12.31 10:00:00" }, "time_out_of_range", null, null],
  ])("position with %s: code, column and what it said", async (_name, change, code, column, said) => {
    const { report, trades } = await read(
      positions([position({ ticket: "700" }), position(change), position({ ticket: "702" })]),
    );
    expect(report).toMatchObject({ rows: 3, imported: 2, rejected: 1 });
    expect(report.problems).toMatchObject([{ line: 7, code, column, said }]);
    expect(trades.map(({ externalId }) => externalId)).toEqual([
      "trade:metatrader:forex:EURUSD:700",
      "trade:metatrader:forex:EURUSD:702",
    ]);
  });

  test.each([
    ["a direction of another kind", { direction: "over" }, "unknown_value", "Direction"],
    ["no deal number", { deal: "" }, "empty", "Deal"],
    ["another type", { type: "swap" }, "unknown_value", "Type"],
    ["a volume of nothing", { volume: "0" }, "not_positive", "Volume"],
    ["a price below zero", { price: "-5" }, "negative", null],
    ["a fee that is a word", { fee: "x" }, "not_a_number", "Fee"],
    ["a balance that is a word", { balance: "x" }, "not_a_number", "Balance"],
    ["a time that is none", { time: "yesterday" }, "not_a_time", "Time"],
  ])("deal with %s", async (_name, change, code, column) => {
    const { report, executions } = await read(deals([deal({ deal: "800" }), deal(change)]));
    expect(report).toMatchObject({ rows: 2, imported: 1, rejected: 1 });
    expect(report.problems).toMatchObject([{ line: 7, code, column }]);
    expect(executions.map(({ externalId }) => externalId)).toEqual(["metatrader:forex:EURUSD:800"]);
  });

  test.each([
    ["a size that is a word", { size: "big" }, "not_a_number", "Size"],
    ["a size of nothing, with money", { size: "0.00" }, "not_positive", null],
    ["a size below zero", { size: "-1" }, "not_positive", "Size"],
    ["taxes that are a word", { taxes: "no" }, "not_a_number", "Taxes"],
    ["no profit", { profit: "" }, "empty", "Profit"],
    ["a profit that is a word", { profit: "12x" }, "not_a_number", "Profit"],
    ["a type with a slip", { type: "sel" }, "unknown_value", "Type"],
  ])("ticket with %s", async (_name, change, code, column) => {
    const { report } = await read(tickets([ticket({ ticket: "600" }), ticket(change)]));
    expect(report).toMatchObject({ rows: 2, imported: 1, rejected: 1 });
    expect(report.problems).toMatchObject([{ line: 7, code, column }]);
  });

  test("of what is open twice is accounted for twice", async () => {
    const open = [...position().slice(0, 8), "1.10400", "0.00", "40.00"];
    const { report, recognised } = await read(positions([open, open]));
    expect(report.skipped.get("open position: not closed yet")).toEqual({ count: 2, lines: [6, 7] });
    expect(report.rows).toBe(recognised.contents.rows);
  });

  test("of many damaged cells is still accounted for", async () => {
    const broken = position({ opened: "?", ticket: "?", type: "?" });
    const { report } = await read(positions([position(), broken]));
    expect(report).toMatchObject({ rows: 2, imported: 1, rejected: 1 });
    expect(report.problems).toMatchObject([{ line: 7, code: "unknown_row" }]);
  });

  test("of a table that is not imported costs nothing", async () => {
    const page = html([account("Hedge"), positionHeadings, position(), dealHeadings, deal({ profit: "x" })]);
    const { report } = await read(page);
    expect(report).toMatchObject({ rows: 2, imported: 1, rejected: 0 });
    expect(report.skipped.get("unreadable row of a table that is not imported (deals)")).toEqual({
      count: 1,
      lines: [8],
    });
  });

  test("with an amount too many is refused: a swap is never taken for a profit", async () => {
    const headings = [...dealHeadings.slice(0, 12), "Balance"];
    const row = (change: Parameters<typeof deal>[0]) => deal(change).slice(0, 13);
    const named = await read(html([account("Netting"), headings, row({ fee: "-1.00", profit: "5.00" })]));
    expect(named.executions[0]).toMatchObject({ realizedPnl: 5n * 10n ** 18n, fee: 135n * 10n ** 16n });
    const unnamed = [...dealHeadings.slice(0, 12), "Xyz"];
    const { report } = await read(html([account("Netting"), unnamed, row({ deal: "800" })]));
    expect(report.problems).toMatchObject([{ code: "column_count", column: "Commission" }]);
  });
});

describe("columns that builds and brokers add", () => {
  test("a fee, a comment at the end, a comment before the volume", async () => {
    const amounts = positionHeadings.slice(0, 10);
    const row = position().slice(0, 10);
    const withFee = await read(
      html([
        account("Hedge"),
        [...amounts, "Commission", "Fee", "Swap", "Profit"],
        [...row, "-1.00", "-0.25", "-0.10", "50.00"],
      ]),
    );
    expect(withFee.trades.map(plain)).toMatchObject([{ fees: "1.25", funding: "0.1", grossPnl: "50" }]);
    const withComment = await read(
      html([
        account("Hedge"),
        [...amounts, "Комиссия", "Своп", "Прибыль", "Комментарий"],
        [...row, "-1.00", "-0.10", "50.00", "12345"],
      ]),
    );
    expect(withComment.trades.map(plain)).toMatchObject([{ fees: "1", funding: "0.1", grossPnl: "50" }]);
    const before = ["Time", "Position", "Symbol", "Type", "Comment", ...positionHeadings.slice(4)];
    const cells = position();
    const shifted = await read(html([account("Hedge"), before, [...cells.slice(0, 4), "my note", ...cells.slice(4)]]));
    expect(shifted.trades.map(plain)).toMatchObject([
      { quantity: "0.1", entryPrice: "1.1", exitPrice: "1.105", initialStop: "1.09" },
    ]);
  });

  test("cells that the page hides are none", async () => {
    const hidden = { text: "9.99", hidden: true, columns: 2 };
    const cells = deal({ commission: "-1.00", fee: "-0.50" });
    const row = [...cells.slice(0, 8), hidden, ...cells.slice(8)];
    const { executions } = await read(deals([row]));
    expect(executions.map(plain)).toMatchObject([{ fee: "1.5", realizedPnl: "0" }]);
  });

  test("a statement without taxes", async () => {
    const headings = ticketHeadings.filter((heading) => heading !== "Taxes");
    const cells = ticket({ commission: "-2.00", swap: "-1.00" });
    const { trades } = await read(html([statement(), headings, [...cells.slice(0, 11), ...cells.slice(12)]]));
    expect(trades.map(plain)).toMatchObject([{ fees: "2", funding: "1", grossPnl: "500" }]);
  });
});

describe("initial risk", () => {
  test.each([
    // The stop 0.01 away, 0.005 won 50: 100.
    ["a long position", {}, "100"],
    ["a loss", { exit: "1.09500", profit: "-50.00" }, "100"],
    ["a short position", { type: "sell", stop: "1.11000", exit: "1.09500" }, "100"],
    ["a profit in another currency", { profit: "41.37" }, "82.74"],
    ["no stop", { stop: "" }, null],
    ["a stop of zero", { stop: "0.00000" }, null],
    ["a stop that was moved to the entry", { stop: "1.10000" }, null],
    ["a stop that was moved past the entry", { stop: "1.10300" }, null],
    ["a price that did not move", { exit: "1.10000", profit: "0.00" }, null],
    ["a profit against the price's move", { profit: "-50.00" }, null],
    ["a profit of nothing", { profit: "0.00" }, null],
  ])("of %s", async (_name, change, risk) => {
    const { trades } = await read(positions([position(change)]));
    const value = trades[0]?.initialRisk ?? null;
    expect(value === null ? null : formatDecimal(value)).toBe(risk);
  });

  test("is that of the stop which the opening order had, not the last one", async () => {
    const orderHeadings = [...positionHeadings.slice(0, 9), "State", "Comment"];
    const order = [
      "2026.01.05 10:00:00",
      "701",
      "EURUSD",
      "buy",
      "0.10 / 0.10",
      "market",
      "1.08000",
      "1.12000",
      "2026.01.05 10:00:00",
      "filled",
      "",
    ];
    const page = html([account("Hedge"), positionHeadings, position({ stop: "1.10400" }), orderHeadings, order]);
    expect((await read(page)).trades.map(plain)).toMatchObject([
      { initialStop: "1.08", takeProfit: "1.12", initialRisk: "200" },
    ]);
  });
});

describe("tickets of MetaTrader 4", () => {
  const first = () =>
    ticket({ ticket: "11", size: "0.30", exit: "2 640.00", profit: "300.00", commission: "-3.00" }, "to #12");
  const second = () =>
    ticket(
      { ticket: "12", size: "0.15", closed: "2026.01.06 12:00:00", exit: "2 655.00", profit: "-75.00", swap: "1.50" },
      "from #11",
    );
  const third = () =>
    ticket(
      { ticket: "13", size: "0.05", closed: "2026.01.07 12:00:00", exit: "2 650.00", profit: "0.00" },
      "from #12[sl]",
    );

  test("that partial closes made are one trade, in any order", async () => {
    const whole = {
      externalId: "trade:metatrader:cfd:XAUUSD:11",
      revision: 3,
      quantity: "0.5",
      exitPrice: "2645.5",
      grossPnl: "225",
      fees: "3",
      funding: "-1.5",
      netPnl: "223.5",
      openedAtMs: "2026-01-05T10:00:00.000Z",
      closedAtMs: "2026-01-07T12:00:00.000Z",
    };
    // `to #12` names the next one too, where the next one's own comment was overwritten.
    const middle = ticket(
      { ticket: "12", size: "0.15", closed: "2026.01.06 12:00:00", exit: "2 655.00", profit: "-75.00", swap: "1.50" },
      "to #13",
    );
    for (const rows of [
      [first(), second(), third()],
      [third(), second(), first()],
      [second(), third(), first()],
      [first(), middle, third()],
    ]) {
      const { trades, report } = await read(tickets(rows));
      expect(trades.map(plain)).toMatchObject([whole]);
      expect(report).toMatchObject({ rows: 3, imported: 3 });
    }
  });

  test("whose beginning lies before the report keep its id, and say less", async () => {
    const { trades } = await read(tickets([second()]));
    expect(trades.map(plain)).toMatchObject([
      { externalId: "trade:metatrader:cfd:XAUUSD:11", revision: 1, quantity: "0.15" },
    ]);
  });

  test("whose rest is open wait for it", async () => {
    const rest = ticket({ ticket: "12", size: "0.20", closed: "&nbsp;", profit: "10.00" });
    const { trades, report } = await read(tickets([first(), rest]));
    expect(trades).toEqual([]);
    expect(Object.fromEntries(report.skipped)).toEqual({
      "part of a position that is still open: imported when all of it is closed": { count: 1, lines: [6] },
      "open position: not closed yet": { count: 1, lines: [7] },
    });
  });

  test("are not joined by a comment that happens to name another position", async () => {
    const other = ticket({ ticket: "12", symbol: "EURUSD", entry: "1.1", exit: "1.2", profit: "1.00" }, "from #11");
    const { trades } = await read(tickets([first(), other]));
    expect(trades.map(({ externalId }) => externalId)).toEqual([
      "trade:metatrader:cfd:XAUUSD:11",
      "trade:metatrader:forex:EURUSD:12",
    ]);
  });

  test("that name each other in a circle are one trade all the same", async () => {
    const a = ticket({ ticket: "21", size: "0.10", profit: "1.00" }, "from #22");
    const b = ticket({ ticket: "22", size: "0.10", profit: "2.00", closed: "2026.01.05 13:00:00" }, "from #21");
    const { trades, report } = await read(tickets([a, b]));
    expect(report).toMatchObject({ rows: 2, imported: 2 });
    expect(trades.reduce((sum, { grossPnl }) => sum + (grossPnl ?? 0n), 0n)).toBe(3n * 10n ** 18n);
  });

  test("of an opposite ticket give their money to it", async () => {
    const closedBy = ticket({ ticket: "31", size: "0.00", profit: "0.00", swap: "-2.50" }, "close hedge by #32");
    const closing = ticket({ ticket: "32", type: "buy", size: "0.50", profit: "10.00" }, "close hedge by #31");
    const { trades, report } = await read(tickets([closedBy, closing]));
    expect(trades.map(plain)).toMatchObject([
      { externalId: "trade:metatrader:cfd:XAUUSD:32", quantity: "0.5", funding: "2.5", netPnl: "7.5" },
    ]);
    expect(report).toMatchObject({ rows: 2, imported: 2 });
  });

  test("with their comment in a row of its own", async () => {
    const comment = (text: string): CellSpec[] => [
      { text: "", columns: 9 },
      { text, columns: 5 },
    ];
    const bare = (change: Parameters<typeof ticket>[0]) => ticket(change);
    const rows = [
      bare({ ticket: "41", size: "0.30", profit: "3.00" }),
      comment("[tp] to #42"),
      bare({ ticket: "42", size: "0.20", profit: "2.00", closed: "2026.01.05 13:00:00" }),
      comment("from #41"),
    ];
    const { trades } = await read(tickets(rows));
    expect(trades.map(plain)).toMatchObject([
      { externalId: "trade:metatrader:cfd:XAUUSD:41", revision: 2, netPnl: "5" },
    ]);
  });

  test("that stand twice are one, and two of one number are refused", async () => {
    const { trades, report } = await read(tickets([ticket(), ticket(), ticket({ entry: "2 651.00" })]));
    expect(trades).toHaveLength(1);
    expect(report).toMatchObject({ rows: 3, imported: 1, rejected: 1 });
    expect(report.skipped.get("the same position again")).toEqual({ count: 1, lines: [7] });
    expect(report.problems).toMatchObject([{ line: 8, code: "duplicate_id", said: "601" }]);
  });
});

describe("deals", () => {
  test("of a reversal are a close and an opening, with the fee in shares", async () => {
    const rows = [
      deal({ deal: "1", volume: "0.30" }),
      deal({
        deal: "2",
        type: "sell",
        direction: "in/out",
        volume: "0.50",
        price: "1.10100",
        commission: "-0.70",
        profit: "30.00",
      }),
    ];
    const { executions, report } = await read(deals(rows));
    expect(executions.map(plain)).toMatchObject([
      { externalId: "metatrader:forex:EURUSD:1", positionSide: "long", quantity: "0.3" },
      {
        externalId: "metatrader:forex:EURUSD:2",
        side: "sell",
        positionSide: "long",
        quantity: "0.3",
        fee: "0.42",
        realizedPnl: "30",
      },
      {
        externalId: "metatrader:forex:EURUSD:flip:2",
        side: "sell",
        positionSide: "short",
        quantity: "0.2",
        fee: "0.28",
      },
    ]);
    expect(report).toMatchObject({ rows: 2, imported: 2 });
  });

  test("that reverse what the report does not show are refused", async () => {
    const { report, executions } = await read(deals([deal({ direction: "in/out" })]));
    expect(executions).toEqual([]);
    expect(report.problems).toMatchObject([{ code: "unknown_position", said: "in/out" }]);
  });

  test("that close what was opened before the report do not open the opposite", async () => {
    const { executions } = await read(deals([deal({ type: "sell", direction: "out", profit: "-3.00" })]));
    expect(executions.map(plain)).toMatchObject([{ side: "sell", positionSide: "long", realizedPnl: "-3" }]);
  });

  test("come in the order of their numbers within a second, whatever the order of the rows", async () => {
    const rows = [
      deal({ deal: "1001", direction: "out", type: "sell" }),
      deal({ deal: "999" }),
      deal({ deal: "1000" }),
    ];
    const { executions } = await read(deals(rows));
    expect(executions.map(({ externalId }) => externalId.split(":").at(-1))).toEqual(["999", "1000", "1001"]);
  });

  test("book their swap as funding, received or paid, right behind them", async () => {
    const { executions } = await read(
      deals([deal({ deal: "1" }), deal({ deal: "2", type: "sell", direction: "out", swap: "0.75" })]),
    );
    expect(executions.map(plain)).toMatchObject([
      { externalId: "metatrader:forex:EURUSD:1" },
      { externalId: "metatrader:forex:EURUSD:2", type: "fill" },
      {
        externalId: "metatrader:forex:EURUSD:swap:2",
        type: "funding",
        positionSide: "long",
        fee: "-0.75",
        feeAsset: "USD",
      },
    ]);
  });

  test("of a hedging account are left to its positions, which come when they are closed", async () => {
    const { executions, trades, report } = await read(html([account("Hedge"), dealHeadings, deal()]));
    expect([executions, trades]).toEqual([[], []]);
    expect([...report.skipped.keys()]).toEqual(["deal: its position is imported when it is closed"]);
  });
});

describe("identity", () => {
  test("does not depend on the zone", async () => {
    const page = html([
      account("Netting"),
      dealHeadings,
      deal(),
      deal({ deal: "802", type: "sell", direction: "out" }),
    ]);
    using file = new TemporaryFile("report.html", page);
    const [east, west] = [
      await readAll(file.path, { timezone: "+10:00" }),
      await readAll(file.path, { timezone: "-10:00" }),
    ];
    expect(east.executions.map(({ externalId }) => externalId)).toEqual(
      west.executions.map(({ externalId }) => externalId),
    );
    expect((west.executions[0]?.executedAtMs ?? 0) - (east.executions[0]?.executedAtMs ?? 0)).toBe(20 * 3_600_000);
  });

  test("of a strategy tester names the run, since each run counts from one", async () => {
    const run = (expert: string, deposit: string) =>
      html(
        [
          ["Expert:", expert],
          ["Symbol:", "EURUSD"],
          ["Currency:", "USD"],
          ["Deposit:", deposit],
          ["Leverage:", "1:100"],
          dealHeadings,
          deal({ deal: "2" }),
        ],
        { generator: "strategy tester" },
      );
    const idOf = async (page: string) => (await read(page)).executions[0]?.externalId;
    const id = await idOf(run("A", "1 000.00"));
    expect(id).toMatch(/^metatrader:forex:EURUSD:tester-[0-9a-f]{12}:2$/);
    expect(await idOf(run("A", "1000"))).toBe(id as string);
    expect(await idOf(run("B", "1 000.00"))).not.toBe(id);
  });
});

describe("a growing report", () => {
  test("gives the same trades again, and the new ones", async () => {
    const before = await read(positions([position({ ticket: "1" }), position({ ticket: "2" })]));
    const after = await read(
      positions([position({ ticket: "1" }), position({ ticket: "2" }), position({ ticket: "3" })]),
    );
    expect(after.trades.slice(0, 2)).toEqual(before.trades);
    expect(after.trades).toHaveLength(3);
  });
});

describe("pages", () => {
  test("hold a thousand at most, and rows add up between two of them", async () => {
    const rows = Array.from({ length: 2_500 }, (_, index) => position({ ticket: String(index + 1) }));
    using file = new TemporaryFile("report.html", positions(rows));
    const { readReport, recogniseReport } = await import("../../../src/brokers/metatrader/report.ts");
    const { createFileReport } = await import("../../../src/brokers/csv/report.ts");
    const recognised = await recogniseReport(file.path, { name: "report.html", timezone: "UTC" });
    if (recognised === null) throw new Error("not recognised");
    const report = createFileReport();
    const sizes: number[] = [];
    for await (const page of readReport(recognised, report)) {
      sizes.push(page.trades.length);
      expect(accountedFor(report)).toBe(report.rows);
    }
    expect(sizes).toEqual([1_000, 1_000, 500]);
    expect(report).toMatchObject({ rows: 2_500, imported: 2_500 });
  });
});
