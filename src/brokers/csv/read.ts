import type { FileHandle } from "node:fs/promises";
import { Failure } from "../../errors.ts";
import type { Market } from "../../executions/execution.ts";
import { parseZone, type Zone, ZoneError } from "../../executions/zone.ts";
import { openFile } from "../open-file.ts";
import { dayFirstOf } from "./day-first.ts";
import { decimalMarkOf } from "./decimal-mark.ts";
import { findHeader, parseRenames } from "./detect.ts";
import { CellError, type Dialect, type Reading } from "./dialect.ts";
import { byteLengthOf, readTextFormat, type TextFormat, textBlocks } from "./encoding.ts";
import { FileWindow } from "./file-window.ts";
import { cellText, type Mapping, type Renames } from "./header.ts";
import { inOrder } from "./order.ts";
import type { Page } from "./pages.ts";
import type { FileReport } from "./report.ts";
import { type RowSettings, RowWalker } from "./rows.ts";
import { type Position, type RowSource, readerOf } from "./survey.ts";
import type { Delimiters } from "./tokenise.ts";
import { UnsureTimes } from "./unsure-times.ts";

export interface RecogniseOptions {
  /** What the user calls the file: it stands in messages, and of some brokers it says the zone. */
  name: string;
  /** Id of the dialect; left out: found out by the header. */
  dialect?: string;
  /** `their name=our name`, for files to be read as generic. */
  map?: readonly string[];
  /** The rule for times without a zone, where neither the header nor the file's name says one. */
  timezone?: string;
  /** Where the file does not say its market. */
  market?: Market;
  /** What prices are in, where neither the rows nor their symbols say. */
  currency?: string;
  /** Stands in the ids, where the dialect is no broker's own. */
  broker?: string;
  /** Of a file with several accounts, the one whose rows are wanted: the others' are none. */
  sourceAccount?: string;
}

/** A file whose layout is known. It stays on disk, and must not change until it is read. */
export interface Recognised {
  path: string;
  name: string;
  dialect: Dialect;
  broker: string;
  market: Market | null;
  currency: string | null;
  encoding: string;
  delimiter: string;
  decimalMark: "." | ",";
  /** Of dates in the format of a computer's region; null: no row shows it. */
  dayFirst: boolean | null;
  /** As its first row names it, or the one that was chosen; null: it names none. */
  account: string | null;
  /** Of several; null: not said. */
  sourceAccount: string | null;
  /** The header as the file has it, and its physical line. */
  header: readonly string[];
  headerLine: number;
  /** The rule that times without a zone of their own are read by; null: all times seen have one. */
  zone: string | null;
  /** Who said so. `dialect`: only the export's usual zone is known. */
  zoneFrom: "header" | "file" | "name" | "option" | "dialect" | null;
  layout: FileLayout;
}

/** For the reader alone. */
export interface FileLayout {
  format: TextFormat;
  delimiters: Delimiters;
  renames: Renames;
  start: Position;
}

/** Rows that are looked at to find out the decimal mark, and whether times have zones. */
const sampledRowsMax = 200;
/** A statement whose section has not come by then has none. */
const headerBytesMax = 16 * 1024 * 1024;

/**
 * Which file is this? By its content alone. @throws {Failure} data, with a code: `unknown_dialect`, `ambiguous_dialect`,
 * `missing_columns`, `section_missing`, `timezone_required`, `empty_file`, `not_csv`, `not_text`, `bad_encoding`; usage: a
 * rule, market or map that is none, or no such file
 */
export async function recognise(path: string, options: RecogniseOptions): Promise<Recognised> {
  const { name } = options;
  const renames = parseRenames(options.map ?? []);
  const given = options.timezone === undefined ? null : zoneGiven(options.timezone);
  await using opened = await openFile(path, name);
  const { file } = opened;
  const format = await readTextFormat(file, name);
  const { found, text } = await readHeader(file, format, options, renames);
  const { dialect, mapping, delimiters } = found;
  const start: Position = {
    byte: format.bomBytes + byteLengthOf(text.slice(0, found.characters), format.encoding),
    line: found.nextLine,
    // The sections before the wanted one are read too.
    mapping: dialect.layout.kind === "titled" ? null : mapping,
  };
  const layout: FileLayout = { format, delimiters, renames, start };
  const sample = sampleOf(text.slice(found.characters), layout, dialect);
  const above = text.slice(0, found.characters);
  const decimalMark = decimalMarkOf(textsOf(sample, mapping, "numeric"));
  const { zone, zoneFrom } = zoneFor({ dialect, mapping, name, above }, given);
  const dayFirst = dayFirstOf(textsOf(sample, mapping, "regional"), decimalMark);
  if (zone === null && sample.some(needsZone(mapping, dayFirst ?? true))) throw zoneRequired(name, dialect);
  return {
    path,
    name,
    dialect,
    broker: dialect.anyBroker === true ? (options.broker ?? dialect.broker) : dialect.broker,
    market: marketFor(dialect, options.market),
    currency: options.currency ?? null,
    encoding: encodingName(format),
    delimiter: delimiters.inner,
    decimalMark,
    dayFirst,
    account:
      options.sourceAccount ??
      (mapping.account === null ? null : (sample[0]?.[mapping.account.index]?.trim() ?? null) || null),
    sourceAccount: options.sourceAccount ?? null,
    header: mapping.header,
    headerLine: found.line,
    zone,
    zoneFrom,
    layout,
  };
}

/**
 * The file's executions in THE order (`compareExecutions`), and its trades in the order of their ends, in pages of at most `pageRowsMax` together. What becomes of each row is in `report`,
 * which is complete when the last page was taken. Memory does not grow with the file. @throws {Failure} data: the file is
 * damaged, holds several accounts and none of them is chosen, or has too many rows of one instant; disk: no temporary space
 */
export async function* readPages(
  recognised: Recognised,
  report: FileReport,
  signal?: AbortSignal,
): AsyncGenerator<Page> {
  await using opened = await openFile(recognised.path, recognised.name);
  const unsure = recognised.zone === null ? null : new UnsureTimes(parseZone(recognised.zone));
  yield* inOrder(sourceOf(recognised, opened.file, unsure), report, signal);
  const times = unsure?.all ?? null;
  if (times !== null) report.unsureTimes = times;
}

export function sourceOf(recognised: Recognised, file: FileHandle, unsure: UnsureTimes | null = null): RowSource {
  const { name, layout } = recognised;
  const { format, delimiters, start } = layout;
  const settings = settingsOf(recognised, unsure);
  return {
    file: new FileWindow(file),
    name,
    format,
    delimiters,
    settings,
    sourceAccount: recognised.sourceAccount,
    start,
  };
}

function settingsOf(recognised: Recognised, unsure: UnsureTimes | null): RowSettings {
  const { dialect, broker, market, currency, decimalMark, dayFirst, zone, layout } = recognised;
  return {
    dialect,
    broker: dialect.idBroker ?? broker,
    market,
    currency,
    decimalMark,
    reading: { ...readingOf(decimalMark, zone === null ? null : parseZone(zone), unsure), dayFirst },
    renames: layout.renames,
    delimiter: layout.delimiters.delimiter,
    facts: new Map(),
    otherAccounts: new Set(),
  };
}

function readingOf(decimalMark: "." | ",", zone: Zone | null, unsure: UnsureTimes | null = null): Reading {
  const offsetMs = zone?.fixedOffsetMs ?? null;
  if (offsetMs !== null) return { decimalMark, toUtcMs: (wallClockMs) => wallClockMs - offsetMs };
  if (unsure !== null) return { decimalMark, toUtcMs: (wallClockMs) => unsure.toUtcMs(wallClockMs) };
  return {
    decimalMark,
    toUtcMs: (wallClockMs) => {
      if (zone === null) throw new CellError("timezone_required", "a time with its offset, as the first rows have");
      return zone.toUtcMs(wallClockMs).utcMs;
    },
  };
}

/** The text is read on only while it is a statement whose section has not come yet. */
async function readHeader(file: FileHandle, format: TextFormat, options: RecogniseOptions, renames: Renames) {
  let text = "";
  let seen = 0;
  for await (const block of textBlocks(file, format, format.bomBytes, format.bytes, options.name)) {
    text += block.text;
    const isWhole = block.byteEnd === format.bytes || block.byteEnd > headerBytesMax;
    // All of it is looked at again each time, so each time there must be twice as much.
    if (!isWhole && text.length < seen * 2) continue;
    seen = text.length;
    const found = findHeader(text, format.newline, isWhole, {
      name: options.name,
      dialect: options.dialect,
      renames,
    });
    if (found !== null) return { found, text };
  }
  throw new Failure("data", `${options.name} is empty.`, { code: "empty_file", subject: options.name });
}

/** The first rows of data. */
function sampleOf(text: string, layout: FileLayout, dialect: Dialect): (readonly string[])[] {
  const { delimiters, renames, start } = layout;
  const settings: RowSettings = {
    dialect,
    broker: "",
    market: null,
    currency: null,
    decimalMark: ".",
    reading: readingOf(".", null),
    renames,
    delimiter: delimiters.delimiter,
    facts: new Map(),
    otherAccounts: new Set(),
  };
  const walker = new RowWalker(settings, start);
  const reader = readerOf({ settings, ...layout }, start.line, walker);
  reader.feed(text, true);
  const sample: (readonly string[])[] = [];
  let { mapping } = start;
  while (sample.length < sampledRowsMax && reader.next()) {
    const { kind } = walker.kindOf(reader);
    // Of a statement with titles the first header comes only now.
    mapping ??= walker.mapping;
    if (walker.mapping !== mapping) break;
    if (kind === "row") sample.push(reader.cells);
  }
  return sample;
}

/** What the first rows say in columns of a kind. */
function* textsOf(
  sample: readonly (readonly string[])[],
  { fields }: Mapping,
  kind: "numeric" | "regional",
): Generator<string> {
  const wanted = fields.filter(({ column, index }) => column[kind] === true && index >= 0);
  for (const cells of sample) for (const { index } of wanted) yield cells[index] ?? "";
}

function needsZone({ time }: Mapping, dayFirst: boolean): (cells: readonly string[]) => boolean {
  return (cells) => {
    if (time === null) return false;
    let asked = false;
    const toUtcMs = (wallClockMs: number) => {
      asked = true;
      return wallClockMs;
    };
    try {
      time.column.parse(cellText(time, cells), { decimalMark: ".", dayFirst, toUtcMs }, time.name);
    } catch (error) {
      // A time that cannot be read is its row's error, later.
      if (!(error instanceof CellError)) throw error;
    }
    return asked;
  };
}

/** `…(UTC+3).csv`; Binance writes offsets below zero as `(UTC--6)`. */
const zoneInFileName = /\(UTC([+-]{1,2})(\d{1,2})(?::?(\d{2}))?\)/i;

function zoneFor(
  { dialect, mapping, name, above }: { dialect: Dialect; mapping: Mapping; name: string; above: string },
  given: string | null,
): Pick<Recognised, "zone" | "zoneFrom"> {
  if (mapping.timezone !== null) return { zone: mapping.timezone, zoneFrom: "header" };
  const said = dialect.timezoneAbove?.exec(above)?.[1];
  if (said !== undefined) return { zone: zoneGiven(said), zoneFrom: "file" };
  const inName = dialect.timezoneInName === true ? zoneInFileName.exec(name) : null;
  if (inName !== null) {
    const [, signs = "+", hours = "0", minutes = "00"] = inName;
    return {
      zone: zoneGiven(`${signs.endsWith("-") ? "-" : "+"}${hours.padStart(2, "0")}:${minutes}`),
      zoneFrom: "name",
    };
  }
  if (given !== null) return { zone: given, zoneFrom: "option" };
  return { zone: dialect.timezone, zoneFrom: dialect.timezone === null ? null : "dialect" };
}

function zoneGiven(rule: string): string {
  try {
    return parseZone(rule).name;
  } catch (error) {
    if (!(error instanceof ZoneError)) throw error;
    throw new Failure("usage", `The time zone is not one: ${error.message}.`, { code: "bad_timezone", subject: rule });
  }
}

function zoneRequired(name: string, dialect: Dialect): Failure {
  return new Failure(
    "data",
    `${name} writes times without a zone, and its format (${dialect.id}) has none of its own.`,
    {
      code: "timezone_required",
      subject: name,
      hint: "Say which clock they were read from: --timezone Europe/Paris, +02:00 or GMT+2/EU.",
    },
  );
}

/** Chosen by the account; a dialect that never has such executions says its own market. */
function marketFor(dialect: Dialect, market: Market | undefined): Market | null {
  return market !== undefined && dialect.markets.includes(market) ? market : null;
}

function encodingName({ encoding, bomBytes }: TextFormat): string {
  const name = encoding.replace("utf", "UTF").replace("windows", "Windows").replace("le", "LE").replace("be", "BE");
  return bomBytes > 0 ? `${name} with byte order mark` : name;
}
