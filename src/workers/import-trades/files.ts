import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { FileResult, PlatformFile } from "../../journal/wire.ts";
import type { FileOutcome } from "./result.ts";

/** No broker's export is near this; it bounds the disk that one account can take. */
export const fileBytesMax = 2 * 1024 ** 3;
/** The contract's limits for a file's result. */
const errorsMax = 200;
const messageCharactersMax = 500;
const columnCharactersMax = 128;
const codeCharactersMax = 64;

/** A file of the platform on this machine's disk, for as long as it is needed. */
export interface Download extends Disposable {
  path: string;
}

/**
 * Brings an uploaded file to a temporary folder and checks its SHA-256.
 * @throws {Failure} data: `file_gone`, `file_too_large`, `checksum_mismatch`
 */
export async function download(file: PlatformFile, journal: Journal): Promise<Download> {
  const folder = mkdtempSync(join(tmpdir(), "ami-workers-"));
  const path = join(folder, "upload");
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  try {
    const sha256 = await store(await journal.openFile(file), path, file.name ?? String(file.file_id));
    if (sha256 !== file.sha256) {
      throw new Failure("data", `The file that arrived is not the one that was uploaded (SHA-256 ${sha256}).`, {
        code: "checksum_mismatch",
        subject: file.name ?? String(file.file_id),
        hint: "Upload it again.",
        retryable: true,
      });
    }
    return { path, [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function store(stream: ReadableStream<Uint8Array>, path: string, name: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  const file = await open(path, "wx", 0o600);
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      if (bytes > fileBytesMax) {
        throw new Failure("data", `The file is larger than ${fileBytesMax} bytes.`, {
          code: "file_too_large",
          subject: name,
          hint: "Export a shorter period.",
        });
      }
      hasher.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return hasher.digest("hex");
}

/** What to do, where the command line's way is none for whoever uploads. */
const uploadHints: Readonly<Partial<Record<string, string>>> = {
  several_accounts: "Export each of them into a file of its own, and upload it to the account that it belongs to.",
  timezone_required:
    "Set the account's broker time zone to the clock that these times were read from, as in Europe/Paris, +02:00 or GMT+2/EU, and upload it again.",
};

/** What the platform is told about a file. Everything was read: rows = imported + skipped + rejected. */
export function toFileResult({ dialect, report, error }: FileOutcome, refusedByPlatform: number): FileResult {
  if (report === null || error !== null) {
    const { code, message, hint } = error ?? { code: "unknown", message: "The file could not be read." };
    // There is one text for the user, and what to do belongs into it.
    const todo = uploadHints[code] ?? hint;
    const told = todo === undefined ? message : `${message} ${todo}`;
    return {
      status: "rejected",
      dialect,
      rows: 0,
      imported: 0,
      skipped: 0,
      rejected: 0,
      errors: [{ line: 1, column: null, code: cut(code, codeCharactersMax), message: cut(told, messageCharactersMax) }],
      truncated: false,
    };
  }
  const skipped = [...report.skipped.values()].reduce((sum, { count }) => sum + count, 0);
  const imported = report.imported - refusedByPlatform;
  const rejected = report.rejected + refusedByPlatform;
  return {
    status: rejected === 0 ? "imported" : imported > 0 ? "partial" : "rejected",
    dialect,
    rows: report.rows,
    imported,
    skipped,
    rejected,
    errors: report.problems.slice(0, errorsMax).map(({ line, column, code, message }) => ({
      line,
      column: column === null ? null : cut(column, columnCharactersMax),
      code: cut(code, codeCharactersMax),
      message: cut(message, messageCharactersMax),
    })),
    truncated: report.truncated,
  };
}

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`;
}
