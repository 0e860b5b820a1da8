/** The time that one attempt has. */
export interface Limit {
  signal: AbortSignal;
  /** Rejects when the time is over, also where the other side does not look at the signal. */
  race: <T>(work: Promise<T>) => Promise<T>;
  timedOut: () => boolean;
  describe: () => string;
  /** Starts the time anew: for bodies that may take longer than one answer. */
  renew: () => void;
  end: () => void;
}

/**
 * A real timer, not `Context.clock`: it guards a real socket, and a test's clock that jumps must not cut it. Null: the run was
 * told to stop before, and nothing new that can wait is started.
 */
export function makeLimit({
  timeoutMs,
  graceMs,
  stop,
}: {
  timeoutMs: number;
  graceMs: number;
  stop: AbortSignal;
}): Limit | null {
  if (stop.aborted && graceMs === 0) return null;
  const controller = new AbortController();
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined); // nobody may be racing when it comes
  let reason = `no answer in ${timeoutMs} ms`;
  const end = (): void => {
    const error = new DOMException(reason, "TimeoutError");
    controller.abort(error);
    over.reject(error);
  };
  let timer = setTimeout(end, stop.aborted ? Math.min(timeoutMs, graceMs) : timeoutMs);
  const onStop = (): void => {
    reason = "the run was told to stop";
    clearTimeout(timer);
    if (graceMs === 0) end();
    else timer = setTimeout(end, Math.min(timeoutMs, graceMs));
  };
  stop.addEventListener("abort", onStop, { once: true });
  return {
    signal: controller.signal,
    race: (work) => Promise.race([work, over.promise]),
    timedOut: () => controller.signal.aborted,
    describe: () => reason,
    renew: () => {
      if (stop.aborted || controller.signal.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(end, timeoutMs);
    },
    end: () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
    },
  };
}
