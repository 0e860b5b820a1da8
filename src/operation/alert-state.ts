import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { writeDurably } from "../delivery/durable.ts";
import { type ConditionName, conditionNames } from "./conditions.ts";
import { readState, writeState } from "./state-file.ts";

/** What was told of a condition. */
export interface Told {
  sinceMs: number;
  title: string;
  /** It does not hold any more; kept until everybody knows, and so long that it is not told anew at once. */
  overAtMs: number | null;
  /** When it was told last, by the channel's name. */
  toldAtMs: Record<string, number>;
  /** Channels that know that it is over. */
  overTold: string[];
}

export type AlertState = Map<ConditionName, Told>;

/** A multiple of a disk's block, so that the file can be written over in place when there is no block left for another one. */
const paddedBytes = 4_096;
const formatVersion = 1;

/** Of a worker, in one of the places where state may stand. */
export interface AlertStatePlace {
  name: string;
  homes: readonly string[];
}

/** What cannot be used is as good as nothing: then somebody is told once more. */
export function readAlertState({ name, homes }: AlertStatePlace): AlertState {
  const text = readState(name, homes);
  if (text === null) return new Map();
  try {
    const json: unknown = JSON.parse(text);
    if (!isObject(json) || json.v !== formatVersion || !isObject(json.conditions)) return new Map();
    const entries = Object.entries(json.conditions).filter((entry): entry is [ConditionName, Told] => isTold(entry));
    return new Map(entries);
  } catch {
    return new Map();
  }
}

/** @throws the system's error when it cannot be written at all */
export function writeAlertState({ name, homes }: AlertStatePlace, state: AlertState): void {
  const text = `${JSON.stringify({ v: formatVersion, conditions: Object.fromEntries(state) }, null, 2)}\n`;
  const bytes = Buffer.byteLength(text);
  const length = Math.ceil(bytes / paddedBytes) * paddedBytes;
  const padded = text + " ".repeat(length - bytes); // blanks after it are JSON still
  writeState(name, homes, (path) => {
    try {
      writeDurably(path, padded);
    } catch (error) {
      if (!existsSync(path) || statSync(path).size < length) throw error;
      overwrite(path, padded); // a full disk still takes what takes no new block; cut by a crash it counts as nothing
    }
  });
}

function overwrite(path: string, text: string): void {
  const file = openSync(path, "r+");
  try {
    const bytes = new TextEncoder().encode(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
    ftruncateSync(file, bytes.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isTold([name, value]: [string, unknown]): boolean {
  if (!(conditionNames as readonly string[]).includes(name) || !isObject(value)) return false;
  const { sinceMs, title, overAtMs, toldAtMs, overTold } = value;
  return (
    Number.isFinite(sinceMs) &&
    typeof title === "string" &&
    (overAtMs === null || Number.isFinite(overAtMs)) &&
    isObject(toldAtMs) &&
    Object.values(toldAtMs).every(Number.isFinite) &&
    Array.isArray(overTold) &&
    overTold.every((channel) => typeof channel === "string")
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
