import type { Database, SQLQueryBindings } from "bun:sqlite";
import { sameCheckpoint } from "../batch.ts";
import { statisticsBytesMax } from "../fields.ts";
import type { StatisticsOutcome, StatusOutcome } from "../journal.ts";
import type { CycleReport, FileResult, Id, ImportStatusPatch, Statistics } from "../wire.ts";
import type { Lists } from "./lists.ts";
import { checkCycleReport, checkFileResult, checkStatusPatch } from "./report-rules.ts";
import { type Errors, isObject } from "./rules.ts";

type Invalid = { kind: "invalid"; message: string; errors: Errors };

export type StoredFileResult = { kind: "stored"; status: FileResult["status"] } | { kind: "gone" } | Invalid;
export type StoredCycle = { kind: "created" | "duplicate"; cycleId: string } | Invalid;
export type StoredStatistics =
  | { kind: "stored"; stale: boolean; basedOnVersion: number; periods: number; breakdowns: number }
  | Exclude<StatisticsOutcome, { kind: "stored" }>;
/** `credentialsVersion`: the stored one. */
export type StoredStatus =
  | Exclude<StatusOutcome, { kind: "conflict" }>
  | { kind: "conflict"; code: "credentials_conflict"; credentialsVersion: number }
  | {
      kind: "conflict";
      code: "checkpoint_conflict";
      checkpoint: object | null;
      checkpointVersion: number;
      sameCheckpoint: boolean;
    };

/** What the workers report, apart from batches. Bodies are what JSON gave, checked here. */
export function makeWrites(database: Database, lists: Lists, nowMs: () => number) {
  const query = <Row>(text: string) => database.query<Row, SQLQueryBindings[]>(text);
  const sql = {
    setStatus: query(
      `UPDATE accounts SET import_status = ?, last_import_at = ?, last_error = ?, checkpoint = ?, checkpoint_version = ?,
       updated_at_ms = ? WHERE account_id = ?`,
    ),
    fileResult: query("UPDATE files SET result = ? WHERE account_id = ? AND file_id = ?"),
    userVersions: query<{ trades_version: number; statistics_version: number | null }>(
      "SELECT trades_version, statistics_version FROM users WHERE user_id = ?",
    ),
    statistics: query(
      "UPDATE users SET statistics = ?, statistics_version = ?, statistics_computed_at = ? WHERE user_id = ?",
    ),
    cycle: query(
      `INSERT INTO cycles (cycle_id, worker, status, finished_at, report) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (cycle_id) DO NOTHING`,
    ),
  };

  const setStatus = database.transaction((accountId: Id, patch: ImportStatusPatch): StoredStatus => {
    const account = lists.account(accountId);
    if (account === null) return { kind: "gone" };
    if (patch.credentials_version !== account.credentials_version) {
      return { kind: "conflict", code: "credentials_conflict", credentialsVersion: account.credentials_version };
    }
    const { checkpoint: stored, checkpoint_version: version } = account;
    const sent = patch.checkpoint ?? null;
    if (sent !== null && patch.expected_checkpoint_version !== version) {
      const same = sameCheckpoint(sent, stored);
      return {
        kind: "conflict",
        code: "checkpoint_conflict",
        checkpoint: stored,
        checkpointVersion: version,
        sameCheckpoint: same,
      };
    }
    const error = patch.error ?? null;
    const checkpoint = sent ?? stored;
    sql.setStatus.run(
      patch.import_status,
      patch.observed_at,
      error === null ? null : JSON.stringify(error),
      checkpoint === null ? null : JSON.stringify(checkpoint),
      sent === null ? version : version + 1,
      nowMs(),
      accountId,
    );
    const { credentials: _, ...now } = lists.account(accountId) ?? account;
    return { kind: "stored", account: { ...now, credentials: null } };
  });

  const putStatistics = database.transaction((userId: Id, statistics: Statistics): StoredStatistics => {
    const user = sql.userVersions.get(userId);
    if (user === null) return { kind: "gone" };
    const { based_on_version: basedOnVersion, computed_at } = statistics;
    if (user.statistics_version !== null && user.statistics_version > basedOnVersion) {
      return { kind: "newer", basedOnVersion: user.statistics_version };
    }
    sql.statistics.run(JSON.stringify(statistics), basedOnVersion, computed_at, userId);
    const sections = [...statistics.currencies, ...(statistics.base === null ? [] : [statistics.base])];
    return {
      kind: "stored",
      stale: user.trades_version > basedOnVersion,
      basedOnVersion,
      periods: sections.reduce((sum, section) => sum + section.periods.length, 0),
      breakdowns: sections.reduce((sum, section) => sum + section.breakdowns.length, 0),
    };
  });

  return {
    setImportStatus(accountId: Id, body: unknown): StoredStatus {
      const errors: Errors = {};
      const patch = checkStatusPatch(fieldsOf(body), errors);
      return isInvalid(errors) ? invalid(errors) : setStatus.immediate(accountId, patch);
    },

    postFileResult(accountId: Id, fileId: Id, body: unknown): StoredFileResult {
      const errors: Errors = {};
      const result = checkFileResult(fieldsOf(body), errors);
      if (isInvalid(errors)) return invalid(errors);
      const { changes } = sql.fileResult.run(JSON.stringify(result), accountId, fileId);
      return changes === 0 ? { kind: "gone" } : { kind: "stored", status: result.status };
    },

    async putStatistics(userId: Id, body: unknown): Promise<StoredStatistics> {
      if (Buffer.byteLength(JSON.stringify(body) ?? "") > statisticsBytesMax) return { kind: "tooLarge" };
      const { checkStatistics } = await import("./statistics-rules.ts"); // loads arktype
      const checked = checkStatistics(body);
      return checked.statistics === null
        ? invalid(checked.errors)
        : putStatistics.immediate(userId, checked.statistics);
    },

    postCycleReport(body: unknown): StoredCycle {
      const errors: Errors = {};
      const report: CycleReport = checkCycleReport(fieldsOf(body), errors);
      if (isInvalid(errors)) return invalid(errors);
      const { cycle_id: cycleId, worker, status, finished_at } = report;
      const { changes } = sql.cycle.run(cycleId, worker, status, finished_at, JSON.stringify(report));
      return { kind: changes === 0 ? "duplicate" : "created", cycleId };
    },
  };
}

function fieldsOf(body: unknown): Record<string, unknown> {
  return isObject(body) ? body : {};
}

function isInvalid(errors: Errors): boolean {
  return Object.keys(errors).length > 0;
}

function invalid(errors: Errors): Invalid {
  return { kind: "invalid", message: "The given data was invalid.", errors };
}
