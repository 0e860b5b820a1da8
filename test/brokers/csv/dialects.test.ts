import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { dialects } from "../../../src/brokers/csv/index.ts";
import { dialectContract } from "./contract.ts";
import { cases } from "./golden.ts";

const found = cases();

for (const dialect of dialects) {
  dialectContract(
    dialect,
    found.filter((fixture) => fixture.dialect === dialect.id),
  );
}

describe("the list", () => {
  test("has every dialect of the folder, once", async () => {
    const folder = join(import.meta.dir, "../../../src/brokers/csv");
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
    const sources = await Promise.all(files.map((name) => Bun.file(join(folder, name)).text()));
    const defined = sources.flatMap((source) =>
      [...source.matchAll(/= defineDialect\(\{\s+id: "(\w+)"/g)].map((match) => match[1]),
    );
    expect(dialects.map(({ id }) => id).sort()).toEqual(defined.map(String).sort());
    expect(new Set(defined).size).toBe(defined.length);
  });

  test("states the PnL of a broker's executions in one way", () => {
    const stated = dialects.filter(({ toTrade, statedPnl }) => toTrade === undefined && statedPnl !== null);
    for (const [broker, group] of Map.groupBy(stated, (dialect) => dialect.idBroker ?? dialect.broker)) {
      expect({ broker, ways: new Set(group.map(({ statedPnl }) => statedPnl)).size }).toEqual({ broker, ways: 1 });
    }
  });

  test("and the fixtures know one another", () => {
    expect(new Set(found.map(({ dialect }) => dialect))).toEqual(new Set(dialects.map(({ id }) => id)));
  });
});
