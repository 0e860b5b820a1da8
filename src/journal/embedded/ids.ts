import type { Id } from "../wire.ts";

/** One form for one identifier: the text `7`, as it stands in a path, is the number 7. */
export function idOf(id: Id): Id {
  if (typeof id === "number" || !/^(0|[1-9]\d{0,15})$/.test(id)) return id;
  return Number.isSafeInteger(Number(id)) ? Number(id) : id;
}
