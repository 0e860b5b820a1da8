import {
  checkpointBytesMax,
  cycleStatuses,
  fileStatuses,
  importStatuses,
  resultStatuses,
  workerNames,
} from "../fields.ts";
import type { CycleReport, FileResult, ImportStatusPatch } from "../wire.ts";
import {
  addError,
  boolean,
  checkFields,
  type Errors,
  type Field,
  id,
  integer,
  isObject,
  list,
  object,
  oneOf,
  optional,
  required,
  text,
  timestamp,
} from "./rules.ts";

/** What the platform asks of the workers' reports: import status, file result, cycle. Each gives back the named fields alone. */
const count = required(integer(0));

const importErrorRules = {
  code: required(text(64)),
  message: optional(text(1000)),
  broker_code: optional(text(191)),
  retryable: optional(boolean),
};

export function checkStatusPatch(body: Record<string, unknown>, errors: Errors): ImportStatusPatch {
  const checked = checkFields(
    {
      import_status: required(oneOf(importStatuses)),
      observed_at: required(timestamp),
      credentials_version: required(integer()),
      checkpoint: optional(object(checkpointBytesMax)),
      expected_checkpoint_version: optional(integer(0)),
      error: optional(object()),
    },
    body,
    errors,
  );
  if (checked.checkpoint !== null && checked.expected_checkpoint_version === null) {
    const message = "The :attribute field is required when checkpoint is present.";
    addError(errors, "expected_checkpoint_version", message);
  }
  if (isObject(checked.error)) {
    const { retryable, ...error } = checkFields(importErrorRules, checked.error, errors, "error.");
    // The one field of it that is never null: it says yes or no, or is left out.
    checked.error = retryable === null ? error : { ...error, retryable };
  }
  return checked as unknown as ImportStatusPatch;
}

export function checkFileResult(body: Record<string, unknown>, errors: Errors): FileResult {
  const checked = checkFields(
    {
      status: required(oneOf(fileStatuses)),
      dialect: optional(text(64)),
      rows: count,
      imported: count,
      skipped: count,
      rejected: count,
      errors: required(list(200)),
      truncated: required(boolean),
    },
    body,
    errors,
  );
  checked.errors = checkItems(
    checked.errors,
    {
      line: optional(integer(1)),
      column: optional(text(128)),
      code: required(text(64)),
      message: required(text(500, 0)),
    },
    "errors",
    errors,
  );
  return checked as unknown as FileResult;
}

export function checkCycleReport(body: Record<string, unknown>, errors: Errors): CycleReport {
  const checked = checkFields(
    {
      cycle_id: required(text(64, 8)),
      worker_id: required(text(128)),
      version: required(text(32)),
      worker: required(oneOf(workerNames)),
      status: required(oneOf(cycleStatuses)),
      started_at: required(timestamp),
      finished_at: required(timestamp),
      per_user_results: required(list(5000)),
      summary: required(object()),
    },
    body,
    errors,
  );
  const results = checkItems(
    checked.per_user_results,
    {
      user_id: required(id),
      account_id: optional(id),
      broker: optional(text(32)),
      status: required(oneOf(resultStatuses)),
      trades: optional(integer()),
      executions: optional(integer()),
      duplicates: optional(integer()),
      rejected: optional(integer()),
      duration_ms: optional(integer()),
      error: optional(object()),
    },
    "per_user_results",
    errors,
  );
  for (const [index, result] of results.entries()) {
    if (!isObject(result.error)) continue;
    const rules = { code: required(text(64)), message: optional(text(1000)) };
    result.error = checkFields(rules, result.error, errors, `per_user_results.${index}.error.`);
  }
  // More numbers may be added to the summary: they are kept.
  if (isObject(checked.summary)) checkFields(summaryRules, checked.summary, errors, "summary.");
  return { ...checked, per_user_results: results } as unknown as CycleReport;
}

const number = required(integer());
const summaryRules: Record<keyof CycleReport["summary"], Field> = {
  total_users: number,
  successful: number,
  failed: number,
  skipped: number,
  total_trades: number,
  total_executions: number,
  duplicates_skipped: number,
  buffered: number,
  total_duration_ms: number,
};

function checkItems(
  items: unknown,
  rules: Record<string, Field>,
  path: string,
  errors: Errors,
): Record<string, unknown>[] {
  if (!Array.isArray(items)) return [];
  return items.map((item, index) => checkFields(rules, isObject(item) ? item : {}, errors, `${path}.${index}.`));
}
