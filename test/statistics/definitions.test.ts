import { expect, test } from "bun:test";
import { metricsShape } from "../../src/journal/wire-statistics.ts";
import { definitionOf, metricDefinitions, nullReasonTexts } from "../../src/statistics/definitions.ts";
import { nullReasons } from "../../src/statistics/figure.ts";
import { runOfNets } from "./trades.ts";
import { v30 } from "./vectors.ts";

test("every metric of the contract has a definition, and no other", () => {
  const contract = metricsShape.props.map(({ key }) => String(key)).filter((name) => name !== "null_reasons");
  expect(contract.length).toBeGreaterThan(60);
  expect(metricDefinitions.map(({ name }) => String(name)).toSorted()).toEqual(contract.toSorted());
});

test("every metric that is written has one", () => {
  for (const name of Object.keys(runOfNets(v30, { start: 500 }).metrics())) {
    if (name !== "null_reasons") expect(definitionOf(name as never).formula).not.toBe("");
  }
});

test("titles are unique, and nothing is empty", () => {
  expect(new Set(metricDefinitions.map(({ title }) => title)).size).toBe(metricDefinitions.length);
  for (const { title, formula, source } of metricDefinitions) expect([title, formula, source]).not.toContain("");
});

test("every reason has its words", () => {
  expect(Object.keys(nullReasonTexts)).toEqual([...nullReasons]);
});
