import { accountShape } from "../../../journal/wire.ts";
import { nobody } from "./accounts.ts";
import type { Answer } from "./ask.ts";
import { at, equal, invalid, member, refusal, shaped, status } from "./expect.ts";
import type { Point } from "./point.ts";
import type { Tools } from "./tools.ts";

const importError = { code: "broker_auth_failed", message: "platform-check", broker_code: "-2014", retryable: false };

export async function report(tools: Tools, change: Record<string, unknown>, path = tools.path): Promise<Answer> {
  const observed_at = new Date(tools.context.clock.nowMs()).toISOString();
  const { credentials_version } = tools.account;
  const body = { import_status: "ok", observed_at, credentials_version, ...change };
  return await tools.ask(`${path}/import-status`, { method: "PATCH", body });
}

export const statusPoints: readonly Point[] = [
  {
    name: "stored",
    expects:
      "PATCH import-status: 200 with the account as it now is: status, last_import_at, last_error; without credentials",
    async run(tools) {
      const observed_at = "2026-03-01T10:00:00.123Z";
      const answer = status(await report(tools, { import_status: "partial", observed_at, error: importError }), 200);
      shaped(answer, accountShape, at(answer.json, "data"), "data");
      member(answer, "data.import_status", "partial");
      equal(
        answer,
        "data.last_import_at",
        Date.parse(String(at(answer.json, "data", "last_import_at"))),
        Date.parse(observed_at),
      );
      member(answer, "data.last_error", importError);
      equal(answer, "data.credentials", at(answer.json, "data", "credentials") ?? null, null);
      const good = status(await report(tools, {}), 200);
      equal(good, "data.last_error of a good import", at(good.json, "data", "last_error") ?? null, null);
    },
  },
  {
    name: "auth-failed",
    expects: "an account that is auth_failed is not in GET /accounts any more, unless include=all asks for it",
    async run(tools) {
      try {
        const answer = status(await report(tools, { import_status: "auth_failed", error: importError }), 200);
        const { items } = await tools.readAll("/accounts", { user_id: String(tools.account.user_id) });
        const listed = items.some(({ account_id }) => account_id === tools.account.account_id);
        equal(answer, "whether GET /accounts still has the account", listed, false);
        equal(answer, "import_status with include=all", (await tools.readAccount()).import_status, "auth_failed");
      } finally {
        await report(tools, {});
      }
    },
  },
  {
    name: "credentials-conflict",
    expects:
      "a report about other credentials: 409 with code credentials_conflict and data.credentials_version; nothing changes",
    async run(tools) {
      const { credentials_version } = tools.account;
      const change = { import_status: "auth_failed", credentials_version: credentials_version + 1, error: importError };
      const answer = refusal(await report(tools, change), 409);
      member(answer, "code", "credentials_conflict");
      member(answer, "data.credentials_version", credentials_version);
      equal(answer, "import_status as stored", (await tools.readAccount()).import_status === "auth_failed", false);
    },
  },
  {
    name: "invalid",
    expects: "422 whose errors name the field, for a status or a time that the contract does not have",
    async run(tools) {
      invalid(await report(tools, { import_status: "great" }), "import_status");
      invalid(await report(tools, { observed_at: "yesterday" }), "observed_at");
    },
  },
  {
    name: "unknown-account",
    expects: "404 as JSON with a message",
    run: async (tools) => void refusal(await report(tools, {}, `/accounts/${nobody(tools.account.account_id)}`), 404),
  },
];
