import type { WireTrade } from "../../../journal/wire.ts";
import { decimal, equal, member, status } from "./expect.ts";
import { type Point, Wrong } from "./point.ts";
import type { Tools } from "./tools.ts";

/** A state has to come back byte by byte: other scripts, slashes, blanks inside, what PHP makes lists of. */
const state = '{"v":1,"lots":[["28457","0.00999","64000.12"]],"note":"größe/日本 \\u2028","empty":{},"0":[]}';

const open = (tools: Tools, change: Partial<WireTrade> = {}): WireTrade =>
  tools.trade([], {
    status: "open",
    open_quantity: "0.01000000",
    exit_price: null,
    closed_at: null,
    duration_seconds: null,
    state,
    ...change,
  });

async function listed(
  { readAll, path, symbol }: Tools,
  { external_id }: WireTrade,
  query: Record<string, string> = {},
): Promise<Record<string, unknown> | undefined> {
  const { items } = await readAll(`${path}/trades`, { symbol, ...query });
  return items.find((item) => item.external_id === external_id);
}

export const revisionPoints: readonly Point[] = [
  {
    name: "higher",
    expects: "a trade with a higher revision: `updated`, every field replaced, those that are left out by null",
    async run(tools) {
      const first = open(tools, { take_profit: "70000" });
      await tools.store({ trades: [first] });
      const { take_profit: _, ...rest } = tools.trade([], {
        external_id: first.external_id,
        revision: 2,
        net_pnl: "3.55",
      });
      const answer = status(await tools.post({ trades: [rest] }), 200);
      member(answer, "data.trades", { received: 1, created: 0, updated: 1, duplicates: 0, rejected: 0 });
      member(answer, "data.results.trades.0.revision", 2);
      const stored = await listed(tools, first);
      equal(answer, "status as stored", stored?.status, "closed");
      equal(answer, "take_profit as stored", stored?.take_profit ?? null, null);
      decimal(answer, "net_pnl as stored", stored?.net_pnl, "3.55");
    },
  },
  {
    name: "not-higher",
    expects: "a trade with an equal or lower revision: `duplicate` with the stored revision; nothing changes",
    async run(tools) {
      const stored = tools.trade([], { revision: 3 });
      await tools.store({ trades: [stored] });
      for (const revision of [3, 2]) {
        const answer = status(await tools.post({ trades: [{ ...stored, revision, net_pnl: "99.00" }] }), 200);
        member(answer, "data.trades", { received: 1, created: 0, updated: 0, duplicates: 1, rejected: 0 });
        member(answer, "data.results.trades.0.status", "duplicate");
        member(answer, "data.results.trades.0.revision", 3);
        decimal(answer, "net_pnl as stored", (await listed(tools, stored))?.net_pnl, stored.net_pnl);
      }
    },
  },
  {
    name: "state",
    expects:
      "state of an open trade comes back byte by byte in GET /accounts/{id}/trades?status=open, and is null once it is closed",
    async run(tools) {
      const trade = open(tools);
      const answer = await tools.store({ trades: [trade] });
      const stored = await listed(tools, trade, { status: "open" });
      equal(answer, "state as read back", stored?.state, state);
      await tools.store({ trades: [tools.trade([], { external_id: trade.external_id, revision: 2 })] });
      equal(answer, "the closed trade among open ones", await listed(tools, trade, { status: "open" }), undefined);
      equal(answer, "state of the closed trade", (await listed(tools, trade))?.state ?? null, null);
    },
  },
  {
    name: "void",
    expects: "a void trade is in no list, unless status=void asks for it",
    async run(tools) {
      const trade = tools.trade([]);
      await tools.store({ trades: [trade] });
      const change = { status: "void", revision: 2, closed_at: null, duration_seconds: null } as const;
      const answer = await tools.store({ trades: [{ ...trade, ...change }] });
      for (const path of [`${tools.path}/trades`, `${tools.userPath}/trades`]) {
        const { items } = await tools.readAll(path);
        const found = items.some(({ external_id }) => external_id === trade.external_id);
        equal(answer, `whether GET ${path} has the void trade`, found, false);
      }
      const asked = await listed(tools, trade, { status: "void" });
      equal(answer, "status in the list with status=void", asked?.status, "void");
    },
  },
  {
    name: "version",
    expects:
      "trades_version of the user goes up by one with each batch that created or updated a trade, and with no other",
    async run(tools) {
      const versionOf = async (): Promise<number> => Number((await tools.readUser()).trades_version);
      const trade = tools.trade([]);
      const before = await versionOf();
      const answer = await tools.store({ trades: [trade, tools.trade([])] });
      equal(answer, "trades_version after a batch with two new trades", await versionOf(), before + 1);
      await tools.store({ trades: [trade] });
      await tools.store({ executions: [tools.execution()] });
      equal(answer, "trades_version after a duplicate, and executions alone", await versionOf(), before + 1);
    },
  },
  {
    name: "legs",
    expects:
      "legs may name executions that are stored, or that come in the same batch; later revisions send only what they add",
    async run(tools) {
      const [first, second] = [tools.execution(), tools.execution({ side: "sell" })];
      await tools.store({ executions: [first] });
      const trade = tools.trade([first, second]);
      const answer = status(await tools.post({ executions: [second], trades: [trade] }), 200);
      member(answer, "data.trades.created", 1);
      const later = status(await tools.post({ trades: [{ ...trade, revision: 2, legs: [] }] }), 200);
      member(later, "data.trades.updated", 1);
    },
  },
  {
    name: "race",
    expects: "revisions 2 to 5 of one trade at once: each 200, and the fifth stays",
    async run(tools) {
      const trade = tools.trade([]);
      await tools.store({ trades: [trade] });
      const answers = await Promise.all(
        [2, 3, 4, 5].map((revision) => tools.post({ trades: [{ ...trade, revision }] })),
      );
      for (const answer of answers) status(answer, 200);
      const revision = (await listed(tools, trade))?.revision;
      if (revision !== 5)
        throw new Wrong(`POST ${tools.path}/trades: after revisions 2 to 5 at once, ${revision} is stored`);
    },
  },
];
