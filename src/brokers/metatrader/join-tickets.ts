import type { ClosedRow } from "./records.ts";

/** Rows of one round trip, and the ticket that opened it. */
export interface TicketGroup {
  ticket: string;
  rows: ClosedRow[];
  /** Where the rest of it is: still open, or in the part of the file that was cut off. Null: this is all of it. */
  rest: "open" | "missing" | null;
}

export interface Joined {
  groups: TicketGroup[];
  /** The same row again. */
  repeated: ClosedRow[];
  /** The ticket of another position. */
  conflicting: ClosedRow[];
  /** Size 0 and no money: an opposite ticket closed it. */
  empty: ClosedRow[];
  /** Size 0 with money, and no ticket that it belongs to. */
  homeless: ClosedRow[];
}

const fromComment = /\bfrom #(\d{1,20})/i;
const toComment = /\bto #(\d{1,20})/i;
const hedgeComment = /\bclose hedge (?:by|for) #(\d{1,20})/i;

/**
 * A partial close of MetaTrader 4 closes the ticket and opens the rest under a new one, which the comments tell: `to #12` on the
 * closed one, `from #11` on the new one. Together they are one position. Some builds of MetaTrader 5 write a position's row for each
 * partial close, under one ticket.
 */
export function joinTickets(rows: readonly ClosedRow[], open: ReadonlyMap<string, number>, isWhole: boolean): Joined {
  const joined: Joined = { groups: [], repeated: [], conflicting: [], empty: [], homeless: [] };
  const byTicket = distinctRows(rows, joined);
  const parents = parentsOf(byTicket);
  const groups = new Map<string, TicketGroup>();
  for (const [ticket, tickets] of byTicket) {
    const root = rootOf(ticket, parents);
    const group = groups.get(root) ?? { ticket: root, rows: [], rest: null };
    groups.set(root, group);
    for (const row of tickets) {
      group.rows.push(row);
      const rest = toComment.exec(row.comment)?.[1];
      if (rest !== undefined && open.has(rest)) group.rest = "open";
      else if (rest !== undefined && !isWhole && !byTicket.has(rest)) group.rest ??= "missing";
    }
    if (open.has(ticket)) group.rest = "open";
  }
  for (const group of groups.values()) settle(group, joined, groups, parents);
  return joined;
}

/** By ticket, in the order of their opening and closing; identical rows once. */
function distinctRows(rows: readonly ClosedRow[], joined: Joined): Map<string, ClosedRow[]> {
  const byTicket = new Map<string, ClosedRow[]>();
  const ordered = rows.toSorted(
    (a, b) => a.openedWallMs - b.openedWallMs || a.closedWallMs - b.closedWallMs || a.line - b.line,
  );
  for (const row of ordered) {
    const known = byTicket.get(row.ticket) ?? [];
    const [first] = known;
    if (first !== undefined && !isSamePosition(first, row)) joined.conflicting.push(row);
    else if (known.some((other) => isSameRow(other, row))) joined.repeated.push(row);
    else byTicket.set(row.ticket, [...known, row]);
  }
  return byTicket;
}

function isSameRow(a: ClosedRow, b: ClosedRow): boolean {
  return (
    isSamePosition(a, b) &&
    a.volume === b.volume &&
    a.exitPrice === b.exitPrice &&
    a.closedWallMs === b.closedWallMs &&
    a.profit === b.profit &&
    a.commission === b.commission &&
    a.swap === b.swap
  );
}

function isSamePosition(a: ClosedRow, b: ClosedRow): boolean {
  return (
    a.symbol === b.symbol &&
    a.direction === b.direction &&
    a.openedWallMs === b.openedWallMs &&
    a.entryPrice === b.entryPrice
  );
}

/** The ticket that each one comes from. A comment that names a ticket of another position is the user's own text. */
function parentsOf(byTicket: ReadonlyMap<string, readonly ClosedRow[]>): Map<string, string> {
  const parents = new Map<string, string>();
  const link = (child: string, parent: string) => {
    const [childRow] = byTicket.get(child) ?? [];
    const [parentRow] = byTicket.get(parent) ?? [];
    const fits = childRow === undefined || parentRow === undefined || isSamePosition(childRow, parentRow);
    if (child !== parent && fits && !parents.has(child)) parents.set(child, parent);
  };
  for (const [ticket, rows] of byTicket) {
    for (const { comment } of rows) {
      const from = fromComment.exec(comment)?.[1];
      if (from !== undefined) link(ticket, from);
    }
  }
  for (const [ticket, rows] of byTicket) {
    for (const { comment } of rows) {
      const to = toComment.exec(comment)?.[1];
      if (to !== undefined && byTicket.has(to)) link(to, ticket);
    }
  }
  return parents;
}

/** The first ticket of the chain, also where the report begins behind it: a longer report gives the same. */
function rootOf(ticket: string, parents: ReadonlyMap<string, string>): string {
  const seen = new Set([ticket]);
  let root = ticket;
  for (let parent = parents.get(root); parent !== undefined && !seen.has(parent); parent = parents.get(root)) {
    seen.add(parent);
    root = parent;
  }
  return root;
}

function settle(
  group: TicketGroup,
  joined: Joined,
  groups: ReadonlyMap<string, TicketGroup>,
  parents: ReadonlyMap<string, string>,
): void {
  if (hasVolume(group)) {
    joined.groups.push(group);
    return;
  }
  for (const row of group.rows) {
    const hasMoney =
      row.profit !== 0n || row.commission !== 0n || row.fee !== 0n || row.taxes !== 0n || row.swap !== 0n;
    const other = hedgeComment.exec(row.comment)?.[1];
    const home = other === undefined ? undefined : groups.get(rootOf(other, parents));
    if (!hasMoney) joined.empty.push(row);
    else if (home !== undefined && hasVolume(home)) home.rows.push(row);
    else joined.homeless.push(row);
  }
}

function hasVolume({ rows }: TicketGroup): boolean {
  return rows.some(({ volume }) => volume !== 0n);
}
