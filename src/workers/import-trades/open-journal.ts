import { existsSync } from "node:fs";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../journal/embedded.ts";
import type { Journal } from "../../journal/journal.ts";

/** The journal that the configuration names. `embedded`: the same object, where accounts can be made too. */
export interface OpenedJournal {
  journal: Journal;
  embedded: EmbeddedJournal | null;
}

export interface JournalChoice {
  config: Pick<Config, "platform" | "retry">;
  workerId: string;
  /** Nothing is made on disk. */
  dryRun: boolean;
}

export async function openJournal(
  { config, workerId, dryRun }: JournalChoice,
  context: Context,
): Promise<OpenedJournal> {
  const { platform, retry } = config;
  if (platform.kind === "embedded") {
    const missing = dryRun && !existsSync(platform.path);
    const embedded = openEmbeddedJournal(missing ? ":memory:" : platform.path, context);
    return { journal: embedded, embedded };
  }
  const { url, key } = platform;
  const { openLaravelJournal } = await import("../../journal/laravel.ts"); // and arktype's shapes of all answers with it
  return { journal: openLaravelJournal({ url, key, workerId, ...retry }, context), embedded: null };
}
