import type { Statistics } from "./wire.ts";

/**
 * The body of `PUT /users/{id}/statistics`, the same as `JSON.stringify` makes. The section of a user who trades in the base currency
 * alone stands in it twice, and is nearly all of it: it is written once.
 */
export function statisticsJson(statistics: Statistics): string {
  const texts = new Map<object, string>();
  const sectionText = (section: object): string => {
    const text = texts.get(section) ?? JSON.stringify(section);
    texts.set(section, text);
    return text;
  };
  const { currencies, base } = statistics;
  const textOf = (key: string, value: unknown): string => {
    if (key === "currencies") return `[${currencies.map(sectionText).join()}]`;
    return key === "base" && base !== null ? sectionText(base) : JSON.stringify(value);
  };
  const members = Object.entries(statistics).filter(([, value]) => value !== undefined);
  return `{${members.map(([key, value]) => `"${key}":${textOf(key, value)}`).join()}}`;
}
