import { expect, test } from "bun:test";
import { systemClock } from "../../src/operation/clock.ts";

test("sleep ends with the signal's reason, before and while it sleeps", async () => {
  const reason = new Error("stop");
  await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
  const stop = new AbortController();
  const sleeping = systemClock.sleep(60_000, stop.signal);
  stop.abort(reason);
  await expect(sleeping).rejects.toBe(reason);
});

test("sleep ends by itself, and an abort that comes later is nobody's business", async () => {
  const stop = new AbortController();
  await systemClock.sleep(0, stop.signal);
  stop.abort();
  expect(systemClock.monotonicMs()).toBeGreaterThan(0);
});
