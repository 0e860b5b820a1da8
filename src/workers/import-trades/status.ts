import { brokerErrorCodes } from "../../brokers/broker.ts";
import { Failure } from "../../errors.ts";
import { formatTimestamp } from "../../journal/timestamp.ts";
import type { ImportStatusPatch } from "../../journal/wire.ts";
import type { AccountJob, AccountTools } from "./account.ts";
import { AccountStopped, type Pairing } from "./pairing.ts";
import { type AccountOutcome, type ResultError, refusedItems } from "./result.ts";

/** The contract's limits. */
const codeCharactersMax = 64;
const messageCharactersMax = 1_000;

/** Once an account and cycle: how it went, and the checkpoint as it now stands. */
export async function reportStatus(
  { account }: AccountJob,
  pairing: Pairing,
  outcome: AccountOutcome,
  tools: AccountTools,
): Promise<void> {
  if (!tools.reports) return;
  const { status, error } = statusOf(outcome);
  const patch: ImportStatusPatch = {
    import_status: status,
    observed_at: formatTimestamp(tools.context.clock.nowMs()),
    credentials_version: account.credentials_version,
    error,
  };
  addCheckpoint(patch, pairing, tools);
  const answer = await tools.journal.setImportStatus(account.account_id, patch);
  if (answer.kind === "conflict" && !answer.sameCheckpoint) {
    tools.context.log.warning("status_conflict", { account_id: account.account_id, code: answer.code });
  } else if (answer.kind === "gone") throw new AccountStopped({ kind: "gone" });
  else if (answer.kind === "invalid") {
    throw new Failure("data", `The platform refused the account's status: ${answer.message}`, {
      code: "platform_refused_status",
      subject: `account ${account.account_id}`,
    });
  }
}

function addCheckpoint(patch: ImportStatusPatch, pairing: Pairing, { ledger }: AccountTools): void {
  const checkpoint = pairing.undelivered();
  if (checkpoint === null) return;
  patch.checkpoint = checkpoint;
  patch.expected_checkpoint_version = ledger.checkpointVersion;
}

/**
 * What an account's failure means for it: a refused key stops it until the user enters another. `pairing`: everything that was read before
 * the failure is delivered, and the next cycle goes on from there.
 */
export async function reportFailure(
  { account }: AccountJob,
  error: ResultError,
  tools: AccountTools,
  pairing: Pairing | null = null,
): Promise<void> {
  if (!tools.reports) return;
  const statuses: Readonly<Record<string, ImportStatusPatch["import_status"]>> = brokerErrorCodes;
  const patch: ImportStatusPatch = {
    import_status: statuses[error.code] ?? "needs_review",
    observed_at: formatTimestamp(tools.context.clock.nowMs()),
    credentials_version: account.credentials_version,
    error: toWireError(error),
  };
  if (pairing !== null) addCheckpoint(patch, pairing, tools);
  try {
    await tools.journal.setImportStatus(account.account_id, patch);
  } catch (caught) {
    if (!(caught instanceof Failure) || caught.kind !== "data") throw caught;
    tools.context.log.error("status_not_reported", { account_id: account.account_id, message: caught.message });
  }
}

function statusOf(outcome: AccountOutcome): {
  status: ImportStatusPatch["import_status"];
  error: ImportStatusPatch["error"] & (object | null);
} {
  const { files, counts, warnings } = outcome;
  const refusedRows = files.reduce((sum, { report }) => sum + (report?.rejected ?? 0), 0);
  const refusedFiles = files.filter(({ error }) => error !== null);
  const parts = [
    ...refusedFiles.map(({ name, error }) => `${name}: ${error?.message ?? ""}`),
    ...(refusedRows > 0 ? [`${refusedRows} rows could not be read`] : []),
    ...refusedItems(counts),
  ];
  if (parts.length > 0) {
    const code = refusedFiles[0]?.error?.code ?? (refusedRows > 0 ? "rejected_rows" : "rejected_items");
    return { status: "needs_review", error: toWireError({ code, message: parts.join("; ") }) };
  }
  const mismatch = warnings.filter(({ code }) => code === "pnl_mismatch");
  const [partial] = warnings.filter(({ code }) => code === "partial");
  const told = warnings.map(({ message }) => message).join(" ");
  const [first] = warnings;
  const error = first === undefined ? null : toWireError({ code: first.code, message: told });
  if (mismatch.length > 0) return { status: "needs_review", error };
  return { status: partial === undefined ? "ok" : "partial", error };
}

function toWireError({ code, message, brokerCode, retryable }: ResultError) {
  return {
    code: code.slice(0, codeCharactersMax),
    message: message.slice(0, messageCharactersMax),
    ...(brokerCode === undefined ? {} : { broker_code: brokerCode }),
    retryable: retryable ?? false,
  };
}
