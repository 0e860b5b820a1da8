import { Failure } from "../errors.ts";

const prefix = "VENUE_URL_";

/** `VENUE_URL_BINANCE`; of `binance-us` `VENUE_URL_BINANCE_US`. */
export function venueUrlVariable(brokerId: string): string {
  return prefix + brokerId.toUpperCase().replace(/[^A-Z0-9]+/g, "_");
}

/**
 * Where all of a venue's hosts are, for tests, proxies and mirrors; null: at the venue. Signed requests go there, so that it has the same rule
 * as the platform's address. @throws {Failure} `settings`
 */
export function venueUrlOf(brokerId: string, environment: Readonly<Record<string, string | undefined>>): string | null {
  const variable = venueUrlVariable(brokerId);
  const text = environment[variable]?.trim() ?? "";
  if (text === "") return null;
  if (isVenueUrl(text)) return text.replace(/\/+$/, "");
  throw new Failure("settings", `${variable} is not an address that requests can be sent to.`, {
    code: "venue_url",
    subject: variable,
    hint: `Expected ${venueUrlExpected}.`,
  });
}

export const venueUrlName = /^VENUE_URL_[A-Z0-9]+(_[A-Z0-9]+)*$/;
export const venueUrlExpected = "an https:// address (http:// only to this machine) without user, query or fragment";

export function isVenueUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  return url !== null && isSafe && url.username === "" && url.password === "" && !/[?#\s]/.test(text);
}

/** The venue's address with its host replaced and its path kept. */
export function atVenue(address: string, venueUrl: string | null): string {
  return venueUrl === null ? address : venueUrl + address.replace(/^[a-z]+:\/\/[^/]+/, "");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
