import type { Log } from "../../context.ts";
import { version } from "../../version.ts";
import { groups, type Status } from "./check.ts";
import type { Finding } from "./run.ts";

const colors: Record<Status, number> = { ok: 32, warn: 33, fail: 31, skip: 90, crash: 35 };
const nameWidthMin = 12;

/** A line a check, what mends it below; at the end one line that says it all. */
export function renderFindings(
  findings: readonly Finding[],
  { quiet, color }: { quiet: boolean; color: boolean },
): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[39m` : text);
  const shown = quiet ? findings.filter(({ status }) => status !== "ok" && status !== "skip") : findings;
  const width = Math.max(nameWidthMin, ...shown.map(({ name }) => name.length));
  let text = "";
  for (const group of groups) {
    const members = shown.filter((finding) => finding.group === group);
    if (members.length === 0) continue;
    text += `${group}\n`;
    for (const { name, status, found, fix } of members) {
      text += `  ${paint(colors[status], status.padEnd(5))}  ${name.padEnd(width)}  ${oneLine(found)}\n`;
      if (fix !== null) text += `  ${" ".repeat(5)}  ${" ".repeat(width)}  ${paint(36, "mend:")} ${oneLine(fix)}\n`;
    }
  }
  const { ok, warn, fail, skip, crash } = summaryOf(findings);
  const parts = [
    [ok, "ok"],
    [warn, warn === 1 ? "warning" : "warnings"],
    [fail, "failed"],
    [crash, "crashed"],
    [skip, "skipped"],
  ] as const;
  const counted = parts.filter(([count], index) => count > 0 || index === 0).map(([count, word]) => `${count} ${word}`);
  const verdict = fail + crash > 0 ? paint(31, "Not healthy") : paint(32, "Healthy");
  return `${text}${text === "" ? "" : "\n"}${verdict}: ${counted.join(", ")}.\n`;
}

export function summaryOf(findings: readonly Finding[]): Record<Status, number> {
  const counts: Record<Status, number> = { ok: 0, warn: 0, fail: 0, skip: 0, crash: 0 };
  for (const { status } of findings) counts[status]++;
  return counts;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "fail" && status !== "crash");
}

const ignore = () => undefined;
/** The findings are the result; what is logged on the way to them would only be in between. */
export const silent: Log = { debug: ignore, info: ignore, warning: ignore, error: ignore, critical: ignore };

export function toJson(findings: readonly Finding[]) {
  return {
    v: 1,
    version,
    healthy: isHealthy(findings),
    summary: summaryOf(findings),
    checks: findings.map(({ durationMs, ...finding }) => ({ ...finding, duration_ms: durationMs })),
  };
}
