import { Failure } from "../../errors.ts";
import type { Dialect, RefusedExport } from "./dialect.ts";
import {
  headerNamesOf,
  type Mapping,
  mapColumns,
  nameOf,
  namesOf,
  type Renames,
  sectionNamesOf,
  withoutEmptyEnd,
} from "./header.ts";
import { dialects } from "./index.ts";
import { nearestDialects } from "./nearest.ts";
import { refusedExports } from "./refused.ts";
import { shorten } from "./report.ts";
import { type Delimiters, RowReader } from "./tokenise.ts";

/** A header row that was recognised. */
export interface Found {
  dialect: Dialect;
  mapping: Mapping;
  delimiters: Delimiters;
  /** Physical line of the header. */
  line: number;
  /** Physical line of what follows it, and how many characters of the text stand before that. */
  nextLine: number;
  characters: number;
}

export interface DetectOptions {
  name: string;
  /** One dialect alone, by its id. */
  dialect: string | undefined;
  /** Their name to ours, both as `nameOf` makes them. Not empty: only the dialect whose names they are. */
  renames: Renames;
  /** For tests: instead of all that there are. */
  known?: readonly Dialect[];
}

const recordsMax = 30;
/** Of a statement: its section may come late. */
const sectionRecordsMax = 100_000;
const delimiters = [",", ";", "\t", "|"] as const;
const headerCellsShown = 30;

interface Record {
  cells: readonly string[];
  line: number;
  nextLine: number;
  characters: number;
}

/**
 * The header among the first rows that is exactly one dialect's: never a guess. Null: none yet in this text, but it is the
 * beginning of a statement whose section may come later. @throws {Failure} data
 */
export function findHeader(text: string, newline: string, isWhole: boolean, options: DetectOptions): Found | null {
  const candidates = candidatesOf(options);
  let best: Found | null = null;
  let shown: Record | null = null;
  let isStatement = false;
  /** Delimiters by which the first row has one cell: it may hold a row of another one. */
  const wraps = new Set<string>();
  for (const pair of delimiterPairs()) {
    if (pair.inner !== pair.delimiter && !wraps.has(pair.delimiter)) continue;
    const records = readRecords(text, newline, pair, isWhole);
    if (records[0]?.cells.slice(1).every((cell) => cell.trim() === "")) wraps.add(pair.delimiter);
    isStatement ||= records.some(({ cells }) => isSectionRow(cells)) || beginsStatement(records[0]?.cells ?? []);
    const found = firstMatch(records, pair, candidates, options);
    if (found !== null && knownColumns(found) > knownColumns(best)) best = found;
    for (const record of records.slice(0, recordsMax)) {
      if (record.cells.length > (shown?.cells.length ?? 0)) shown = record;
    }
  }
  if (best !== null) return best;
  if (isStatement && !isWhole) return null;
  if (isStatement) throw withoutSection(options);
  throw unknownHeader(shown, candidates, options);
}

/** `Code;;;` is no column where rows stand in one cell of other rows: the delimiters by which more columns are known are right. */
function knownColumns(found: Found | null): number {
  return found === null ? -1 : found.mapping.fields.filter(({ index }) => index >= 0).length;
}

function firstMatch(
  records: readonly Record[],
  pair: Delimiters,
  candidates: readonly Dialect[],
  options: DetectOptions,
): Found | null {
  for (const { cells, line, nextLine, characters } of records) {
    const match = matchHeader(cells, candidates, options);
    if (match === null) continue;
    const isTitled = match.dialect.layout.kind === "titled";
    return { ...match, delimiters: pair, line, ...(isTitled ? fileStart : { nextLine, characters }) };
  }
  return null;
}

/** Sections before the wanted one are part of what is read. */
const fileStart = { nextLine: 1, characters: 0 };

/** Plain ones first; then rows that stand in one cell of a row with another delimiter. */
function* delimiterPairs(): Generator<Delimiters> {
  for (const delimiter of delimiters) yield { delimiter, inner: delimiter };
  for (const delimiter of delimiters) {
    for (const inner of delimiters) if (inner !== delimiter) yield { delimiter, inner };
  }
}

function readRecords(text: string, newline: string, pair: Delimiters, isWhole: boolean): Record[] {
  const reader = new RowReader(pair, newline, 1);
  reader.feed(text, isWhole);
  const records: Record[] = [];
  let countMax = recordsMax;
  while (records.length < countMax && reader.next()) {
    if (reader.problem !== null || reader.cells.every((cell) => cell.trim() === "")) continue;
    if (records.length === 0 && (isSectionRow(reader.cells) || beginsStatement(reader.cells))) {
      countMax = sectionRecordsMax;
    }
    const characters = text.length - reader.unread.length;
    records.push({ cells: reader.cells, line: reader.line, nextLine: reader.nextLine, characters });
  }
  return records;
}

function isSectionRow(cells: readonly string[]): boolean {
  return cells.length > 2 && (cells[1]?.trim() === "Header" || cells[1]?.trim() === "Data");
}

/** Its sections may come late. */
function beginsStatement(cells: readonly string[]): boolean {
  const first = cells[0]?.trim() ?? "";
  return dialects.some(({ layout }) => layout.kind === "titled" && layout.begins.test(first));
}

function candidatesOf({ dialect: id, renames, name, known = dialects }: DetectOptions): readonly Dialect[] {
  if (id === undefined) return renames.size === 0 ? known : known.filter((dialect) => dialect.anyBroker);
  const chosen = known.find((dialect) => dialect.id === id);
  if (chosen === undefined) {
    throw new Failure("data", `There is no dialect "${shorten(id)}".`, {
      code: "unknown_dialect",
      subject: name,
      hint: `Known are: ${known.map((dialect) => dialect.id).join(", ")}.`,
    });
  }
  if (renames.size > 0 && chosen.anyBroker !== true) {
    throw new Failure("usage", `--map renames the columns of files in our own layout, not of ${chosen.title}.`, {
      code: "map_not_allowed",
      subject: "--map",
      hint: "Leave --dialect away, or use --dialect generic.",
    });
  }
  return [chosen];
}

interface Match {
  dialect: Dialect;
  /** The header of one generation that fits, as names. */
  names: ReadonlySet<string>;
}

function matchHeader(
  cells: readonly string[],
  candidates: readonly Dialect[],
  { name, dialect: forced, renames }: DetectOptions,
): { dialect: Dialect; mapping: Mapping } | null {
  if (isSectionRow(cells) && cells[1]?.trim() !== "Header") return null;
  const isChosen = forced !== undefined || renames.size > 0;
  const found = new Set(namesOf(cells, renames));
  if (isChosen) return matchChosen(cells, candidates, found, renames);
  const matches = candidates.flatMap((dialect) => matchOf(dialect, cells, found) ?? []);
  const refused = refusedExports.flatMap((known) => refusalOf(known, found) ?? []);
  const best = matches.filter(({ names }) => ![...matches, ...refused].some((other) => isLarger(other.names, names)));
  const [first, second] = best;
  if (first === undefined) {
    const [largest] = refused.toSorted((a, b) => b.names.size - a.names.size);
    if (largest !== undefined) throw refusal(largest.known, name);
    return null;
  }
  if (second !== undefined) {
    throw new Failure("data", `The header of ${name} is that of ${first.dialect.id} and of ${second.dialect.id}.`, {
      code: "ambiguous_dialect",
      subject: name,
      hint: `Choose one: --dialect ${first.dialect.id}, or --dialect ${second.dialect.id}.`,
    });
  }
  const { mapping, missing } = mapColumns(first.dialect, cells, renames);
  return missing.length === 0 ? { dialect: first.dialect, mapping } : null;
}

/** Chosen by the user: its columns are enough, whatever generation they make. */
function matchChosen(
  cells: readonly string[],
  candidates: readonly Dialect[],
  found: ReadonlySet<string>,
  renames: Renames,
): { dialect: Dialect; mapping: Mapping } | null {
  for (const our of renames.values()) if (!found.has(our)) return null;
  for (const dialect of candidates) {
    if (!fitsLayout(dialect, cells)) continue;
    const { mapping, missing } = mapColumns(dialect, cells, renames);
    if (missing.length === 0) return { dialect, mapping };
  }
  return null;
}

const namesByHeader = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Every row that may be a header is compared with all that are known: their names are made once. */
function knownNames(header: readonly string[]): ReadonlySet<string> {
  let names = namesByHeader.get(header);
  if (names === undefined) {
    names = new Set(header.map(nameOf));
    namesByHeader.set(header, names);
  }
  return names;
}

/** By its largest generation that is in the row. */
function matchOf(dialect: Dialect, cells: readonly string[], found: ReadonlySet<string>): Match | null {
  let largest: ReadonlySet<string> | null = null;
  for (const header of dialect.headers) {
    const names = knownNames(header);
    if (names.size <= found.size && names.size > (largest?.size ?? 0) && names.isSubsetOf(found)) largest = names;
  }
  if (largest === null || !fitsLayout(dialect, cells)) return null;
  if (dialect.closed === true && hasForeignColumn(dialect, cells)) return null;
  return { dialect, names: largest };
}

interface Refusal {
  known: RefusedExport;
  names: ReadonlySet<string>;
}

function refusalOf(known: RefusedExport, found: ReadonlySet<string>): Refusal | null {
  for (const header of known.headers) {
    const names = knownNames(header);
    if (names.size <= found.size && names.isSubsetOf(found)) return { known, names };
  }
  return null;
}

function refusal({ title, lacks, instead }: RefusedExport, name: string): Failure {
  return new Failure("data", `${name} cannot give trades. It is ${title}: ${lacks}.`, {
    code: "not_importable",
    subject: name,
    hint: `Export instead: ${instead}.`,
  });
}

function fitsLayout({ layout }: Dialect, cells: readonly string[]): boolean {
  if (layout.kind !== "sections") return !isSectionRow(cells);
  return sectionNamesOf(layout).has(cells[0]?.trim().toLowerCase() ?? "") && cells[1]?.trim() === "Header";
}

function hasForeignColumn(dialect: Dialect, cells: readonly string[]): boolean {
  const { fields } = mapColumns(dialect, cells).mapping;
  const known = new Set(fields.map(({ index }) => index));
  return withoutEmptyEnd(cells).some((_, index) => !known.has(index));
}

function isLarger(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size > b.size && b.isSubsetOf(a);
}

function withoutSection({ name }: DetectOptions): Failure {
  const sections = dialects.flatMap(({ layout }) => ("section" in layout ? [layout.section] : []));
  return new Failure("data", `${name} is a statement without a section ${sections.join(" or ")}.`, {
    code: "section_missing",
    subject: name,
    hint: "Export a statement that has it; a period without trades has none.",
  });
}

function unknownHeader(shown: Record | null, candidates: readonly Dialect[], options: DetectOptions): Failure {
  const { name, dialect: forced, renames } = options;
  const header = shown === null ? "no row of cells" : shown.cells.slice(0, headerCellsShown).map(shorten).join(",");
  const [chosen] = candidates;
  if (chosen !== undefined && shown !== null && (forced !== undefined || renames.size > 0)) {
    return missingColumns(chosen, shown, header, options);
  }
  const found = new Set(shown === null ? [] : namesOf(shown.cells));
  const near = nearestDialects(found, dialects).map(({ id, names, missing }) => {
    const lacks = missing.map((name) => `"${name}"`).join(", ");
    return `It is nearly ${id} (${names.join(", ")}); missing, ${missing.length} of ${names.length}: ${lacks}.`;
  });
  return new Failure("data", `No known format has the columns of ${name}: ${header}.`, {
    code: "unknown_dialect",
    subject: shown === null ? name : `${name}:${shown.line}`,
    hint: [
      ...near,
      `Known formats: ${dialects.map(({ id }) => id).join(", ")}; README says where each is exported.`,
      'Use --map "their name=our name" to read it as generic, or --dialect ID to say which one it is.',
    ].join("\n"),
  });
}

function missingColumns(dialect: Dialect, { cells, line }: Record, header: string, options: DetectOptions): Failure {
  const found = new Set(namesOf(cells));
  const unknown = [...options.renames.keys()].filter((their) => !found.has(their));
  const { missing } = mapColumns(dialect, cells, options.renames);
  const lacks = [...unknown, ...missing].map((name) => `"${name}"`).join(", ");
  return new Failure("data", `${options.name} lacks columns of ${dialect.id}: ${lacks || "its section"}.`, {
    code: "missing_columns",
    subject: `${options.name}:${line}`,
    hint: `The header found is: ${header}`,
  });
}

/** `their name=our name` pairs. @throws {Failure} usage */
export function parseRenames(pairs: readonly string[]): Renames {
  const renames = new Map<string, string>();
  const target = dialects.find(({ anyBroker }) => anyBroker);
  const ours = new Set(Object.values(target?.columns ?? {}).flatMap((column) => headerNamesOf(column).map(String)));
  for (const pair of pairs) {
    const at = pair.lastIndexOf("=");
    const [their, our] = [nameOf(pair.slice(0, at)), nameOf(pair.slice(at + 1))];
    const problem =
      at < 1 || their === "" || our === ""
        ? "is not of the form THEIRS=OURS"
        : !ours.has(our)
          ? `names no column of ours: ${[...ours].join(", ")}`
          : renames.has(their) || [...renames.values()].includes(our)
            ? "names a column twice"
            : null;
    if (problem !== null) {
      throw new Failure("usage", `--map "${shorten(pair)}" ${problem}.`, { code: "bad_map", subject: "--map" });
    }
    renames.set(their, our);
  }
  return renames;
}
