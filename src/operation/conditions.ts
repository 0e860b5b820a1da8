import type { BufferState } from "../delivery/buffer-state.ts";
import type { Failure } from "../errors.ts";
import type { RunStatus } from "./run-status.ts";

/** What somebody has to be told of, once, and again when it is over. In the order in which it is told. */
export const conditionNames = [
  "key_refused",
  "data_dir_unwritable",
  "buffer_full",
  "disk_low",
  "most_failed",
  "batches_failed",
  "files_quarantined",
  "files_unreadable",
  "buffer_filling",
  "buffer_old",
  "no_success",
] as const;
export type ConditionName = (typeof conditionNames)[number];

export interface Condition {
  name: ConditionName;
  severity: "warning" | "error" | "critical";
  /** One line, what is the matter. */
  title: string;
  detail: string;
  /** What to do. */
  hint: string;
}

/** What a run found out: of some conditions that they hold, of others that they do not, of the rest nothing. */
export interface Judgement {
  judged: Set<ConditionName>;
  raised: Condition[];
}

const filledShare = 0.8;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const oldMs = 2 * hourMs;
/** Intervals without a success; at least an hour, so that a deploy is no alarm. */
const intervalsMax = 4;
/** Beside the least that stays free: so that somebody can act before nothing is fetched any more. */
const lowDiskFactor = 2;

export interface RunFacts {
  failure: Failure | null;
  /** `stopped`: by a signal, before its end. `crashed`: by a bug. */
  ending: "ended" | "stopped" | "crashed";
  status: RunStatus;
  /** Null: it is no cycle, and says nothing of cycles. */
  intervalMinutes: number | null;
  buffer: BufferState | null;
}

export function judge(facts: RunFacts): Judgement {
  const judgement: Judgement = { judged: new Set(), raised: [] };
  judgeRun(facts, judgement);
  if (facts.buffer !== null) judgeBuffer(facts.buffer, judgement);
  const order = ({ name }: Condition) => conditionNames.indexOf(name);
  judgement.raised.sort((a, b) => order(a) - order(b));
  return judgement;
}

/** `holds`: null when the run could not find out. */
function note(judgement: Judgement, name: ConditionName, holds: boolean | null, tell: () => Omit<Condition, "name">) {
  if (holds === null) return;
  judgement.judged.add(name);
  if (holds) judgement.raised.push({ name, ...tell() });
}

function judgeRun({ failure, ending, status, intervalMinutes }: RunFacts, judgement: Judgement): void {
  const kind = failure?.kind ?? null;
  /** It spoke to the platform and came to the accounts. */
  const atWork = ending === "ended" && (kind === null || kind === "some" || kind === "most");
  note(judgement, "key_refused", kind === "refused" ? true : atWork ? false : null, () => ({
    severity: "critical",
    title: "the platform refuses the API key",
    detail: failure?.message ?? "",
    hint: failure?.detail.hint ?? "Make a new key on the platform and set LARAVEL_API_KEY.",
  }));
  const unwritable = ["lock_unusable", "buffer_unwritable"].includes(failure?.detail.code ?? "");
  note(judgement, "data_dir_unwritable", unwritable ? true : atWork ? false : null, () => ({
    severity: "critical",
    title: "the data folder cannot be written",
    detail: failure?.message ?? "",
    hint: "Nothing is lost: what was in hand is read again. Is the disk full, read-only or failing (df, dmesg)?",
  }));
  if (intervalMinutes === null) return;
  note(judgement, "most_failed", atWork ? kind === "most" : null, () => ({
    severity: "error",
    title: "more than half of the accounts failed",
    detail: `${failure?.message ?? ""} In this run: ${status.accounts.ok} ok, ${status.accounts.partial} in part, ${status.accounts.error} failed.`,
    hint: "The log says why, account by account: account_failed, file_refused.",
  }));
  const sinceMs = status.lastSuccessAtMs ?? status.firstRunAtMs;
  const quietMs = status.finishedAtMs - sinceMs;
  const quietMsMax = Math.max(hourMs, intervalsMax * intervalMinutes * minuteMs);
  const quiet = status.failuresInARow > 0 && quietMs > quietMsMax;
  note(judgement, "no_success", ending === "stopped" ? null : quiet, () => ({
    severity: "error",
    title: `no run came to its end for ${durationText(quietMs)}`,
    detail: `${status.failuresInARow} runs in a row failed, the last with exit code ${status.exitCode}: ${status.error?.message ?? ""}`,
    hint: "Nothing is lost: brokers keep what was not fetched. ami-workers doctor looks for the reason.",
  }));
}

function judgeBuffer(buffer: BufferState, judgement: Judgement): void {
  const { files, oldestAgeMs, failed, quarantined, unreadable, totals, limits, freeBytes, full } = buffer;
  const waiting = `${files} batches wait for the platform, the oldest for ${durationText(oldestAgeMs)}.`;
  note(judgement, "buffer_full", full !== null, () => ({
    severity: "critical",
    title: "the buffer is full, nothing more is fetched",
    detail: `It is full because ${full}. ${waiting}`,
    hint: "Nothing is dropped. Make room on the disk, or bring the platform back; flush-buffer --list shows what waits.",
  }));
  const low = freeBytes !== null && full === null && freeBytes < limits.freeBytesMin * lowDiskFactor;
  note(judgement, "disk_low", low, () => ({
    severity: "warning",
    title: "the disk is getting full",
    detail: `${bytesText(freeBytes ?? 0)} are left where DATA_DIR is; below ${bytesText(limits.freeBytesMin)} nothing more is fetched.`,
    hint: "Make room: logs, old releases, other programs' files.",
  }));
  note(judgement, "batches_failed", failed > 0, () => ({
    severity: "error",
    title: `${failed} ${failed === 1 ? "batch needs" : "batches need"} a person`,
    detail: "The platform refused them, or answered with an error three times. They are kept in DATA_DIR/failed.",
    hint: "flush-buffer --list shows why, --show ID what is in one, --retry-failed sends them again, --drop ID gives one up.",
  }));
  note(judgement, "files_quarantined", quarantined > 0, () => ({
    severity: "error",
    title: `${quarantined} damaged ${quarantined === 1 ? "file was" : "files were"} set aside`,
    detail: "They are in DATA_DIR/quarantine. What they held is read from the brokers again.",
    hint: "Is the disk healthy (dmesg)? Then delete them: flush-buffer --drop ID.",
  }));
  note(judgement, "files_unreadable", unreadable > 0, () => ({
    severity: "error",
    title: `${unreadable} ${unreadable === 1 ? "file" : "files"} of the buffer cannot be read`,
    detail: "They belong to another user than the workers', perhaps because a command was called as root.",
    hint: "sudo chown -R ami-worker: DATA_DIR",
  }));
  const filled = totals.files >= limits.filesMax * filledShare || totals.bytes >= limits.bytesMax * filledShare;
  note(judgement, "buffer_filling", full === null && filled, () => ({
    severity: "warning",
    title: "the buffer is filling up",
    detail: `${totals.files} of ${limits.filesMax} files, ${bytesText(totals.bytes)} of ${bytesText(limits.bytesMax)}. ${waiting}`,
    hint: "When it is full nothing more is fetched. Is the platform there?",
  }));
  note(judgement, "buffer_old", oldestAgeMs > oldMs, () => ({
    severity: "error",
    title: `batches have been waiting for ${durationText(oldestAgeMs)}`,
    detail: waiting,
    hint: "Is the platform there? flush-buffer --list shows what the last attempts said.",
  }));
}

export function durationText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / minuteMs));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2_880 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} days`;
}

export function bytesText(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1_024 && unit < units.length - 1; unit++) value /= 1_024;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
