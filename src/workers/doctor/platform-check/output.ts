import { contractVersion } from "../../../journal/fields.ts";
import { version } from "../../../version.ts";
import type { Checked, Finding } from "./check.ts";
import { areas } from "./point.ts";

const colors: Record<Finding["status"], number> = { ok: 32, wrong: 31, untested: 90 };
const statusWidth = 8;

export function isRight({ findings }: Checked): boolean {
  return findings.every(({ status }) => status !== "wrong");
}

/** A line a point; below what is wrong, how the platform should answer. */
export function renderChecked(
  { findings, left }: Checked,
  { quiet, color }: { quiet: boolean; color: boolean },
): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[39m` : text);
  const shown = quiet ? findings.filter(({ status }) => status === "wrong") : findings;
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  const indent = " ".repeat(2 + statusWidth + 2 + width + 2);
  let text = "";
  for (const area of areas) {
    const members = shown.filter((finding) => finding.area === area);
    if (members.length === 0) continue;
    text += `${area}\n`;
    for (const { name, status, found, expects } of members) {
      const said = found ?? expects;
      text += `  ${paint(colors[status], status.padEnd(statusWidth))}  ${name.padEnd(width)}  ${said}\n`;
      if (status === "wrong") text += `${indent}${paint(36, "right:")} ${expects}\n`;
    }
  }
  if (left !== null) text += `\nNot tidied up: ${left}\n`;
  const count = (wanted: Finding["status"]) => findings.filter(({ status }) => status === wanted).length;
  const wrong = count("wrong");
  const verdict = wrong === 0 ? paint(32, "By the contract") : paint(31, "Not by the contract");
  const untested = count("untested");
  const rest = untested === 0 ? "" : `, ${untested} untested`;
  return `${text}\n${verdict} (version ${contractVersion}): ${count("ok")} right, ${wrong} wrong${rest}.\n`;
}

export function toJson(url: string, checked: Checked) {
  const { findings, left } = checked;
  return {
    v: 1,
    version,
    contract_version: contractVersion,
    url,
    right: isRight(checked),
    points: findings,
    not_tidied_up: left,
  };
}
