import type { Group } from "./group.ts";
import type { Field } from "./rows.ts";
import type { SectionRows } from "./section-rows.ts";

/** How a section's rows are shared out: by which of their numbers, and which group each of its values belongs to. */
export interface Grouping {
  field: Field;
  /** What the table's first place stands for. */
  offset: number;
  /** Index into `groups`; `noGroup`: to none. */
  table: Uint32Array;
  groups: readonly Group[];
}

export const noGroup = 0xffff_ffff;

/** A table for values from `offset` on, all without a group yet. */
export function emptyTable(size: number): Uint32Array {
  return new Uint32Array(size).fill(noGroup);
}

/**
 * Each group's trades, by close, through its course: all of one group, then all of the next, so that its state is at hand. That is
 * several times as fast as going from group to group with every trade.
 */
export function walkGroups(rows: SectionRows, { field, offset, table, groups }: Grouping): void {
  const { byClose } = rows;
  const keys = rows.keysOf(field, byClose);
  const ends = new Uint32Array(groups.length);
  for (let index = 0; index < byClose.length; index++) {
    const group = table[(keys[index] as number) - offset] as number;
    if (group !== noGroup) ends[group] = (ends[group] as number) + 1;
  }
  let sum = 0;
  for (let group = 0; group < groups.length; group++) {
    const count = ends[group] as number;
    ends[group] = sum;
    sum += count;
  }
  const { list } = rows.workspace;
  for (let index = 0; index < byClose.length; index++) {
    const group = table[(keys[index] as number) - offset] as number;
    if (group === noGroup) continue;
    const place = ends[group] as number;
    list[place] = byClose[index] as number;
    ends[group] = place + 1;
  }
  let start = 0;
  groups.forEach((group, index) => {
    const end = ends[index] as number;
    rows.walk(group.course, list, { start, end });
    start = end;
  });
}

/**
 * The middle of each group's holding times, exactly, without a list of them: all trades pass by, the shortest first, and each
 * group takes note of its middle one or two. One sort serves all periods and breakdowns.
 */
export function takeMedians(rows: SectionRows, { field, offset, table, groups }: Grouping): void {
  const { byHolding, holdingSeconds } = rows;
  const keys = rows.keysOf(field, byHolding);
  const left = new Int32Array(groups.length);
  groups.forEach((group, index) => {
    left[index] = (group.totals.trades + 1) >> 1;
  });
  for (let index = 0; index < byHolding.length; index++) {
    const group = table[(keys[index] as number) - offset] as number;
    if (group === noGroup) continue;
    const rest = (left[group] as number) - 1;
    left[group] = rest;
    if (rest > 0 || rest < -1) continue;
    (groups[group] as Group).takeMiddle(holdingSeconds[byHolding[index] as number] as number, rest === 0);
  }
}
