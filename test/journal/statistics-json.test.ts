import { expect, test } from "bun:test";
import { statisticsJson } from "../../src/journal/statistics-json.ts";
import { summarise } from "../../src/statistics/summary.ts";
import { stamp, trade, user } from "../statistics/trades.ts";
import { statisticsOf } from "./samples.ts";

const won = trade({ netPnl: "12.5" });
const lost = trade({ netPnl: "-7", pnlCurrency: "EUR" });

test.each([
  ["one currency, which is the base", summarise([won], user, stamp)],
  ["two currencies", summarise([won, lost], user, stamp)],
  ["two currencies and no base", summarise([won, { ...lost, pnlInBaseCurrency: null }], user, stamp)],
  ["no trades", summarise([], user, stamp)],
  ["others' keys", { ...statisticsOf(3), something: undefined, more: 'a "b"' }],
])("statistics of %s are the JSON that JSON.stringify makes", (_name, statistics) => {
  expect(statisticsJson(statistics)).toBe(JSON.stringify(statistics));
});
