import { Buffer, type BufferOptions } from "../../src/delivery/buffer.ts";
import type { SealedBatch } from "../../src/journal/journal.ts";
import { fakeClock } from "../operation/fakes.ts";
import { type RecordingLog, recordingLog } from "./recording-log.ts";

export const platformName = "https://platform.example/api/internal";
export const startMs = Date.UTC(2026, 1, 9, 10, 30, 15, 123);

/** Another one for each number: account 7 of user 42, one execution. */
export function batch(number: number, change: Partial<SealedBatch> & { checkpoint?: boolean } = {}): SealedBatch {
  const { checkpoint = false, ...rest } = change;
  const body = JSON.stringify({
    executions: [{ external_id: `e${number}`, note: "sécret ✓" }],
    ...(checkpoint && { checkpoint: { v: 1, state: String(number) }, expected_checkpoint_version: number }),
  });
  return {
    accountId: 7,
    userId: 42,
    key: `key-${String(number).padStart(8, "0")}`,
    body,
    executions: 1,
    trades: 0,
    ...rest,
  };
}

export function openBuffer(
  folder: string,
  options: Partial<BufferOptions> = {},
): { buffer: Buffer; log: RecordingLog; clock: ReturnType<typeof fakeClock> } {
  const log = recordingLog();
  const clock = fakeClock(startMs);
  return { buffer: new Buffer(folder, { clock, log, platform: platformName, ...options }), log, clock };
}
