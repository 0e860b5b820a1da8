import { parseEnv } from "node:util";

export interface EnvFile {
  /** Name to value and line. */
  entries: Map<string, { value: string; line: number }>;
  problems: EnvFileProblem[];
}

export interface EnvFileProblem {
  line: number;
  /** Never a value: it may be a secret. */
  message: string;
  severity: "problem" | "warning";
}

const assignment = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/;

/**
 * `NAME=value` a line, as in shells and .env files: `#` comments, quotes, values over several lines inside quotes.
 * Values are read by Node's parser, which skips without a word what it does not understand; so lines are checked here.
 */
export function readEnvFile(text: string): EnvFile {
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const entries: EnvFile["entries"] = new Map();
  const problems: EnvFileProblem[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    const first = lines[index] ?? "";
    if (/^\s*(#|$)/.test(first)) continue;
    const [, name, start] = assignment.exec(first) ?? [];
    if (name === undefined || start === undefined) {
      problems.push({ line, message: "is not NAME=value", severity: "problem" });
      continue;
    }
    const last = lastLineOfQuote(lines, index, start);
    if (last === null) {
      problems.push({ line, message: `has a quote that is not closed (${name})`, severity: "problem" });
      continue;
    }
    const earlier = entries.get(name);
    if (earlier !== undefined) {
      const message = `sets ${name} again (first at line ${earlier.line}); this one counts`;
      problems.push({ line, message, severity: "warning" });
    }
    entries.set(name, { value: parseEnv(lines.slice(index, last + 1).join("\n"))[name] ?? "", line });
    index = last;
  }
  return { entries, problems };
}

/** The index of the line that closes the quote opened at `start`; the same line without a quote; null when none does. */
function lastLineOfQuote(lines: readonly string[], index: number, start: string): number | null {
  const quote = /^["'`]/.exec(start)?.[0];
  if (quote === undefined || start.indexOf(quote, 1) >= 0) return index;
  for (let next = index + 1; next < lines.length; next++) {
    if (lines[next]?.includes(quote)) return next;
  }
  return null;
}
