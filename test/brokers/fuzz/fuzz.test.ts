import { beforeAll, describe, expect, test } from "bun:test";
import { createFileReport, recordImported } from "../../../src/brokers/csv/report.ts";
import { Failure } from "../../../src/errors.ts";
import { fuzz } from "./fuzz.ts";
import { loadSeeds, type Seed } from "./seeds.ts";

let seeds: Seed[] = [];
beforeAll(async () => {
  seeds = await loadSeeds(undefined);
});

/** Of a slow and busy machine. */
const fuzzMsMax = 300_000;

describe("files that were spoilt by chance", () => {
  test(
    "each ends in a clear error, or with every row accounted for (scripts/fuzz does a million)",
    async () => {
      const { faults, inputs, read, refused } = await fuzz({ seeds, seed: "short", count: 3_000 });
      expect(faults).toEqual([]);
      expect(inputs).toBe(3_000);
      expect(read).toBeGreaterThan(1_000);
      const codes = ["bad_encoding", "damaged_file", "not_text", "unknown_dialect", "timezone_required", "cut_short"];
      expect(Object.keys(refused)).toEqual(expect.arrayContaining(codes));
    },
    fuzzMsMax,
  );

  const faultsOf = async (read: Parameters<typeof fuzz>[0]["read"]) => {
    const { faults } = await fuzz({ seeds, seed: "short", count: 1, ...(read === undefined ? {} : { read }) });
    return faults.map(({ message }) => message.split("\n")[0]);
  };

  test("an error of the program is a fault, and so is a row that is nowhere", async () => {
    expect(
      await faultsOf(async () => {
        throw new TypeError("undefined is not a function");
      }),
    ).toEqual(["TypeError: undefined is not a function"]);
    expect(
      await faultsOf(async () => {
        throw new Failure("settings", "no");
      }),
    ).toEqual(["settings : no"]);
    expect(
      await faultsOf(async () => {
        const report = createFileReport();
        recordImported(report, 0);
        return { ...report, rows: 2 };
      }),
    ).toEqual(["2 rows, 1 accounted for"]);
  });

  test("the same seed spoils them in the same way, another in another", async () => {
    const messages = async (seed: string) => {
      const read = async (path: string) => {
        throw new Error(new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex"));
      };
      return (await fuzz({ seeds, seed, count: 20, read })).faults.map(({ message }) => message.split("\n")[0]);
    };
    expect(await messages("a")).toEqual(await messages("a"));
    expect(await messages("a")).not.toEqual(await messages("b"));
  });
});
