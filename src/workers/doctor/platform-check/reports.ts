import { version } from "../../../version.ts";
import { invalid, member, status } from "./expect.ts";
import type { Point } from "./point.ts";
import { mark, type Tools } from "./tools.ts";

function reportOf({ context, account }: Tools): Record<string, unknown> {
  const now = new Date(context.clock.nowMs()).toISOString();
  const counts = { trades: 0, executions: 0, duplicates: 0, rejected: 0, duration_ms: 0 };
  const { user_id, account_id, broker } = account;
  const error = { code: "platform_check", message: "A check of the API, no cycle." };
  return {
    cycle_id: context.uuid(),
    worker_id: mark,
    version,
    worker: "trade_importer",
    status: "success",
    started_at: now,
    finished_at: now,
    per_user_results: [{ user_id, account_id, broker, status: "skipped", ...counts, error }],
    summary: {
      total_users: 1,
      successful: 0,
      failed: 0,
      skipped: 1,
      total_trades: 0,
      total_executions: 0,
      duplicates_skipped: 0,
      buffered: 0,
      total_duration_ms: 0,
    },
  };
}

export const reportPoints: readonly Point[] = [
  {
    name: "once",
    expects: "POST /cycles: 201 with status created the first time, 200 with status duplicate after that",
    async run(tools) {
      const body = reportOf(tools);
      const first = status(await tools.ask("/cycles", { body }), 201);
      member(first, "data", { cycle_id: body.cycle_id, status: "created" });
      const again = status(await tools.ask("/cycles", { body }), 200);
      member(again, "data", { cycle_id: body.cycle_id, status: "duplicate" });
    },
  },
  {
    name: "statistics-worker",
    expects: "a report of stats_analyzer, whose results have neither account_id nor broker: 201",
    async run(tools) {
      const { user_id } = tools.account;
      const results = [{ user_id, account_id: null, broker: null, status: "ok", trades: 3, error: null }];
      const body = { ...reportOf(tools), worker: "stats_analyzer", per_user_results: results };
      status(await tools.ask("/cycles", { body }), 201);
    },
  },
  {
    name: "invalid",
    expects: "422 whose errors name the field, for a worker or a status that the contract does not have",
    async run(tools) {
      invalid(await tools.ask("/cycles", { body: { ...reportOf(tools), worker: "platform_check" } }), "worker");
      invalid(await tools.ask("/cycles", { body: { ...reportOf(tools), status: "great" } }), "status");
    },
  },
];
