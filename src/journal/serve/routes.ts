import { idOf } from "../embedded/ids.ts";
import type { EmbeddedJournal } from "../embedded.ts";
import { badKeyMessage } from "../embedded.ts";
import { batchItemsMax, contractVersion, markets, tradeStatuses } from "../fields.ts";
import { formatTimestamp } from "../timestamp.ts";
import type { Account } from "../wire.ts";
import { makeQuery, pageReply } from "./query.ts";
import { conflict, invalid, noModel, problem, type Reply, reply, usual } from "./replies.ts";
import type { SignedLinks } from "./signed-links.ts";

export interface RouteRequest {
  url: URL;
  headers: Headers;
  /** The identifiers in the path. */
  ids: string[];
  /** The body's text; empty where PHP would see none. */
  body: string;
}

export interface Route {
  method: string;
  /** `*` stands for an identifier. */
  path: string;
  /** Null: any key. */
  ability: string | null;
  answer: (request: RouteRequest) => Reply | Promise<Reply>;
}

export interface RouteTools {
  journal: EmbeddedJournal;
  links: SignedLinks;
  nowMs: () => number;
  ratePerMinute: number;
  keyName: string;
  abilities: readonly string[];
}

const sameCheckpointText = "The checkpoint was changed by another worker.";

/** The contract's endpoints over the embedded journal's store. */
export function makeRoutes(tools: RouteTools): Route[] {
  return [...workerRoutes(tools), ...importRoutes(tools), ...analysisRoutes(tools)];
}

function workerRoutes({ journal, nowMs, ratePerMinute, keyName, abilities }: RouteTools): Route[] {
  return [
    {
      method: "GET",
      path: "/ping",
      ability: null,
      answer: () =>
        reply(200, {
          data: {
            status: "ok",
            time: formatTimestamp(nowMs()),
            contract_version: contractVersion,
            key: { name: keyName, abilities },
            limits: { max_batch: batchItemsMax, rate_per_minute: ratePerMinute },
          },
        }),
    },
    {
      method: "POST",
      path: "/cycles",
      ability: "reports:write",
      answer: ({ body }) => {
        const stored = journal.store.postCycleReport(jsonOf(body));
        if (stored.kind === "invalid") return invalid(stored.errors);
        return reply(stored.kind === "created" ? 201 : 200, {
          data: { cycle_id: stored.cycleId, status: stored.kind },
        });
      },
    },
  ];
}

function importRoutes({ journal, links }: RouteTools): Route[] {
  const { store } = journal;
  const missing = (id: string): Reply | null => (store.account(idOf(id)) === null ? noModel("Account", id) : null);
  const withLinks = (account: Account): Account => {
    if (account.source === null) return account;
    const files = account.source.files.map((file) => ({ ...file, url: links.sign(file.file_id) }));
    return { ...account, source: { kind: "file", files } };
  };
  return [
    {
      method: "GET",
      path: "/accounts",
      ability: "accounts:read",
      answer: ({ url }) => {
        const query = makeQuery(url.searchParams);
        const limit = query.perPage(100, 500);
        const broker = query.text("broker");
        const userId = query.id("user_id");
        const filter = {
          ...(broker === undefined ? {} : { broker }),
          ...(userId === undefined ? {} : { userId }),
          includeAuthFailed: query.oneOf("include", ["all"]) === "all",
        };
        return pageReply(url, query, limit, (asked) => {
          const page = store.accounts(filter, asked);
          return { ...page, items: page.items.map(withLinks).map(withoutNullSource) };
        });
      },
    },
    {
      method: "PATCH",
      path: "/accounts/*/import-status",
      ability: "accounts:write",
      answer: ({ ids: [id = ""], body }) => {
        const stored = missing(id) ?? store.setImportStatus(idOf(id), jsonOf(body));
        if ("status" in stored) return stored;
        if (stored.kind === "gone") return noModel("Account", id);
        if (stored.kind === "invalid") return invalid(stored.errors);
        if (stored.kind === "stored") {
          const { credentials: _, ...account } = stored.account;
          return reply(200, { data: withoutNullSource(withLinks({ ...account, credentials: null })) });
        }
        if (stored.code === "credentials_conflict") {
          const data = { credentials_version: stored.credentialsVersion };
          return conflict("The credentials were replaced since this account was read.", stored.code, data);
        }
        const data = { checkpoint: stored.checkpoint, checkpoint_version: stored.checkpointVersion };
        return conflict(sameCheckpointText, stored.code, data);
      },
    },
    {
      method: "GET",
      path: "/accounts/*/trades",
      ability: "trades:read",
      answer: ({ url, ids: [id = ""] }) => {
        const query = makeQuery(url.searchParams);
        const limit = query.perPage(50, 100);
        const status = query.oneOf("status", tradeStatuses);
        const filter = { ...placeOf(query), ...(status === undefined ? {} : { status }) };
        return missing(id) ?? pageReply(url, query, limit, (asked) => store.accountTrades(idOf(id), filter, asked));
      },
    },
    {
      method: "POST",
      path: "/accounts/*/trades",
      ability: "trades:write",
      answer: ({ headers, ids: [id = ""], body }) => {
        const key = (headers.get("idempotency-key") ?? "").replace(/^"(.*)"$/, "$1");
        const gone = missing(id);
        if (gone !== null) return gone;
        return batchReply(journal.store.storeBatch({ accountId: idOf(id), key, body }), id);
      },
    },
    {
      method: "GET",
      path: "/accounts/*/executions",
      ability: "trades:read",
      answer: ({ url, ids: [id = ""] }) => {
        const query = makeQuery(url.searchParams);
        const limit = query.perPage(500, 1000);
        const executedSinceMs = query.timeMs("executed_since");
        const filter = { ...placeOf(query), ...(executedSinceMs === undefined ? {} : { executedSinceMs }) };
        return missing(id) ?? pageReply(url, query, limit, (asked) => store.executions(idOf(id), filter, asked));
      },
    },
    {
      method: "POST",
      path: "/accounts/*/files/*/result",
      ability: "trades:write",
      answer: ({ ids: [id = "", fileId = ""], body }) => {
        const stored = missing(id) ?? store.postFileResult(idOf(id), idOf(fileId), jsonOf(body));
        if (!("kind" in stored)) return stored;
        if (stored.kind === "gone") return noModel("File", fileId);
        if (stored.kind === "invalid") return invalid(stored.errors);
        return reply(200, { data: { account_id: idOf(id), file_id: idOf(fileId), status: stored.status } });
      },
    },
    {
      method: "GET",
      path: "/files/*",
      ability: null,
      answer: ({ url, ids: [id = ""] }) => {
        if (!links.isGood(id, url.searchParams)) return problem(403, "Invalid signature.");
        const content = store.fileContent(idOf(id));
        if (content === null) return noModel("File", id);
        return { status: 200, headers: { "Content-Type": "application/octet-stream" }, body: content };
      },
    },
  ];
}

function analysisRoutes({ journal: { store } }: RouteTools): Route[] {
  const missing = (id: string): Reply | null => (store.hasUser(idOf(id)) ? null : noModel("User", id));
  return [
    {
      method: "GET",
      path: "/users",
      ability: "trades:read",
      answer: ({ url }) => {
        const query = makeQuery(url.searchParams);
        const limit = query.perPage(100, 500);
        const changedSinceMs = query.timeMs("changed_since");
        const stale = query.oneOf("stale", ["0", "1"]) === "1";
        const filter = { stale, ...(changedSinceMs === undefined ? {} : { changedSinceMs }) };
        return pageReply(url, query, limit, (asked) => store.users(filter, asked));
      },
    },
    {
      method: "GET",
      path: "/users/*/trades",
      ability: "trades:read",
      answer: ({ url, ids: [id = ""] }) => {
        const query = makeQuery(url.searchParams);
        const limit = query.perPage(500, 1000);
        const status = query.oneOf("status", tradeStatuses);
        const accountId = query.id("account_id");
        const closedSinceMs = query.timeMs("closed_since");
        const closedBeforeMs = query.timeMs("closed_before");
        const filter = {
          ...(status === undefined ? {} : { status }),
          ...(accountId === undefined ? {} : { accountId }),
          ...(closedSinceMs === undefined ? {} : { closedSinceMs }),
          ...(closedBeforeMs === undefined ? {} : { closedBeforeMs }),
        };
        return missing(id) ?? pageReply(url, query, limit, (asked) => store.userTrades(idOf(id), filter, asked));
      },
    },
    {
      method: "PUT",
      path: "/users/*/statistics",
      ability: "statistics:write",
      answer: async ({ ids: [id = ""], body }) => {
        const stored = missing(id) ?? (await store.putStatistics(idOf(id), jsonOf(body)));
        if (!("kind" in stored)) return stored;
        switch (stored.kind) {
          case "gone":
            return noModel("User", id);
          case "tooLarge":
            return usual(413);
          case "invalid":
            return invalid(stored.errors);
          case "newer": {
            const data = { based_on_version: stored.basedOnVersion };
            return conflict("Newer statistics are already stored.", "stale_statistics", data);
          }
          case "stored": {
            const { basedOnVersion: based_on_version, stale, periods, breakdowns } = stored;
            return reply(200, {
              data: { user_id: idOf(id), based_on_version, stale, stored: { periods, breakdowns } },
            });
          }
        }
      },
    },
  ];
}

function batchReply(stored: ReturnType<EmbeddedJournal["store"]["storeBatch"]>, id: string): Reply {
  switch (stored.kind) {
    case "badKey":
      return reply(400, { message: badKeyMessage });
    case "gone":
      return noModel("Account", id);
    case "tooLarge":
      return usual(413);
    case "invalid":
      return invalid(stored.errors, stored.message);
    case "conflict": {
      const data = { checkpoint: stored.checkpoint, checkpoint_version: stored.checkpointVersion };
      return conflict(sameCheckpointText, "checkpoint_conflict", data);
    }
    case "answer": {
      const errors = Object.keys(stored.errors).length === 0 ? {} : { errors: stored.errors };
      const headers: Record<string, string> = stored.replayed ? { "Idempotency-Replayed": "true" } : {};
      return reply(200, { ...stored.answer, ...errors }, headers);
    }
  }
}

function placeOf(query: ReturnType<typeof makeQuery>): { market?: string; symbol?: string } {
  const market = query.oneOf("market", markets);
  const symbol = query.text("symbol");
  return { ...(market === undefined ? {} : { market }), ...(symbol === undefined ? {} : { symbol }) };
}

/** The contract has `source` for accounts fed by files only. */
function withoutNullSource({ source, ...account }: Account): object {
  return source === null ? account : { ...account, source };
}

/** What PHP sees of a body that is no JSON: no fields. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
