import { statSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { writeDurably } from "../../delivery/durable.ts";
import { Failure, messageOf } from "../../errors.ts";
import type { User } from "../../journal/wire.ts";
import type { AnalyzeArgs } from "./command.ts";
import type { Shown } from "./result.ts";

/** A page for people: one user's figures. */
export interface Page {
  path: string;
  bytes: number;
  /** False: a dry run. */
  written: boolean;
}

export interface Pages {
  readonly all: readonly Page[];
  /** @throws {Failure} settings: it cannot be written */
  add: (user: User, shown: Shown, options: { isAlone: boolean }) => void;
}

/** Before anything is computed. @throws {Failure} usage */
export function checkReportPath(path: string): void {
  const wrong = (message: string, hint: string) =>
    new Failure("usage", message, { code: "report_path", subject: path, hint });
  if (extname(path).toLowerCase() !== ".html" && extname(path).toLowerCase() !== ".htm") {
    throw wrong(`${path} is no name of a page.`, "Give it one that ends in .html.");
  }
  const folder = dirname(resolve(path));
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw wrong(`There is no folder ${folder}.`, "Make it first, or name another.");
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    throw wrong(`${path} is a folder.`, "Name a file.");
  }
}

export async function openPages({ report, dryRun }: Pick<AnalyzeArgs, "report" | "dryRun">): Promise<Pages | null> {
  if (report === undefined) return null;
  const { renderPage } = await import("./page/page.ts");
  const all: Page[] = [];
  return {
    all,
    add(user, shown, { isAlone }) {
      const path = isAlone ? report : pathOf(report, user);
      const bytes = new TextEncoder().encode(renderPage(user, shown));
      if (!dryRun) write(path, bytes);
      all.push({ path, bytes: bytes.length, written: !dryRun });
    },
  };
}

/** `all.html` and user 42: `all-42.html`. An id is of letters, digits, - and _ by the contract; whatever else came is no path. */
function pathOf(report: string, { user_id }: User): string {
  const ending = extname(report);
  return `${report.slice(0, -ending.length)}-${String(user_id).replace(/[^A-Za-z0-9_-]/g, "_")}${ending}`;
}

function write(path: string, bytes: Uint8Array): void {
  try {
    writeDurably(path, bytes);
  } catch (error) {
    throw new Failure("data", `The page ${path} cannot be written: ${messageOf(error)}.`, {
      code: "report_not_written",
      subject: path,
      hint: "Is there room, and may this user write there?",
      cause: error,
    });
  }
}
