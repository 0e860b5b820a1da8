import { Failure } from "../../errors.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Id, User } from "../../journal/wire.ts";
import type { AnalyzeArgs } from "./command.ts";

/** As many as a message can name. */
const knownShownMax = 20;

type Wanted = Pick<AnalyzeArgs, "user" | "full" | "report">;

/** Whom this run is about, those that waited longest first. @throws {Failure} usage: there is no such user */
export async function usersOf(wanted: Wanted, journal: Journal): Promise<User[]> {
  if (wanted.user !== undefined) return [await namedUser(wanted.user, journal)];
  // A page is asked for by a person, who wants it also when nothing changed.
  if (wanted.report !== undefined && !wanted.full) return [await onlyUser(journal)];
  const users: User[] = [];
  for await (const user of journal.users(wanted.full ? {} : { stale: true })) users.push(user);
  return users.sort(longestWaitingFirst);
}

async function namedUser(id: string, journal: Journal): Promise<User> {
  const known: Id[] = [];
  for await (const user of journal.users()) {
    // Ids are opaque: on the command line they are text, on the platform perhaps numbers.
    if (String(user.user_id) === id) return user;
    if (known.length <= knownShownMax) known.push(user.user_id);
  }
  throw new Failure("usage", `The platform has no active user ${id}.`, {
    code: "no_such_user",
    hint: known.length === 0 ? "It has no users at all: import trades first." : `It has ${listed(known)}.`,
  });
}

async function onlyUser(journal: Journal): Promise<User> {
  const users: User[] = [];
  for await (const user of journal.users()) {
    users.push(user);
    if (users.length > knownShownMax) break;
  }
  const [first] = users;
  if (first !== undefined && users.length === 1) return first;
  if (first === undefined) {
    throw new Failure("usage", "There is no user to report on.", {
      code: "no_such_user",
      hint: "Import trades first: import-trades --file FILE.",
    });
  }
  throw new Failure("usage", "--report needs to know whose page it is.", {
    code: "user_needed",
    hint: `Add --user ID (there are ${listed(users.map(({ user_id }) => user_id))}), or --full for a page of everybody.`,
  });
}

function listed(ids: readonly Id[]): string {
  const shown = ids.slice(0, knownShownMax).join(", ");
  return ids.length > knownShownMax ? `${shown} and more` : shown;
}

/** Who never had statistics, then by the age of those that there are, then by the time of the change. */
function longestWaitingFirst(a: User, b: User): number {
  return (
    compareTexts(a.statistics?.computed_at, b.statistics?.computed_at) ||
    compareTexts(a.trades_changed_at, b.trades_changed_at)
  );
}

function compareTexts(a: string | null = "", b: string | null = ""): number {
  const [left, right] = [a ?? "", b ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}
