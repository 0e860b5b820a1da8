/**
 * Makes this process live BENCH_CLOCK_SPEED times as fast since BENCH_CLOCK_SINCE (milliseconds): clock, durations and timers. The limits of a venue
 * are by the minute, so that what takes it half an hour can be measured in minutes. Work is not done any faster: it counts that much more.
 */
const sinceMs = Number(process.env.BENCH_CLOCK_SINCE ?? Number.NaN);
const speed = Number(process.env.BENCH_CLOCK_SPEED ?? Number.NaN);
if (!(sinceMs > 0 && speed >= 1)) throw new Error("BENCH_CLOCK_SINCE and BENCH_CLOCK_SPEED are not set");

const machineMs = Date.now;
const machineTimeout = globalThis.setTimeout;
const machineDuration = performance.now.bind(performance);

Date.now = () => Math.floor(sinceMs + (machineMs() - sinceMs) * speed);
performance.now = () => machineDuration() * speed;
globalThis.setTimeout = ((work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
  machineTimeout(work, ms / speed, ...args)) as typeof setTimeout;
