import { statisticsStoredShape } from "../../../journal/wire.ts";
import { nobody } from "./accounts.ts";
import type { Answer } from "./ask.ts";
import { at, equal, invalid, member, refusal, shaped, status } from "./expect.ts";
import { type Point, Untested, Wrong } from "./point.ts";
import type { Tools } from "./tools.ts";

/** nginx refuses more than 1 MiB unless told otherwise; the contract has 8 MB for statistics. */
const largeBytes = 2_000_000;
const computedAt = "2026-03-01T10:00:05.123Z";

function statisticsOf({ account, symbol }: Tools, based_on_version: number): Record<string, unknown> {
  const metrics = { trades: 1, wins: 1, net_pnl: "3.72", win_rate: "1.000000" };
  return {
    computed_at: computedAt,
    based_on_version,
    engine_version: "platform-check",
    timezone: account.timezone,
    base_currency: account.base_currency,
    currencies: [
      {
        currency: "USDT",
        periods: [{ period: "all", key: "all", metrics }],
        breakdowns: [{ dimension: "symbol", key: symbol, metrics }],
      },
    ],
    base: null,
    warnings: [{ code: "platform_check", count: 1 }],
  };
}

async function put(tools: Tools, body: unknown): Promise<Answer> {
  if (!tools.ownUser)
    throw new Untested("the test account's user has other accounts: their statistics would be replaced");
  return await tools.ask(`${tools.userPath}/statistics`, { method: "PUT", body });
}

/** Raised by a trade, so that a version below it is there. */
async function versionAfterTrade(tools: Tools): Promise<number> {
  await tools.store({ trades: [tools.trade([])] });
  return Number((await tools.readUser()).trades_version);
}

export const statisticsPoints: readonly Point[] = [
  {
    name: "stored",
    expects:
      "200 with user_id, based_on_version, stale false and the numbers of periods and breakdowns; GET /users then shows them",
    async run(tools) {
      const version = await versionAfterTrade(tools);
      const answer = status(await put(tools, statisticsOf(tools, version)), 200);
      shaped(answer, statisticsStoredShape, answer.json, "the body");
      const stored = { periods: 1, breakdowns: 1 };
      member(answer, "data", { user_id: tools.account.user_id, based_on_version: version, stale: false, stored });
      const { statistics } = await tools.readUser();
      equal(answer, "statistics.based_on_version in GET /users", at(statistics, "based_on_version"), version);
      const computedMs = Date.parse(String(at(statistics, "computed_at")));
      equal(answer, "statistics.computed_at in GET /users", computedMs, Date.parse(computedAt));
      status(await put(tools, statisticsOf(tools, version)), 200);
    },
  },
  {
    name: "stale-users",
    expects: "GET /users?stale=1 has the users whose trades changed since their statistics, and only those",
    async run(tools) {
      const listed = async (): Promise<boolean> => {
        const { items } = await tools.readAll("/users", { stale: "1" });
        return items.some(({ user_id }) => user_id === tools.account.user_id);
      };
      const version = await versionAfterTrade(tools);
      equalTo("after a new trade", await listed(), true);
      status(await put(tools, statisticsOf(tools, version)), 200);
      equalTo("after statistics of its version", await listed(), false);
    },
  },
  {
    name: "stale",
    expects: "statistics of trades that changed meanwhile are stored, and answered with stale true",
    async run(tools) {
      await versionAfterTrade(tools);
      const version = await versionAfterTrade(tools);
      member(status(await put(tools, statisticsOf(tools, version - 1)), 200), "data.stale", true);
    },
  },
  {
    name: "stale-conflict",
    expects:
      "statistics older than the stored ones: 409 with code stale_statistics and data.based_on_version; nothing changes",
    async run(tools) {
      const version = await versionAfterTrade(tools);
      status(await put(tools, statisticsOf(tools, version)), 200);
      const answer = refusal(await put(tools, statisticsOf(tools, version - 1)), 409);
      member(answer, "code", "stale_statistics");
      member(answer, "data.based_on_version", version);
      const stored = at((await tools.readUser()).statistics, "based_on_version");
      equal(answer, "based_on_version as stored", stored, version);
    },
  },
  {
    name: "invalid",
    expects: "422 whose errors name the field: timezone, currencies.0.periods.0.period; nothing changes",
    async run(tools) {
      const version = await versionAfterTrade(tools);
      invalid(await put(tools, { ...statisticsOf(tools, version), timezone: "Europe/Atlantis" }), "timezone");
      const period = { period: "century", key: "21", metrics: { trades: 0, net_pnl: "0" } };
      const currencies = [{ currency: "USDT", periods: [period], breakdowns: [] }];
      const answer = await put(tools, { ...statisticsOf(tools, version), currencies });
      invalid(answer, "currencies.0.periods.0.period");
      const stored = at((await tools.readUser()).statistics, "based_on_version");
      equal(answer, "whether it was stored", stored === version, false);
    },
  },
  {
    name: "large",
    expects: "a body of 2 MB gets through web server and PHP (client_max_body_size 8m, post_max_size 8M): no 413",
    async run(tools) {
      const body = { ...statisticsOf(tools, 0), timezone: "Europe/Atlantis", padding: "x".repeat(largeBytes) };
      invalid(await put(tools, body), "timezone");
    },
  },
  {
    name: "unknown-user",
    expects: "404 as JSON with a message",
    async run(tools) {
      const path = `/users/${nobody(tools.account.user_id)}/statistics`;
      refusal(await tools.ask(path, { method: "PUT", body: statisticsOf(tools, 0) }), 404);
    },
  },
];

function equalTo(when: string, found: boolean, expected: boolean): void {
  if (found === expected) return;
  throw new Wrong(`GET /users?stale=1: ${when} the user is ${found ? "still" : "not"} listed`);
}
