import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Watch } from "../../operation/watch.ts";
import type { ImportArgs } from "./command.ts";
import { type Cycle, failuresOf, moreThanHalfFailed } from "./report.ts";
import type { AccountResult } from "./result.ts";

/** Whether the run was told to end, and nothing but that is what went wrong. */
export function isStop(error: unknown, { signal }: Pick<Context, "signal">): boolean {
  return signal.aborted && error instanceof Failure && error.detail.code === "interrupted";
}

/** Where the run was told to end: what was in hand is on disk, so nothing of it failed. */
function endedInOrder({ error, buffered }: AccountResult): boolean {
  return error?.code === "interrupted" || (error?.code === "platform_unavailable" && buffered > 0);
}

/** @throws {Failure} with the exit code of the cycle, when it is not 0 */
export function throwOutcome(
  whole: Cycle,
  { file }: Pick<ImportArgs, "file">,
  { signal }: Pick<Context, "signal">,
): void {
  const cycle = signal.aborted ? { ...whole, results: whole.results.filter((one) => !endedInOrder(one)) } : whole;
  const { results, buffered } = cycle;
  const { failed, of } = failuresOf(cycle);
  const partial = results.filter(({ status, error }) => status === "partial" && error?.code !== "interrupted").length;
  const failures = results.filter(({ status }) => status === "error");
  if (
    failures.length > 0 &&
    buffered > 0 &&
    failed === failures.length &&
    failures.every(({ error }) => error?.code === "platform_unavailable")
  ) {
    throw new Failure("unavailable", "The platform cannot be reached; what was read waits on disk.", {
      code: "platform_unavailable",
      hint: "The next run delivers it and goes on.",
    });
  }
  const unusable = file.length > 0 ? allFilesUnusable(cycle) : null;
  if (unusable !== null) throw unusable;
  if (moreThanHalfFailed(cycle)) {
    throw new Failure("most", `${failed} of ${of} accounts failed.`, { code: "most_failed" });
  }
  if (failed > 0) throw new Failure("some", `${failed} of ${of} accounts failed.`, { code: "some_failed" });
  if (partial > 0) throw new Failure("some", "Some rows or items could not be imported.", { code: "some_rejected" });
}

/** Files of the command line of which none can be used: whoever gave them has to act. Null: some can, or that is not what failed. */
function allFilesUnusable({ results, refused }: Cycle): Failure | null {
  const [first] = refused;
  if (first === undefined || results.some(({ status }) => status !== "skipped")) return null;
  const { code = "data", message = "The file cannot be used.", hint } = first.error ?? {};
  const all = `None of the ${refused.length} files can be used. ${message}`;
  return new Failure("data", refused.length === 1 ? message : all, {
    code,
    subject: first.name,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function bufferFull(reason: string): Failure {
  return new Failure("unavailable", `Nothing more is fetched: the buffer has no room, ${reason}.`, {
    code: "buffer_full",
    subject: "DATA_DIR",
    hint: "Nothing is lost: brokers keep what is not fetched. Make room, or bring the platform back; flush-buffer --list shows what waits.",
    retryable: true,
  });
}

/** For pings, metrics and alerts. */
export function tellWatch(watch: Watch, { results, refused }: Pick<Cycle, "results" | "refused">): void {
  for (const { status, counts, rows } of results) {
    watch.accounts[status]++;
    watch.executions.created += counts.created;
    watch.executions.duplicates += counts.duplicates;
    watch.executions.rejected += counts.rejected + rows.rejected;
  }
  watch.accounts.error += refused.length;
}

/** So many accounts in a row, all answered with an error of the platform's own: it is ill, and the rest would only wait. */
const illAccountsMax = 3;

/** Whether the platform is ill: told of each account's result, in the order in which they end. */
export function watchPlatform(): (result: AccountResult) => Failure | null {
  let ill = 0;
  return ({ error, status }) => {
    if (error?.code === "platform_error") ill++;
    else if (status === "ok" || status === "partial") ill = 0;
    if (ill < illAccountsMax) return null;
    return new Failure(
      "unavailable",
      `The platform answered ${ill} accounts in a row with an error: ${error?.message}`,
      {
        code: "platform_error",
        hint: "The platform's own log says more.",
        retryable: true,
      },
    );
  };
}
