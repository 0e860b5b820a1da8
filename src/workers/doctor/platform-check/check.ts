import type { Context } from "../../../context.ts";
import { Failure } from "../../../errors.ts";
import { readAccount } from "../../../journal/read.ts";
import { type Account, type Ping, pingAnswerShape } from "../../../journal/wire.ts";
import { type Ask, cannotBegin, makeAsk } from "./ask.ts";
import { at, shaped, status } from "./expect.ts";
import { type Area, areas, Untested, Wrong } from "./point.ts";
import { points } from "./points.ts";
import { report } from "./status.ts";
import { type CheckSettings, makeTools, mark, type Tools } from "./tools.ts";

export interface Finding {
  area: Area;
  name: string;
  status: "ok" | "wrong" | "untested";
  expects: string;
  /** Of `wrong`: what the platform did; of `untested`: why. */
  found: string | null;
}

export interface Checked {
  findings: Finding[];
  /** What could not be tidied up afterwards; null: nothing. */
  left: string | null;
}

const pagesMax = 1_000;
const voidsMax = 50;

/** Asks every point. @throws {Failure} it cannot begin: no such test account, or one that is no test account */
export async function checkPlatform(settings: CheckSettings, accountId: string, context: Context): Promise<Checked> {
  const ask = makeAsk(settings, context);
  const tools = await begin(ask, accountId, settings, context);
  const findings: Finding[] = [];
  const before = areas.filter((area) => area !== "rate");
  for (const area of before) findings.push(...(await askArea(area, tools)));
  const left = await tidyUp(tools);
  findings.push(...(await askArea("rate", tools)));
  return { findings, left };
}

async function askArea(area: Area, tools: Tools): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const point of points[area]) findings.push(await askPoint(area, point, tools));
  return findings;
}

async function askPoint(
  area: Area,
  { name, expects, run }: (typeof points)[Area][number],
  tools: Tools,
): Promise<Finding> {
  try {
    await run(tools);
    return { area, name, status: "ok", expects, found: null };
  } catch (error) {
    if (error instanceof Wrong) return { area, name, status: "wrong", expects, found: error.message };
    if (error instanceof Untested) return { area, name, status: "untested", expects, found: error.message };
    throw error;
  }
}

async function begin(ask: Ask, accountId: string, settings: CheckSettings, context: Context): Promise<Tools> {
  const ping = await firstAnswer(ask, settings);
  const accounts = await accountsOf(ask);
  const account = accounts.find(({ account_id }) => String(account_id) === accountId);
  if (account === undefined) {
    throw cannotBegin(
      `The platform lists no account ${accountId}.`,
      "Make an account for tests there, of a user for tests, and name it.",
    );
  }
  const others = accounts.filter(
    ({ account_id, user_id }) => user_id === account.user_id && account_id !== account.account_id,
  );
  const tools = makeTools({ settings, context, ask, ping, account, ownUser: others.length === 0 });
  await refuseRealData(tools);
  return tools;
}

async function firstAnswer(ask: Ask, { url }: CheckSettings): Promise<Ping> {
  try {
    const answer = status(await ask("/ping"), 200);
    shaped(answer, pingAnswerShape, answer.json, "the body");
    return (answer.json as { data: Ping }).data;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    throw cannotBegin(
      `There is no API to check at ${url}: ${error.message}.`,
      "GET /ping has to work first.",
      "unavailable",
    );
  }
}

async function accountsOf(ask: Ask): Promise<Account[]> {
  const accounts: Account[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const parameters = new URLSearchParams({ include: "all", ...(cursor === null ? {} : { cursor }) });
    try {
      const answer = status(await ask(`/accounts?${parameters}`), 200);
      const data = at(answer.json, "data");
      for (const item of Array.isArray(data) ? data : []) accounts.push(readAccount(item, "GET /accounts"));
      const link = at(answer.json, "links", "next");
      const own = at(answer.json, "meta", "next_cursor");
      cursor =
        typeof own === "string"
          ? own
          : (URL.parse(String(link), "http://localhost")?.searchParams.get("cursor") ?? null);
    } catch (error) {
      if (!(error instanceof Wrong) && !(error instanceof Failure)) throw error;
      throw cannotBegin(
        `The accounts cannot be listed: ${error.message}`,
        "GET /accounts has to work first.",
        "unavailable",
      );
    }
    if (cursor === null) break;
  }
  return accounts;
}

/** The one protection against a mistyped number: an account with executions or trades of a person is none for tests. */
async function refuseRealData({ ask, path, account }: Tools): Promise<void> {
  for (const list of ["executions", "trades"]) {
    const { json } = await ask(`${path}/${list}?per_page=100`);
    const data = at(json, "data");
    const items = (Array.isArray(data) ? data : []) as { external_id?: unknown }[];
    const real = items.find(
      ({ external_id }) =>
        !String(external_id)
          .replace(/^trade:/, "")
          .startsWith(`${mark}:`),
    );
    if (real === undefined) continue;
    throw cannotBegin(
      `Account ${account.account_id} has ${list} of its own (${String(real.external_id)}): it is no account for tests.`,
      "Make an account without any for the check.",
    );
  }
}

/** Trades become void, the status good, the checkpoint what it was. Executions are facts: they stay, marked. */
async function tidyUp(tools: Tools): Promise<string | null> {
  try {
    await voidTrades(tools);
    status(await report(tools, await restored(tools)), 200);
    return null;
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
}

async function restored({ account, readAccount: read }: Tools): Promise<Record<string, unknown>> {
  const { checkpoint, import_status } = account;
  const status = { import_status: import_status === "auth_failed" ? "ok" : import_status };
  if (checkpoint === null) return status;
  return { ...status, checkpoint, expected_checkpoint_version: Number((await read()).checkpoint_version) };
}

async function voidTrades({ readAll, path, symbol, store }: Tools): Promise<void> {
  const { items } = await readAll(`${path}/trades`, { symbol });
  const trades = items.map(({ trade_id: _1, user_id: _2, account_id: _3, broker: _4, ...fields }) => ({
    ...fields,
    revision: Number(fields.revision) + 1,
    status: "void",
    closed_at: null,
    duration_seconds: null,
    state: null,
    legs: [],
  }));
  for (let start = 0; start < trades.length; start += voidsMax)
    await store({ trades: trades.slice(start, start + voidsMax) });
}
