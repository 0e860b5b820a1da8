import "../jitless.ts";
import { type } from "arktype";
import type { LogLevel } from "../context.ts";
import type { VariableName } from "./variables.ts";

/** Where trades go. */
export type PlatformAddress = { kind: "laravel"; url: string } | { kind: "embedded"; path: string };

const Flag = type(/^(true|false|1|0|yes|no|on|off)$/i).pipe((text) => /^(true|1|yes|on)$/i.test(text));

/** `009` and `1e2` are refused: what looks like a mistake is one. */
const wholeNumber = (min: number, max: number) =>
  type("/^(0|[1-9][0-9]{0,8})$/").pipe(Number, type.number.atLeast(min).atMost(max));

const Level = type(/^(debug|info|warning|error|critical)$/i).pipe((text) => text.toLowerCase() as LogLevel);

const Path = type("string > 0").narrow((text) => !text.includes("\0"));

/** Printable ASCII, and not what stands in examples: `...`, `…`, `changeme`, `your-key-here`. */
const Secret = type("/^[!-~]+$/").narrow(
  (text) => !/\.\.\.|^x+$|change.?me|your.?(api.?)?(key|secret)|<.*>/i.test(text),
);

const Email = type("string.email");

const Seconds = type("/^[0-9]{1,2}([.][0-9]{1,3})?$/").pipe(Number, type("0 <= number <= 60"));

const webAddress = (text: string): URL | null => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || /\s/.test(text)) return null;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)) ? url : null;
};

const isLoopback = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

const WebAddress = type("string").narrow((text) => webAddress(text) !== null);

const MailServer = type("string").narrow((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== "" && !/\s/.test(text);
});

const Address = type("string")
  .narrow((text) => {
    if (/^sqlite:/i.test(text)) return /^(?!\/\/)[^\0]+$/.test(sqlitePath(text));
    const url = webAddress(text);
    return url !== null && url.username === "" && url.password === "" && !/[?#]/.test(text);
  })
  .pipe((text): PlatformAddress => {
    if (/^sqlite:/i.test(text)) return { kind: "embedded", path: sqlitePath(text) };
    return { kind: "laravel", url: text.replace(/\/+$/, "") };
  });

/** `sqlite:./a`, `sqlite:/a`, and `sqlite:///a` as others write it. */
const sqlitePath = (text: string): string => text.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");

const keyBytes = 32;
const listOf = (text: string) => text.split(",").map((item) => item.trim());
const isCredentialsKey = (text: string): boolean =>
  /^base64:[A-Za-z0-9+/]+=*$/.test(text) && Buffer.from(text.slice("base64:".length), "base64").length === keyBytes;

/** From text, as the environment has it, to values. One variable at a time, so that every problem is found at once. */
export const shape = {
  LARAVEL_API_URL: Address,
  LARAVEL_API_KEY: Secret,
  CREDENTIALS_KEY: type("string")
    .narrow((text) => listOf(text).every(isCredentialsKey))
    .pipe(listOf),
  TRADE_IMPORTER_ENABLED: Flag,
  TRADE_IMPORTER_INTERVAL_MINUTES: wholeNumber(1, 1440),
  TRADE_IMPORTER_BATCH_SIZE: wholeNumber(1, 100),
  TRADE_IMPORTER_WATCH_FOLDER: Path,
  STATS_ANALYZER_ENABLED: Flag,
  STATS_ANALYZER_INTERVAL_MINUTES: wholeNumber(1, 1440),
  BINANCE_API_KEY: Secret,
  BINANCE_API_SECRET: Secret,
  LOG_LEVEL: Level,
  LOG_DIR: Path,
  MAX_RETRIES: wholeNumber(0, 10),
  RETRY_BACKOFF_BASE: Seconds,
  DATA_DIR: Path,
  ALERT_EMAIL_TO: type("string")
    .narrow((text) => listOf(text).every(Email.allows))
    .pipe(listOf),
  ALERT_EMAIL_FROM: Email,
  SMTP_URL: MailServer,
  ALERT_WEBHOOK_URL: WebAddress,
  HEALTHCHECK_URL: WebAddress,
  METRICS_DIR: Path,
} as const satisfies Record<VariableName, unknown>;

export type Values = { [Name in VariableName]?: (typeof shape)[Name]["infer"] };

/** The value, or undefined when the text is not what the variable takes. */
export function readValue<Name extends VariableName>(name: Name, text: string): Values[Name] | undefined {
  const result: unknown = shape[name](text);
  return result instanceof type.errors ? undefined : (result as Values[Name]);
}
