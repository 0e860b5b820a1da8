import { parseZone, ZoneError } from "../../executions/zone.ts";
import {
  belowCount,
  belowPrefix,
  type Column,
  type Columns,
  type Dialect,
  type HeaderName,
  type Layout,
} from "./dialect.ts";

/** Where a dialect's columns stand in a header row. */
export interface Mapping {
  /** The header's names as the file has them, up to the last that is not empty. */
  header: readonly string[];
  fields: readonly Field[];
  /** Cells that a row must have. */
  width: number;
  time: Field | null;
  account: Field | null;
  /** So many of the first cells tell time and account. */
  glance: number;
  /** The zone that the time column's name says: `Date(UTC+1)`. */
  timezone: string | null;
}

export interface Field {
  key: string;
  column: Column<unknown>;
  /** The column's own; it stands here too because columns differ in what they have, and looking there takes as long as reading. */
  parseAt: Column<unknown>["parseAt"];
  /** -1: the file has no such column. */
  index: number;
  /** Where its text goes on; -1: nowhere. */
  second: number;
  /** As the file has it; of a missing column, as it would be called. */
  name: string;
}

/** `their name=our name`, both as `nameOf` makes them. */
export type Renames = ReadonlyMap<string, string>;

const zoneInName = /\s*\(((?:UTC|GMT)(?:[+-]\d{1,2}(?::?\d{2})?)?)\)\s*$/i;

/** Longer than any name: of what is none, the beginning is compared. The patterns would take minutes over a cell of 100,000 blanks. */
const nameCharactersMax = 200;

/** `UTC_Time`, `create_time_utc`. */
const utcInName = /(?:^|_)utc(?:_|$)/i;

/** A header's name for comparing: case, outer blanks and which zone do not matter. */
export function nameOf(cell: string): string {
  return (
    cell
      .trim()
      .slice(0, nameCharactersMax)
      .replace(/^\ufeff/, "")
      .replace(zoneInName, "(UTC)")
      // KuCoin quotes a comma into some names.
      .replace(/^[\s,]+|[\s,]+$/g, "")
      .replace(/\s+/g, " ")
      .toLowerCase()
  );
}

/** The zone that a header's name says: `UTC+1` of `Date(UTC+1)`, `UTC` of `UTC_Time`; null: none, or none that exists. */
export function zoneOf(cell: string): string | null {
  if (utcInName.test(cell.trim())) return "UTC";
  const rule = zoneInName.exec(cell.slice(0, nameCharactersMax))?.[1];
  if (rule === undefined) return null;
  try {
    return parseZone(rule).name;
  } catch (error) {
    if (error instanceof ZoneError) return null;
    throw error;
  }
}

export function namesOf(cells: readonly string[], renames: Renames = new Map()): string[] {
  return cells.map((cell) => {
    const name = nameOf(cell);
    return renames.get(name) ?? name;
  });
}

/** The columns of a dialect in a header; `missing` names the required ones that are not there. */
export function mapColumns<C extends Columns>(
  dialect: Dialect<C>,
  cells: readonly string[],
  renames?: Renames,
): { mapping: Mapping; missing: string[] } {
  const header = headerOf(dialect, cells);
  const names = namesOf(header, renames);
  const missing: string[] = [];
  const fields = Object.entries<Column<unknown>>(dialect.columns).map(([key, column]) => {
    const wanted = headerNamesOf(column);
    const index = indexOfAny(wanted, header, names);
    const name = header[index] || wanted.map(nameText).join(" or ");
    const second = secondOf(column, names[index], header, names);
    if (column.optional !== true) {
      if (index < 0) missing.push(name);
      if (column.and !== undefined && second < 0)
        missing.push(headerNamesOf({ header: column.and }).map(nameText).join(" or "));
    }
    return { key, column, parseAt: column.parseAt, index, second, name: name.trim() };
  });
  const field = (key: string | undefined) => fields.find((found) => found.key === key && found.index >= 0) ?? null;
  const time = field(dialect.timeColumn);
  const account = field(dialect.accountColumn);
  return {
    mapping: {
      header,
      fields,
      width: header.length,
      time,
      account,
      glance: Math.max(time?.index ?? 0, time?.second ?? 0, account?.index ?? 0) + 1,
      timezone: time === null ? null : zoneOf(header[time.index] ?? ""),
    },
    missing,
  };
}

function secondOf(
  { and, goesOn }: Column<unknown>,
  first: string | undefined,
  header: readonly string[],
  names: readonly string[],
): number {
  if (and !== undefined) return indexOfAny(headerNamesOf({ header: and }), header, names);
  return goesOn !== undefined && first === nameOf(goesOn[0]) ? names.indexOf(nameOf(goesOn[1])) : -1;
}

/** Of a nested layout: with the columns of what stands below an order. */
function headerOf(
  { joins, lastIsUnnamed }: Pick<Dialect, "joins" | "lastIsUnnamed">,
  cells: readonly string[],
): string[] {
  const header = withoutEmptyEnd(cells);
  if (lastIsUnnamed === true && cells.length > header.length) return [...header, ""];
  if (joins?.kind !== "nested") return header;
  return [...header, belowCount, ...joins.header.map((name) => `${belowPrefix}${name}`)];
}

const sectionNames = new WeakMap<Layout, ReadonlySet<string>>();

/** What the wanted section of a statement is called, in small letters; empty: the layout has no sections by name. */
export function sectionNamesOf(layout: Layout): ReadonlySet<string> {
  let names = sectionNames.get(layout);
  if (names === undefined) {
    const all = layout.kind === "sections" ? [layout.section, ...(layout.translated ?? [])] : [];
    names = new Set(all.map((name) => name.toLowerCase()));
    sectionNames.set(layout, names);
  }
  return names;
}

export function headerNamesOf({ header }: Pick<Column<unknown>, "header">): readonly HeaderName[] {
  return Array.isArray(header) ? header : [header as HeaderName];
}

function nameText(name: HeaderName): string {
  if (typeof name === "string" || name instanceof RegExp) return String(name);
  return "last" in name ? name.last : `the column behind ${String(name.behind)}`;
}

function indexOfAny(wanted: readonly HeaderName[], header: readonly string[], names: readonly string[]): number {
  for (const name of wanted) {
    const index = indexOf(name, header, names);
    if (index >= 0) return index;
  }
  return -1;
}

function indexOf(name: HeaderName, header: readonly string[], names: readonly string[]): number {
  if (typeof name === "string") return names.indexOf(nameOf(name));
  if (name instanceof RegExp) return header.findIndex((cell) => name.test(cell.trim().slice(0, nameCharactersMax)));
  if ("last" in name) return names.lastIndexOf(nameOf(name.last));
  const before = indexOf(name.behind, header, names);
  return before >= 0 && names[before + 1] === "" ? before + 1 : -1;
}

/** What a row says in a field. */
export function cellText({ index, second }: Pick<Field, "index" | "second">, cells: readonly string[]): string {
  const text = index < 0 ? "" : (cells[index] ?? "").trim();
  return second < 0 ? text : `${text} ${(cells[second] ?? "").trim()}`.trim();
}

export function withoutEmptyEnd(cells: readonly string[]): string[] {
  const last = cells.findLastIndex((cell) => cell.trim() !== "");
  return cells.slice(0, last + 1);
}
