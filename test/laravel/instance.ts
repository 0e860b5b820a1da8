import { describe, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decrypt } from "../../src/accounts/encrypted.ts";
import type { Fetch } from "../../src/context.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { type LaravelSettings, openLaravelJournal } from "../../src/journal/laravel.ts";
import type { Account } from "../../src/journal/wire.ts";
import { makeWatch, watchedFetch } from "../contract/watch.ts";
import { type FakeContext, fakeContext } from "../journal/samples.ts";

const application = fileURLToPath(new URL("../../fixtures/laravel", import.meta.url));
const script = fileURLToPath(new URL("../../scripts/laravel", import.meta.url));

/** A reference platform (fixtures/laravel) that runs, with a database of its own. */
export interface Laravel {
  /** `http://127.0.0.1:40001/api/internal` */
  url: string;
  /** All abilities. */
  key: string;
  credentialsKey: string;
  /** Its database, storage and logs. */
  folder: string;
}

/** The one that `scripts/laravel run` started for this run; null on a machine without. */
const laravel: Laravel | null = fromVariables(process.env);

/** Tests that need it. Without it they are one skipped test, which says so. */
export function describeLaravel(name: string, tests: (platform: Laravel) => void): void {
  if (laravel === null)
    test.skipIf(true)(`${name}: needs PHP; run scripts/laravel run bun test test/laravel`, () => undefined);
  else describe(name, () => tests(laravel));
}

/** One more, with settings of its own: `INTERNAL_API_RATE`. To be stopped by the caller. */
export async function startLaravel(settings: Record<string, string>): Promise<Laravel> {
  const lines = (await output([script, "start"], settings)).trim().split("\n");
  const started = fromVariables(Object.fromEntries(lines.map((line) => line.split(/=(.*)/s).slice(0, 2))));
  if (started === null) throw new Error(`scripts/laravel start said: ${lines.join("\n")}`);
  return started;
}

/** File of the application, what stands there, and what is put in its place. */
export type Edit = readonly [file: string, before: string, after: string];

export interface Copy {
  platform: Laravel;
  stop: () => Promise<void>;
}

/** One of a copy of the application that does something in another way. */
export async function startCopy(edits: readonly Edit[], settings: Record<string, string> = {}): Promise<Copy> {
  const folder = mkdtempSync(join(tmpdir(), "ami-laravel-copy-"));
  cpSync(application, folder, { recursive: true });
  for (const [file, before, after] of edits) {
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
    writeFileSync(
      path,
      text.replace(before, () => after),
    );
  }
  const platform = await startLaravel({ ...settings, AMI_LARAVEL_APPLICATION: folder });
  const stop = async (): Promise<void> => {
    await stopLaravel(platform);
    rmSync(folder, { recursive: true });
  };
  return { platform, stop };
}

export async function stopLaravel({ folder }: Laravel): Promise<void> {
  await output([script, "stop", folder]);
}

/** A console command of the platform: `artisan(platform, ["down", "--retry=60"])`. */
export async function artisan({ folder }: Laravel, command: string[], input = ""): Promise<string> {
  return await output([script, "artisan", folder, ...command], {}, input);
}

/** As after a fresh start, with this seed in it: tables, numbering, rate counters and stored answers; the keys stay. */
export async function reset(platform: Laravel, seed: unknown): Promise<void> {
  await artisan(platform, ["platform:seed", "-", "--fresh"], JSON.stringify(seed));
}

export interface OpenedJournal {
  journal: Journal;
  context: FakeContext;
}

/**
 * The client of this project. Time stands still in its world, while the platform's clock goes on. Closing it fails when a
 * request or an answer was not by the contract.
 */
export function openJournal(platform: Laravel, settings: Partial<LaravelSettings> = {}): OpenedJournal {
  const { url, key } = platform;
  const watch = makeWatch({ onPurpose: true });
  const context = fakeContext({ fetch: watchedFetch(fetch as Fetch, url, watch) });
  const defaults = { url, key, workerId: "w1@tests:1", retriesMax: 3, backoffBaseSeconds: 2 };
  return { journal: { ...openLaravelJournal({ ...defaults, ...settings }, context), close: watch.verify }, context };
}

/**
 * The contract lets a platform send credentials as they are, or encrypted, as this one does. Decrypted here, so that one suite
 * sees the same accounts everywhere.
 */
export function withCredentialsRead(journal: Journal, credentialsKey: string): Journal {
  async function* accounts(filter?: Parameters<Journal["accounts"]>[0]): AsyncIterable<Account> {
    for await (const account of journal.accounts(filter)) {
      const { credentials } = account;
      if (typeof credentials !== "string") yield account;
      else yield { ...account, credentials: readCredentials(credentials, credentialsKey) };
    }
  }
  return { ...journal, accounts };
}

export function readCredentials(encrypted: string, credentialsKey: string): object {
  return JSON.parse(new TextDecoder().decode(decrypt(encrypted, [credentialsKey])));
}

function fromVariables(variables: Record<string, string | undefined>): Laravel | null {
  const {
    AMI_LARAVEL_URL: url,
    AMI_LARAVEL_KEY: key,
    AMI_LARAVEL_CREDENTIALS_KEY: credentialsKey,
    AMI_LARAVEL_FOLDER: folder,
  } = variables;
  if (url === undefined) return null;
  if (key === undefined || credentialsKey === undefined || folder === undefined) {
    throw new Error("AMI_LARAVEL_URL is set without the other variables of scripts/laravel");
  }
  return { url, key, credentialsKey, folder };
}

async function output(command: string[], environment: Record<string, string> = {}, input = ""): Promise<string> {
  const child = Bun.spawn(command, {
    stdin: new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}
