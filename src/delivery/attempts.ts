import { type Disk, systemDisk } from "./disk.ts";
import { removeDurably, writeDurably } from "./durable.ts";

/** How often a batch was tried, beside its file, since that is never written again. */
export interface Attempts {
  /** Those that count: the platform answered, with an error that another try can mend. */
  attempts: number;
  lastError: string;
  lastAttemptMs: number;
}

interface AttemptsJson {
  attempts: number;
  last_error: string;
  last_attempt_at: string;
}

const ending = ".attempts";
const errorCharactersMax = 1_000;
const fileBytesMax = 16_384;

export function isAttemptsFile(name: string): boolean {
  return name.endsWith(ending);
}

/** Of a batch's file, or of its path. */
export function attemptsFileOf(batchFile: string): string {
  return batchFile.replace(/(\.json)?$/, ending);
}

export function batchFileOf(attemptsFile: string): string {
  return `${attemptsFile.slice(0, -ending.length)}.json`;
}

/** Null: there is none, or it cannot be used. It is no part of the batch, and counting begins anew then. */
export function readAttempts(batchPath: string, disk: Disk = systemDisk): Attempts | null {
  const path = attemptsFileOf(batchPath);
  if (disk.look(path)?.isFile !== true) return null;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(disk.read(path, fileBytesMax)));
    if (!isAttempts(json)) return null;
    return {
      attempts: json.attempts,
      lastError: json.last_error,
      lastAttemptMs: Date.parse(json.last_attempt_at),
    };
  } catch {
    return null; // cut, or not readable: the batch itself is what counts
  }
}

export function writeAttempts(batchPath: string, attempts: Attempts, disk: Disk = systemDisk): void {
  const json: AttemptsJson = {
    attempts: attempts.attempts,
    last_error: attempts.lastError.slice(0, errorCharactersMax),
    last_attempt_at: new Date(attempts.lastAttemptMs).toISOString(),
  };
  writeDurably(attemptsFileOf(batchPath), `${JSON.stringify(json, null, 2)}\n`, disk);
}

export function removeAttempts(batchPath: string, disk: Disk = systemDisk): void {
  const path = attemptsFileOf(batchPath);
  if (disk.look(path) !== null) removeDurably(path, disk);
}

function isAttempts(value: unknown): value is AttemptsJson {
  if (typeof value !== "object" || value === null) return false;
  const { attempts, last_error, last_attempt_at } = value as Record<keyof AttemptsJson, unknown>;
  return (
    Number.isSafeInteger(attempts) &&
    typeof last_error === "string" &&
    typeof last_attempt_at === "string" &&
    !Number.isNaN(Date.parse(last_attempt_at))
  );
}
