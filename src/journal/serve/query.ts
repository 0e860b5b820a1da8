import { idOf } from "../embedded/ids.ts";
import type { PageAsked, PageOf } from "../embedded/lists.ts";
import { addError, type Errors, id as idRule } from "../embedded/rules.ts";
import { parseTimestamp } from "../timestamp.ts";
import type { Id } from "../wire.ts";
import { invalid, type Reply, reply } from "./replies.ts";

/** The parameters of a list, checked as a FormRequest would. */
export function makeQuery(parameters: URLSearchParams) {
  const errors: Errors = {};
  const given = (name: string): string | undefined => parameters.get(name) || undefined;
  return {
    errors,
    text: given,

    oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
      const value = given(name);
      if (value === undefined || (values as readonly string[]).includes(value)) return value as T | undefined;
      addError(errors, name, "The selected :attribute is invalid.");
      return undefined;
    },

    id(name: string): Id | undefined {
      const value = given(name);
      const wrong = value === undefined ? null : idRule(value);
      if (wrong !== null) addError(errors, name, wrong);
      return value === undefined ? undefined : idOf(value);
    },

    timeMs(name: string): number | undefined {
      const value = given(name);
      if (value === undefined) return undefined;
      const ms = parseTimestamp(value);
      if (ms === null) addError(errors, name, "The :attribute is not a valid date.");
      return ms ?? undefined;
    },

    perPage(usual: number, max: number): number {
      const value = given("per_page");
      if (value === undefined) return usual;
      if (/^\d{1,6}$/.test(value) && Number(value) >= 1 && Number(value) <= max) return Number(value);
      addError(errors, "per_page", `The :attribute must be between 1 and ${max}.`);
      return usual;
    },
  };
}

export type Query = ReturnType<typeof makeQuery>;

/** One page in the form of a resource collection over `cursorPaginate()`. */
export function pageReply<T>(url: URL, query: Query, limit: number, read: (asked: PageAsked) => PageOf<T>): Reply {
  if (Object.keys(query.errors).length > 0) return invalid(query.errors);
  const { items, next } = read({ after: positionOf(url.searchParams.get("cursor")), limit });
  const path = url.origin + url.pathname;
  const nextCursor =
    next === null ? null : Buffer.from(JSON.stringify({ id: next, _pointsToNextItems: true })).toString("base64url");
  const following = new URLSearchParams(url.searchParams);
  if (nextCursor !== null) following.set("cursor", nextCursor);
  const perPage = url.searchParams.get("per_page");
  return reply(200, {
    data: items,
    links: { first: null, last: null, prev: null, next: nextCursor === null ? null : `${path}?${following}` },
    meta: { path, per_page: perPage ?? limit, next_cursor: nextCursor, prev_cursor: null },
  });
}

/** Laravel takes a cursor that it cannot read for none: page one again. */
function positionOf(cursor: string | null): Id | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor ?? "", "base64url").toString());
    if (typeof value !== "object" || value === null || !("id" in value)) return null;
    return typeof value.id === "number" || typeof value.id === "string" ? value.id : null;
  } catch {
    return null;
  }
}
