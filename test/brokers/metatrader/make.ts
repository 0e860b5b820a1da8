import { deflateRawSync } from "node:zlib";

/** Files as terminals write them, made of what a test is about. */

export type CellSpec = string | { text: string; columns?: number; title?: string; hidden?: boolean };

/** A page; `rows` of cells. */
export function html(
  rows: readonly (readonly CellSpec[])[],
  { generator = "client terminal", end = "</table></body></html>\n" } = {},
): string {
  const body = rows.map((cells) => `<tr>${cells.map(cellHtml).join("")}</tr>\n`).join("");
  return `<!DOCTYPE html>\n<html><head><meta name="generator" content="${generator}"></head>\n<body><table>\n${body}${end}`;
}

function cellHtml(cell: CellSpec): string {
  if (typeof cell === "string") return `<td>${cell}</td>`;
  const { text, columns = 1, title, hidden = false } = cell;
  return `<td${columns > 1 ? ` colspan="${columns}"` : ""}${title === undefined ? "" : ` title="${title}"`}${hidden ? ' class="hidden"' : ""}>${text}</td>`;
}

export const account = (mode: "Hedge" | "Netting" | null, currency = "USD"): CellSpec[] => [
  { text: "Account:", columns: 4 },
  { text: `5551 (${currency}, Test-Server, demo${mode === null ? "" : `, ${mode}`})`, columns: 10 },
];

export const positionHeadings: CellSpec[] = [
  ...["Time", "Position", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Time", "Price", "Commission", "Swap"],
  { text: "Profit", columns: 2 },
];

export const dealHeadings: CellSpec[] = [
  ...["Time", "Deal", "Symbol", "Type", "Direction", "Volume", "Price", "Order", "Commission", "Fee", "Swap", "Profit"],
  ...["Balance", "Comment"],
];

const positionColumns = [
  "opened",
  "ticket",
  "symbol",
  "type",
  "volume",
  "entry",
  "stop",
  "target",
  "closed",
  "exit",
  "commission",
  "swap",
  "profit",
] as const;

export function position(change: Partial<Record<(typeof positionColumns)[number], string>> = {}): string[] {
  const cells = {
    opened: "2026.01.05 10:00:00",
    ticket: "701",
    symbol: "EURUSD",
    type: "buy",
    volume: "0.10",
    entry: "1.10000",
    stop: "1.09000",
    target: "",
    closed: "2026.01.05 12:00:00",
    exit: "1.10500",
    commission: "-0.70",
    swap: "0.00",
    profit: "50.00",
    ...change,
  };
  return positionColumns.map((column) => cells[column]);
}

const dealColumns = [
  "time",
  "deal",
  "symbol",
  "type",
  "direction",
  "volume",
  "price",
  "order",
  "commission",
  "fee",
  "swap",
  "profit",
  "balance",
  "comment",
] as const;

export function deal(change: Partial<Record<(typeof dealColumns)[number], string>> = {}): string[] {
  const cells = {
    time: "2026.01.05 10:00:00",
    deal: "801",
    symbol: "EURUSD",
    type: "buy",
    direction: "in",
    volume: "0.10",
    price: "1.10000",
    order: "901",
    commission: "-0.35",
    fee: "0.00",
    swap: "0.00",
    profit: "0.00",
    balance: "1 000.00",
    comment: "",
    ...change,
  };
  return dealColumns.map((column) => cells[column]);
}

export const ticketHeadings: CellSpec[] = [
  ...["Ticket", "Open Time", "Type", "Size", "Item", "Price", "S / L", "T / P", "Close Time", "Price", "Commission"],
  ...["Taxes", "Swap", "Profit"],
];

/** The head of a statement of MetaTrader 4. */
export const statement = (currency = "USD"): CellSpec[] => [
  { text: "Account: 42", columns: 2 },
  { text: "Name: EUR", columns: 5 },
  { text: `Currency: ${currency}`, columns: 2 },
  { text: "Leverage: 1:100", columns: 2 },
  { text: "2026 January 9, 12:00", columns: 3 },
];

const ticketColumns = [
  "ticket",
  "opened",
  "type",
  "size",
  "symbol",
  "entry",
  "stop",
  "target",
  "closed",
  "exit",
  "commission",
  "taxes",
  "swap",
  "profit",
] as const;

export function ticket(
  change: Partial<Record<(typeof ticketColumns)[number], string>> = {},
  title?: string,
): CellSpec[] {
  const cells = {
    ticket: "601",
    opened: "2026.01.05 10:00:00",
    type: "sell",
    size: "0.50",
    symbol: "XAUUSD",
    entry: "2 650.00",
    stop: "0.00",
    target: "0.00",
    closed: "2026.01.05 12:00:00",
    exit: "2 640.00",
    commission: "0.00",
    taxes: "0.00",
    swap: "0.00",
    profit: "500.00",
    ...change,
  };
  const [first = "", ...rest] = ticketColumns.map((column) => cells[column]);
  return [title === undefined ? first : { text: first, title }, ...rest];
}

/** A workbook of one sheet; numbers in `{ value }` are cells of numbers, all else is shared text. */
export type SheetCell = string | null | { value: string; style?: number } | { inline: string };

export interface WorkbookSpec {
  rows: readonly (readonly SheetCell[])[];
  /** Before the tags of the main namespace. */
  prefix?: string;
  styles?: string;
  parts?: Record<string, string | Uint8Array>;
}

export function xlsx({ rows, prefix = "", styles, parts = {} }: WorkbookSpec): Buffer {
  const strings: string[] = [];
  const p = prefix === "" ? "" : `${prefix}:`;
  const sheet = rows.map((cells, row) => {
    const written = cells.map((cell, column) => {
      if (cell === null) return "";
      const reference = `r="${String.fromCharCode(65 + column)}${row + 1}"`;
      if (typeof cell === "string") return `<${p}c ${reference} t="s"><${p}v>${strings.push(cell) - 1}</${p}v></${p}c>`;
      if ("inline" in cell)
        return `<${p}c ${reference} t="inlineStr"><${p}is><${p}t>${cell.inline}</${p}t></${p}is></${p}c>`;
      return `<${p}c ${reference}${cell.style === undefined ? "" : ` s="${cell.style}"`}><${p}v>${cell.value}</${p}v></${p}c>`;
    });
    return `<${p}row r="${row + 1}">${written.join("")}</${p}row>`;
  });
  return zip({
    "[Content_Types].xml": "<Types/>",
    "xl/worksheets/sheet1.xml": `<?xml version="1.0"?><${p}worksheet><${p}sheetData>${sheet.join("")}</${p}sheetData></${p}worksheet>`,
    "xl/sharedStrings.xml": `<sst>${strings.map((text) => `<si><t>${escapeXml(text)}</t></si>`).join("")}</sst>`,
    ...(styles === undefined ? {} : { "xl/styles.xml": styles }),
    ...parts,
  });
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** A ZIP archive, deflated. `claimed`: sizes that the directory states instead of the true ones. */
export function zip(files: Record<string, string | Uint8Array>, claimed: Record<string, number> = {}): Buffer {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content as string);
    const packed = deflateRawSync(data);
    const path = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(Bun.hash.crc32(data), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(claimed[name] ?? data.length, 18);
    fields.writeUInt16LE(path.length, 22);
    const head = Buffer.concat([Buffer.from("PK\u0003\u0004"), fields, path]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.from([20, 0]), fields, place, path]));
    local.push(head, packed);
    offset += head.length + packed.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, entries, end]);
}
