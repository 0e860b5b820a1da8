import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { Watch } from "../../operation/watch.ts";
import type { Cycle } from "./cycle-report.ts";
import { interruptedCode, type UserResult } from "./result.ts";

/** An answer of 500 to one user's request is that user's; a platform that cannot be reached is everybody's. */
export function stopsCycle({ kind, detail }: Failure): boolean {
  if (kind === "unavailable") return detail.code !== "platform_error" && detail.code !== interruptedCode;
  return kind === "refused" || kind === "settings" || kind === "disk";
}

export function failuresOf({ results }: Pick<Cycle, "results">): number {
  return results.filter(({ status }) => status === "error").length;
}

export function moreThanHalfFailed(cycle: Pick<Cycle, "results">): boolean {
  return failuresOf(cycle) * 2 > cycle.results.length;
}

/** @throws {Failure} with the exit code of the cycle, when it is not 0 */
export function throwOutcome(cycle: Cycle): void {
  const failed = failuresOf(cycle);
  const message = `${failed} of ${cycle.results.length} users failed.`;
  if (moreThanHalfFailed(cycle)) throw new Failure("most", message, { code: "most_failed" });
  if (failed > 0) throw new Failure("some", message, { code: "some_failed" });
}

/** Whether the run was told to end, and nothing but that is what went wrong. */
export function isStop(error: unknown, { signal }: Pick<Context, "signal">): boolean {
  return signal.aborted && error instanceof Failure && error.detail.code === interruptedCode;
}

/** For pings, metrics and alerts; users stand where other workers have accounts. */
export function tellWatch(watch: Watch, { results }: Pick<Cycle, "results">): void {
  for (const { status } of results) watch.accounts[status]++;
}

/** So many users in a row, all answered with an error of the platform's own: it is ill, and the rest would only wait. */
const illUsersMax = 3;

/** Whether the platform is ill: told of each user's result, in the order in which they end. */
export function watchPlatform(): (result: UserResult) => Failure | null {
  let ill = 0;
  return ({ error, status }) => {
    if (error?.code === "platform_error") ill++;
    else if (status === "ok") ill = 0;
    if (ill < illUsersMax) return null;
    return new Failure("unavailable", `The platform answered ${ill} users in a row with an error: ${error?.message}`, {
      code: "platform_error",
      hint: "The platform's own log says more.",
      retryable: true,
    });
  };
}
