/**
 * Time zones: from what a source writes on its clock to UTC, and back. Pure: the rules are those built into the runtime (Intl),
 * read once a zone and year and then kept, since a file asks for an offset with each of its rows.
 */
export interface Zone {
  /** The rule as it was given, in one spelling: `Europe/Paris`, `+02:00`, `UTC`, `GMT+2/US`. */
  readonly name: string;
  /** Null: it changes with the time. */
  readonly fixedOffsetMs: number | null;
  /** What the clock shows minus UTC. */
  offsetMsAt: (utcMs: number) => number;
  /** `wallClockMs`: what the clock shows, as milliseconds since 1970-01-01 00:00 on that clock. */
  toUtcMs: (wallClockMs: number) => WallClockReading;
}

/** `ambiguous`: the clock showed it twice, and this is the earlier instant. `gap`: it was never shown; moved forward by the gap. */
export interface WallClockReading {
  utcMs: number;
  kind: "exact" | "ambiguous" | "gap";
}

/** A rule that is none: the message says what is expected. */
export class ZoneError extends Error {
  override readonly name = "ZoneError";
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Wider than every offset in use (-12:00 to +14:00), so that a wall clock's instant lies between the two. */
const offsetMsMax = 15 * hourMs;
const offsetHoursMax = 14;

/** About 398 days; a power of two, so that the borders of blocks and samples are whole milliseconds. */
const blockMs = 2 ** 35;
/** About 6 days: shorter than any daylight saving period, or break in one, since 1970 (Morocco's Ramadan is about 30 days). */
const sampleMs = 2 ** 29;

const offsetRule = /^(?:(UTC|GMT)\s?)?([+-])(\d{1,2})(?::?([0-5]\d))?(?:\/(US|EU))?$/i;
const utcRule = /^(?:Z|UTC|GMT|Etc\/UTC|Etc\/GMT)$/i;

/** Whose switches `GMT+2/US` and `GMT+2/EU` follow, with their offset in winter. The EU's change all at 01:00 UTC. */
const daylightSaving = {
  US: { reference: "America/New_York", winterMs: -5 * hourMs },
  EU: { reference: "Europe/Brussels", winterMs: 1 * hourMs },
} as const;

const expected =
  "an IANA name (Europe/Paris), a fixed offset (+02:00, UTC+1, Z), or GMT+2/US and GMT+2/EU " +
  "(that offset in winter, one hour more while the US or the EU has daylight saving)";

/** Zones keep what they learnt, so a rule is read once. Bounded: a caller has a handful of rules, not thousands. */
const known = new Map<string, Zone>();
const knownMax = 1_000;

/** @throws {ZoneError} */
export function parseZone(rule: string): Zone {
  const found = known.get(rule);
  if (found !== undefined) return found;
  const zone = makeZone(rule.trim());
  if (known.size < knownMax) known.set(rule, zone);
  return zone;
}

function makeZone(rule: string): Zone {
  if (utcRule.test(rule)) return fixedZone("UTC", 0);
  const offset = offsetRule.exec(rule);
  if (offset === null) return new TableZone(rule, intlOffset(rule));
  const [, prefix, sign, hours, minutes = "0", region] = offset;
  if (Number(hours) * 60 + Number(minutes) > offsetHoursMax * 60) throw unknownRule(rule);
  const offsetMs = (sign === "-" ? -1 : 1) * (Number(hours) * hourMs + Number(minutes) * minuteMs);
  if (region === undefined) return fixedZone(offsetName(offsetMs), offsetMs);
  // `+02:00/US` is not a rule that anyone writes: rather a slip.
  if (prefix === undefined) throw unknownRule(rule);
  return daylightZone(offsetMs, region.toUpperCase() === "US" ? "US" : "EU");
}

function fixedZone(name: string, offsetMs: number): Zone {
  return {
    name,
    fixedOffsetMs: offsetMs,
    offsetMsAt: () => offsetMs,
    toUtcMs: (wallClockMs) => ({ utcMs: wallClockMs - offsetMs, kind: "exact" }),
  };
}

function daylightZone(winterMs: number, region: keyof typeof daylightSaving): Zone {
  const { reference, winterMs: referenceWinterMs } = daylightSaving[region];
  const referenceZone = parseZone(reference);
  return new TableZone(
    `GMT${shortOffset(winterMs)}/${region}`,
    (utcMs) => winterMs + referenceZone.offsetMsAt(utcMs) - referenceWinterMs,
  );
}

/** A span of time with one offset: from `startMs`, until the next one's start. */
interface Span {
  startMs: number;
  endMs: number;
  offsetMs: number;
}

/** Any rule as a table, filled block by block on demand. The span found last answers most questions by itself. */
class TableZone implements Zone {
  readonly name: string;
  readonly fixedOffsetMs = null;
  readonly #offsetFromRule: (utcMs: number) => number;
  readonly #blocks = new Map<number, Span[]>();
  #span: Span = { startMs: 0, endMs: 0, offsetMs: 0 };

  constructor(name: string, offsetFromRule: (utcMs: number) => number) {
    this.name = name;
    this.#offsetFromRule = offsetFromRule;
  }

  offsetMsAt(utcMs: number): number {
    const span = this.#span;
    if (utcMs >= span.startMs && utcMs < span.endMs) return span.offsetMs;
    return this.#findSpan(utcMs).offsetMs;
  }

  toUtcMs(wallClockMs: number): WallClockReading {
    const span = this.#span;
    if (wallClockMs - offsetMsMax >= span.startMs && wallClockMs + offsetMsMax < span.endMs) {
      return { utcMs: wallClockMs - span.offsetMs, kind: "exact" };
    }
    const before = this.offsetMsAt(wallClockMs - offsetMsMax);
    const after = this.offsetMsAt(wallClockMs + offsetMsMax);
    const byBefore = wallClockMs - before;
    const byAfter = wallClockMs - after;
    const beforeHolds = this.offsetMsAt(byBefore) === before;
    const afterHolds = this.offsetMsAt(byAfter) === after;
    if (before === after) return { utcMs: byBefore, kind: "exact" };
    if (beforeHolds && afterHolds) return { utcMs: Math.min(byBefore, byAfter), kind: "ambiguous" };
    if (beforeHolds) return { utcMs: byBefore, kind: "exact" };
    if (afterHolds) return { utcMs: byAfter, kind: "exact" };
    return { utcMs: byBefore, kind: "gap" };
  }

  #findSpan(utcMs: number): Span {
    const block = Math.floor(utcMs / blockMs);
    let spans = this.#blocks.get(block);
    if (spans === undefined) {
      spans = spansBetween(block * blockMs, (block + 1) * blockMs, this.#offsetFromRule);
      this.#blocks.set(block, spans);
    }
    const span = spans.find(({ endMs }) => utcMs < endMs);
    if (span === undefined) throw new RangeError(`no instant: ${utcMs}`);
    this.#span = span;
    return span;
  }
}

/** Samples the rule, and where two samples differ finds the millisecond of the change by bisection. */
function spansBetween(startMs: number, endMs: number, offsetAt: (utcMs: number) => number): Span[] {
  const spans: Span[] = [];
  let span: Span = { startMs, endMs, offsetMs: offsetAt(startMs) };
  for (let sample = startMs; sample < endMs; sample += sampleMs) {
    const next = offsetAt(sample + sampleMs);
    if (next === span.offsetMs) continue;
    let last = sample;
    let first = sample + sampleMs;
    while (first - last > 1) {
      const middle = (last + first) / 2;
      if (offsetAt(middle) === span.offsetMs) last = middle;
      else first = middle;
    }
    spans.push({ ...span, endMs: first });
    span = { startMs: first, endMs, offsetMs: next };
  }
  if (span.startMs < endMs) spans.push(span);
  return spans;
}

/** What the runtime knows of an IANA name. Some microseconds a call, hence the table. */
function intlOffset(rule: string): (utcMs: number) => number {
  const format = intlFormat(rule);
  return (utcMs) => {
    const wall = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of format.formatToParts(utcMs)) {
      if (type in wall) wall[type as keyof typeof wall] = Number(value);
    }
    const wallMs = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
    return wallMs - Math.floor(utcMs / 1_000) * 1_000;
  };
}

function intlFormat(rule: string): Intl.DateTimeFormat {
  // Intl reads blanks and bare digits in ways of its own; names start with a letter.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(rule)) throw unknownRule(rule);
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-iso8601", {
      timeZone: rule,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unknownRule(rule);
  }
}

function unknownRule(rule: string): ZoneError {
  return new ZoneError(`no time zone is called "${rule}": expected ${expected}`);
}

/** `+02:00` */
function offsetName(offsetMs: number): string {
  if (offsetMs === 0) return "UTC";
  const minutes = Math.abs(offsetMs) / minuteMs;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** `+2`, `+5:30` */
function shortOffset(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / minuteMs;
  const rest = minutes % 60;
  return `${offsetMs < 0 ? "-" : "+"}${Math.floor(minutes / 60)}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}
