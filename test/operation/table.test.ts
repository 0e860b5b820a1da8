import { expect, test } from "bun:test";
import { renderTable, type Table } from "../../src/operation/table.ts";

const table: Table = {
  columns: [
    { title: "ACCOUNT" },
    { title: "NEW", align: "right" },
    { title: "NET PNL", align: "right" },
    { title: "NOTE" },
  ],
  rows: [
    ["7 binance", "1200", "-12.50 USDT", ""],
    ["8 日本", "3", { text: "0.1 BTC", color: "green" }, { text: "auth failed", color: "red" }],
  ],
};

test("columns stand under their titles, numbers right, without blanks at the end", () => {
  expect(renderTable(table, { columns: 80, color: false })).toBe(
    [
      "ACCOUNT     NEW      NET PNL  NOTE",
      "7 binance  1200  -12.50 USDT",
      "8 日本        3      0.1 BTC  auth failed",
      "",
    ].join("\n"),
  );
});

test("colors change nothing of the layout", () => {
  const colored = renderTable(table, { columns: 80, color: true });
  expect(colored).toContain("\u001b[31mauth failed\u001b[39m");
  expect(colored).toContain("\u001b[1mACCOUNT\u001b[22m");
  expect(Bun.stripANSI(colored).replace(/ +$/gm, "")).toBe(renderTable(table, { columns: 80, color: false }));
});

test("the widest columns give way to a narrow terminal", () => {
  const wide: Table = {
    columns: [{ title: "FILE" }, { title: "ROWS", align: "right" }],
    rows: [["x".repeat(60), "12"]],
  };
  expect(renderTable(wide, { columns: 20, color: false })).toBe(`FILE            ROWS\n${"x".repeat(13)}…    12\n`);
});

test("a number is never cut, and a terminal of no width at all still gets its table", () => {
  const narrow = renderTable(table, { columns: 1, color: false });
  expect(narrow.split("\n")).toEqual([
    "ACCOUNT    NEW      NET PNL  NOTE",
    "7 binan…  1200  -12.50 USDT",
    "8 日本       3      0.1 BTC  auth fa…",
    "",
  ]);
});

test("a missing cell is empty, and nothing in a cell moves the cursor", () => {
  const odd: Table = { columns: [{ title: "A" }, { title: "B" }], rows: [["x\ny\u001b[2J"]] };
  expect(renderTable(odd, { columns: 80, color: false })).toBe("A        B\nx y [2J\n");
});

test("an id is never cut: where there is no room for it, the others stand below", () => {
  const accounts: Table = {
    columns: [{ title: "account", whole: true }, { title: "new", align: "right" }, { title: "status" }],
    rows: [["a-long-account-id", "12", "ok"]],
    stacks: true,
  };
  expect(renderTable(accounts, { columns: 30, color: false })).toBe(
    "account            new  status\na-long-account-id   12  ok\n",
  );
  expect(renderTable(accounts, { columns: 20, color: false })).toBe("account a-long-account-id\n  new 12, status ok\n");
});
