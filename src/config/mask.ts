import type { VariableName } from "./variables.ts";
import { variables } from "./variables.ts";

const shownFromCharacters = 24;
const shownAtEnd = 4;

/** A value as it may be shown. Of a long secret the end remains, so that two can be told apart; of an address its host. */
export function masked(name: VariableName, value: string): string {
  if (variables[name].secret) return value.includes("://") ? maskedAddress(value) : maskedSecret(value);
  return withoutPassword(value);
}

export function maskedSecret(value: string): string {
  const end = value.length >= shownFromCharacters ? value.slice(-shownAtEnd) : "";
  return `****${end} (${value.length} characters)`;
}

function maskedAddress(value: string): string {
  if (!URL.canParse(value)) return maskedSecret(value);
  const url = new URL(value);
  if (url.host === "") return maskedSecret(value);
  const user = url.username === "" && url.password === "" ? "" : "****@";
  const rest = url.pathname.length > 1 || url.search !== "" ? "/****" : "";
  return `${url.protocol}//${user}${url.host}${rest}`;
}

/** Also where nothing secret belongs somebody may have put a password. */
function withoutPassword(value: string): string {
  return value.replace(/\/\/[^/@\s]*@/g, "//****@");
}
