import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../operation/temporary-folder.ts";
import { Importer } from "./importer.ts";

/** The first run loads the whole program, which a busy machine takes its time for. */
setDefaultTimeout(60_000);

const makeFolder = temporaryFolders();

const file = [
  "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark",
  "7,2026-01-02 03:04:05,Spot,Buy,BTC,1,",
  "7,2026-01-02 03:04:05,Spot,Buy,USDT,-100,",
  "8,2026-01-02 03:04:05,Spot,Sell,BTC,-1,",
  "8,2026-01-02 03:04:05,Spot,Sell,USDT,102,",
  "",
].join("\n");

test("each of a file's accounts goes to an account of its own, and none is paired with another", async () => {
  const folder = makeFolder();
  const path = join(folder, "transactions.csv");
  writeFileSync(path, file);
  const importer = new Importer(folder, Date.UTC(2026, 1, 9));
  const refused = await importer.run("--file", path);
  expect(refused.result.accounts[0]).toMatchObject({ status: "error", error: { code: "several_accounts" } });
  for (const account of ["7", "8"]) {
    const { result } = await importer.run("--file", path, "--source-account", account);
    expect(result.accounts[0]).toMatchObject({ account_id: `binance-${account}`, status: "ok", executions_new: 1 });
  }
  const again = await importer.run("--file", path, "--source-account", "7");
  expect(again.result.accounts[0]).toMatchObject({ executions_new: 0, executions_duplicate: 1 });
  const stored = (await importer.stored()).map(({ account_id, direction, status }) => [account_id, direction, status]);
  expect(stored.sort()).toEqual([
    ["binance-7", "long", "open"],
    ["binance-8", "long", "closed"],
  ]);
});

test("--account names where they go", async () => {
  const folder = makeFolder();
  const path = join(folder, "transactions.csv");
  writeFileSync(path, file);
  const importer = new Importer(folder, Date.UTC(2026, 1, 9));
  const { result } = await importer.run("--file", path, "--source-account", "7", "--account", "main");
  expect(result.accounts[0]).toMatchObject({ account_id: "main", status: "ok", executions_new: 1 });
});
