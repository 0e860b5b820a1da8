import type { Clock } from "../../../src/context.ts";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../../src/journal/embedded.ts";
import type { StoredTrade } from "../../../src/journal/wire.ts";
import { createRedactor } from "../../../src/operation/redaction.ts";
import { commands } from "../../../src/workers/index.ts";
import { runCommandLine } from "../../../src/workers/shell.ts";
import { fakeClock, fakeTerminal } from "../../operation/fakes.ts";

/** The one JSON object of `--json`. */
export interface ImportResult {
  status: string;
  accounts: Record<string, unknown>[];
  files_refused: { name: string; error: { code: string } }[];
}

/** `import-trades` in this process, with a clock that a test moves. */
export class Importer {
  readonly clock: Clock;
  environment: Record<string, string>;
  #runs = 0;

  constructor(folder: string, startMs: number, clock: Clock = fakeClock(startMs)) {
    this.clock = clock;
    this.environment = { DATA_DIR: `${folder}/data`, LOG_DIR: `${folder}/logs` };
  }

  async run(...argv: string[]) {
    const terminal = fakeTerminal();
    const code = await runCommandLine(["import-trades", ...argv, "--json", "--deadline", "0"], commands, {
      environment: this.environment,
      terminal,
      journal: false,
      redactor: createRedactor(),
      clock: this.clock,
      random: () => 0.5,
      uuid: () => `0190a000-0000-7000-8000-${String(++this.#runs).padStart(12, "0")}`,
      fetch: globalThis.fetch as never,
      signal: new AbortController().signal,
      armWatchdog: () => undefined,
      onLog: () => undefined,
    });
    const result = (terminal.output === "" ? null : JSON.parse(terminal.output)) as ImportResult;
    const lines = terminal.error.split("\n").filter((line) => line.startsWith("{"));
    return { code, result, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
  }

  /** What the journal of the machine holds. */
  async stored(): Promise<StoredTrade[]> {
    const journal = openEmbeddedJournal(`${this.environment.DATA_DIR}/journal.sqlite`, { clock: this.clock });
    try {
      return await tradesOf(journal);
    } finally {
      journal.close();
    }
  }
}

export async function tradesOf(journal: EmbeddedJournal): Promise<StoredTrade[]> {
  const trades: StoredTrade[] = [];
  for await (const user of journal.users()) {
    for await (const trade of journal.userTrades(user.user_id)) trades.push(trade);
  }
  return trades.sort((a, b) => (a.external_id < b.external_id ? -1 : 1));
}
