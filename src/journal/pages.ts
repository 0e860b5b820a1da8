import { Failure } from "../errors.ts";
import type { Http, ParseBody } from "./http.ts";
import { taken } from "./outcomes.ts";
import { checked, contractFailure } from "./read.ts";
import { type Id, pageShape } from "./wire.ts";

export interface PagesOf<T> {
  path: string;
  query: Record<string, string | undefined>;
  read: (value: unknown, where: string) => T;
  /** Known once in a list. */
  idOf: (item: T) => Id;
  /** What is gone when the platform answers 404; null: nothing can be, the base URL is wrong. */
  gone: string | null;
}

/** Above any account's executions by far: 100 million at 1,000 a page. */
const pagesMax = 100_000;

/**
 * Reads a list to its end. A platform that does not understand a cursor starts at page one again, with 200: so a cursor or an
 * item that comes a second time is an error, never an endless loop.
 */
export async function* pages<T>(list: PagesOf<T>, http: Http): AsyncGenerator<T, void, undefined> {
  const ids = new Set<Id>();
  for await (const { number, items } of rawPages(list, http)) {
    for (const [index, value] of items.entries()) {
      const item = list.read(value, `GET ${list.path}, page ${number}, item ${index}`);
      const id = list.idOf(item);
      if (ids.has(id)) throw twice(list.path, id, number);
      ids.add(id);
      yield item;
    }
  }
}

/** A page as it came: nothing is known of its items. */
export interface RawPage {
  /** From 1. */
  number: number;
  items: unknown[];
  /** All of it, as `parse` gave it. */
  json: unknown;
}

/** The pages of a list, to its end. That no item comes twice is for the reader to see. */
export async function* rawPages(
  { path, query, gone }: Pick<PagesOf<unknown>, "path" | "query" | "gone">,
  http: Http,
  parse?: ParseBody,
): AsyncGenerator<RawPage, void, undefined> {
  const name = `GET ${path}`;
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let number = 1; number <= pagesMax; number++) {
    const answer = await http.send({ method: "GET", path, query: { ...query, cursor } }, parse);
    if (answer.status === 404) throw notFound(name, gone);
    const json = taken(answer, name);
    const { data, links, meta } = checked(pageShape, json, name);
    yield { number, items: data, json };
    const next = meta?.next_cursor === undefined ? cursorOf(links?.next ?? null, name) : meta.next_cursor;
    if (next === null) return;
    if (cursors.has(next)) throw contractFailure(name, `a cursor comes a second time, on page ${number}`);
    cursors.add(next);
    cursor = next;
  }
  throw contractFailure(name, `more than ${pagesMax} pages`);
}

export function twice(path: string, id: Id, page: number): Failure {
  return contractFailure(`GET ${path}`, `item ${id} comes a second time, on page ${page}`);
}

/** The cursor alone: behind a proxy the link's host and scheme are often wrong. */
function cursorOf(link: string | null, name: string): string | null {
  if (link === null) return null;
  const cursor = URL.parse(link, "http://localhost")?.searchParams.get("cursor") ?? "";
  if (cursor === "") throw contractFailure(name, "links.next has no cursor");
  return cursor;
}

function notFound(name: string, gone: string | null): Failure {
  if (gone === null) {
    return new Failure("settings", `There is no ${name} on the platform (404).`, {
      code: "platform_wrong_url",
      subject: "LARAVEL_API_URL",
      hint: "LARAVEL_API_URL is the API's base URL, like https://app.example.com/api/internal.",
    });
  }
  return new Failure("data", `${gone[0]?.toUpperCase()}${gone.slice(1)} is gone from the platform.`, {
    code: "platform_gone",
    subject: gone,
    retryable: false,
  });
}
