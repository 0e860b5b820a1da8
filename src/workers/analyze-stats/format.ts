import { absolute, divideRounded, parseDecimal, scaleDigits } from "../../executions/decimal.ts";
import { parseZone } from "../../executions/zone.ts";
import type { MetricName, Metrics, StatisticsSection } from "../../statistics/body.ts";
import { definitionOf, type MetricUnit, nullReasonTexts } from "../../statistics/definitions.ts";

/** How the figures of one section are written for people: rounded and grouped; what they are exactly is kept beside. */
export interface FigureFormat {
  currency: string;
  /** Places of an amount. */
  digits: number;
  zone: string;
  /** The reasons of the whole history, which its parts leave out. */
  told: Readonly<Record<string, string>>;
}

export interface FigureText {
  /** `1,234.50`, `62.5%`, `2 d 4 h`; a dash where there is none. */
  short: string;
  /** All digits, with the unit; null: `short` is exact, or there is none. */
  exact: string | null;
  /** Why there is none. */
  reason: string | null;
}

/** Coins that stand for a dollar or a euro are written like these. */
const stablecoins = new Set(["USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USDP", "DAI", "PYUSD", "USDE", "EURT", "EURC"]);

export function formatOf(section: StatisticsSection, zone: string): FigureFormat {
  const whole = section.periods[0]?.metrics;
  const { currency } = section;
  return { currency, digits: digitsOf(currency, whole), zone, told: whole?.null_reasons ?? {} };
}

function digitsOf(currency: string, whole: Metrics | undefined): number {
  if (stablecoins.has(currency)) return 2;
  if (Intl.supportedValuesOf("currency").includes(currency)) {
    const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
    return maximumFractionDigits ?? 2;
  }
  const size = Math.max(...[whole?.gross_profit, whole?.gross_loss].map((amount) => Number(amount ?? 0)));
  return size >= 1_000 ? 2 : size >= 1 ? 4 : 8;
}

export const none = "–";

/** What a trade does to the balance is a matter of the third place and below. */
const growthFactors = new Set<MetricName>(["ahpr", "ghpr"]);

/** One figure of a period or a breakdown. */
export function figureText(metrics: Metrics, name: MetricName, format: FigureFormat): FigureText {
  const value = metrics[name];
  if (value === undefined) return { short: none, exact: null, reason: reasonOf(metrics, name, format) };
  const { unit } = definitionOf(name);
  if (typeof value === "boolean") return { short: value ? "yes" : "no", exact: null, reason: null };
  const text = String(value);
  const short = growthFactors.has(name) ? amountText(text, 5) : shortText(text, unit, format);
  const exact = exactText(text, unit, format);
  return { short, exact: exact === short ? null : exact, reason: null };
}

function reasonOf(metrics: Metrics, name: MetricName, { told }: FigureFormat): string | null {
  const reason = metrics.null_reasons?.[name] ?? told[name];
  return reason === undefined ? null : (nullReasonTexts[reason as keyof typeof nullReasonTexts] ?? reason);
}

function shortText(text: string, unit: MetricUnit, format: FigureFormat): string {
  switch (unit) {
    case "money":
      return amountText(text, format.digits);
    case "fraction":
      return percentText(text);
    case "ratio":
      return amountText(text, 2);
    case "r":
      return `${amountText(text, 2)} R`;
    case "count":
    case "days":
      return amountText(text, 0);
    case "seconds":
      return durationText(Number(text));
    case "time":
      return momentText(Date.parse(text), format.zone);
    case "text":
    case "flag":
      return text;
  }
}

function exactText(text: string, unit: MetricUnit, { currency }: FigureFormat): string {
  switch (unit) {
    case "money":
      return `${text} ${currency}`;
    case "r":
      return `${text} R`;
    case "seconds":
      return `${amountText(text, 0)} s`;
    case "count":
    case "days":
      return amountText(text, 0);
    default:
      return text;
  }
}

/** Rounded half to even, thousands grouped, always so many places: `-1,234.50`. Never through a float. */
export function amountText(text: string, digits: number): string {
  const units = divideRounded(parseDecimal(text), 10n ** BigInt(scaleDigits - digits));
  const figures = absolute(units)
    .toString()
    .padStart(digits + 1, "0");
  const integer = figures.slice(0, figures.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = digits === 0 ? "" : `.${figures.slice(-digits)}`;
  return `${units < 0n ? "-" : ""}${integer}${fraction}`;
}

/** With a plus before what is above zero. */
export function signedText(text: string, digits: number): string {
  const amount = amountText(text, digits);
  return /[1-9]/.test(amount) && !amount.startsWith("-") ? `+${amount}` : amount;
}

/** `62.5%` of `0.625`. */
export function percentText(fraction: string): string {
  const hundredfold = (parseDecimal(fraction) * 100n).toString();
  const units = divideRounded(BigInt(hundredfold), 10n ** BigInt(scaleDigits - 1));
  const figures = absolute(units).toString().padStart(2, "0");
  const integer = figures.slice(0, -1).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${units < 0n ? "-" : ""}${integer}.${figures.slice(-1)}%`;
}

const units = [
  { name: "d", seconds: 86_400 },
  { name: "h", seconds: 3_600 },
  { name: "m", seconds: 60 },
  { name: "s", seconds: 1 },
] as const;

/** The two largest units: `2 d 4 h`, `45 s`. */
export function durationText(seconds: number): string {
  const first = units.findIndex((unit) => seconds >= unit.seconds);
  const larger = units[first];
  if (larger === undefined) return "0 s";
  const count = Math.floor(seconds / larger.seconds);
  const smaller = units[first + 1];
  const rest = smaller === undefined ? 0 : Math.floor((seconds - count * larger.seconds) / smaller.seconds);
  const head = `${count.toLocaleString("en")} ${larger.name}`;
  return smaller === undefined || rest === 0 ? head : `${head} ${rest} ${smaller.name}`;
}

/** `2026-01-14 10:47` on the zone's clock. */
export function momentText(utcMs: number, zone: string): string {
  return localText(utcMs, zone).slice(0, 16).replace("T", " ");
}

/** `2026-01-14` on the zone's calendar. */
export function dateText(utcMs: number, zone: string): string {
  return localText(utcMs, zone).slice(0, 10);
}

function localText(utcMs: number, zone: string): string {
  return new Date(utcMs + parseZone(zone).offsetMsAt(utcMs)).toISOString();
}

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `14 Jan 2026` of `2026-01-14`, `Jan 2026` of `2026-01`; whatever else stays as it is. */
export function dayText(key: string): string {
  const [, year, month, day] = /^(\d{4})-(\d\d)(?:-(\d\d))?$/.exec(key) ?? [];
  const name = monthNames[Number(month) - 1];
  if (year === undefined || name === undefined) return key;
  return day === undefined ? `${name} ${year}` : `${Number(day)} ${name} ${year}`;
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
