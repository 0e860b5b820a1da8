import { describe, expect, test } from "bun:test";
import { TradeRoom } from "../../../src/workers/analyze-stats/trade-room.ts";

/** Whether it is done once everything that can go on has gone on. */
async function isDone(work: Promise<void>): Promise<boolean> {
  let done = false;
  void work.then(() => {
    done = true;
  });
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return done;
}

describe("room for trades", () => {
  test("is given until it is full; then whoever came later waits until somebody leaves", async () => {
    const room = new TradeRoom(100);
    const [first, second] = [room.enter(), room.enter()];
    await first.take(60);
    await second.take(40);
    const more = second.take(1);
    expect(await isDone(more)).toBeFalse();
    first.leave();
    expect(await isDone(more)).toBeTrue();
  });

  test("is never refused to who came first, however many", async () => {
    const room = new TradeRoom(100);
    const [first, second] = [room.enter(), room.enter()];
    expect(await isDone(first.take(1_000))).toBeTrue();
    const waiting = second.take(1);
    expect(await isDone(waiting)).toBeFalse();
    first.leave();
    expect(await isDone(waiting)).toBeTrue();
  });

  test("goes to the next one when the first leaves, though it is still full", async () => {
    const room = new TradeRoom(100);
    const [first, second, third] = [room.enter(), room.enter(), room.enter()];
    await third.take(50);
    await second.take(50);
    const [more, other] = [second.take(10), third.take(10)];
    expect(await isDone(more)).toBeFalse();
    first.leave();
    expect(await isDone(more)).toBeTrue();
    expect(await isDone(other)).toBeFalse();
    second.leave();
    second.leave();
    expect(await isDone(other)).toBeTrue();
  });
});
