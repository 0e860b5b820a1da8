import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dialects } from "../../../src/brokers/csv/index.ts";
import { recognise } from "../../../src/brokers/csv/read.ts";
import { refusedExports } from "../../../src/brokers/csv/refused.ts";

const folder = await mkdtemp(join(tmpdir(), "refused-exports-"));
afterAll(() => rm(folder, { recursive: true }));

const headers = refusedExports.flatMap((known) =>
  known.headers.map((header, index) => ({ name: `${known.id}-${index}`, known, header })),
);

describe("an export that cannot give trades", () => {
  test.each(headers)("is refused by its name: $name", async ({ name, known, header }) => {
    const path = join(folder, `${name}.csv`);
    await writeFile(path, `${header.join(",")}\n${header.map(() => "1").join(",")}\n`);
    const refusal = recognise(path, { name });
    await expect(refusal).rejects.toMatchObject({ kind: "data", detail: { code: "not_importable", subject: name } });
    await expect(refusal).rejects.toThrow(known.title);
    await expect(refusal).rejects.toMatchObject({ detail: { hint: `Export instead: ${known.instead}.` } });
  });

  test("has an id that no other one has, and names the broker as its formats do", () => {
    const ids = [...refusedExports, ...dialects].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const brokers = new Set(dialects.map(({ broker }) => broker));
    expect(refusedExports.filter(({ broker }) => !brokers.has(broker)).map(({ id }) => id)).toEqual([]);
  });
});
