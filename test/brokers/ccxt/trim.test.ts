import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stubUnused } from "../../../scripts/stub-unused.ts";
import { trim, trimCcxt } from "../../../scripts/trim-ccxt.ts";

/** The executable holds less of ccxt than is installed: what is left has to sign and judge as before. */
const names = ["kraken", "kucoin", "bitget", "mexc", "coinbase", "hyperliquid"];
const modules = resolve(import.meta.dir, "../../../node_modules/ccxt/js/src");

type Instance = Record<string, (...args: unknown[]) => unknown> & { describe: () => { api: object }; options: object };
type Module = { default: new (config: object) => Instance };

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "trim-"));
  await Bun.build({
    entrypoints: names.map((name) => join(modules, `${name}.js`)),
    plugins: [stubUnused, trimCcxt],
    target: "bun",
    minify: true,
    splitting: true,
    outdir: folder,
    naming: { entry: "[name].js" },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const requests: Record<string, [path: string, api: unknown, method: string, params: object]> = {
  kraken: ["TradesHistory", "private", "POST", { start: 1 }],
  kucoin: ["fills", "futuresPrivate", "GET", { startAt: 1 }],
  bitget: ["v2/spot/trade/fills", ["private", "spot"], "GET", { limit: 100 }],
  mexc: ["myTrades", ["spot", "private"], "GET", { symbol: "BTCUSDT" }],
  coinbase: ["brokerage/orders/historical/fills", ["v3", "private"], "GET", { limit: 100 }],
  hyperliquid: ["info", "public", "POST", { type: "userFillsByTime" }],
};

function make({ default: Exchange }: Module): Instance {
  const instance = new Exchange({ apiKey: "key", secret: "c2VjcmV0", password: "password" });
  instance.milliseconds = () => 1_770_633_000_000;
  instance.seconds = () => 1_770_633_000;
  instance.nonce = () => 1_770_633_000_000;
  return instance;
}

test.each(names)("%s is a fifth, and signs, describes and judges as before", async (name) => {
  const whole = make((await import(join(modules, `${name}.js`))) as Module);
  const less = make((await import(join(folder, `${name}.js`))) as Module);
  const source = await Bun.file(join(modules, `${name}.js`)).text();
  expect(trim(source).replace(/\n+/g, "\n").length).toBeLessThan(source.length * 0.6);
  expect(JSON.stringify(less.describe())).toBe(JSON.stringify(whole.describe()));
  const request = requests[name] ?? [];
  expect(less.sign?.(...structuredClone(request))).toEqual(whole.sign?.(...structuredClone(request)));
  const judged = (instance: Instance) => {
    const body = { retCode: 10003, code: "50111", label: "INVALID_KEY", error: ["EAPI:Invalid key"], msg: "no" };
    try {
      return instance.handleErrors?.(200, "", "u", "GET", {}, JSON.stringify(body), body, {}, "");
    } catch (error) {
      return (error as Error).name;
    }
  };
  expect(judged(less)).toEqual(judged(whole));
});

test("methods that are reached stay, the others go, and lines keep their numbers", () => {
  const source = [
    "export default class x extends Exchange {",
    "    sign(path) {",
    "        return this.helper(path);",
    "    }",
    "    helper(path) {",
    "        return path;",
    "    }",
    "    async fetchTrades(symbol) {",
    "        return await this.parse(symbol);",
    "    }",
    "}",
  ].join("\n");
  expect(trim(source).split("\n")).toEqual([...source.split("\n").slice(0, 7), "", "", "", "}"]);
});
