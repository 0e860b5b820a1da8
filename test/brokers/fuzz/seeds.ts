import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { openPromise } from "yauzl";
import type { RecogniseOptions } from "../../../src/brokers/csv/read.ts";
import { cases } from "../csv/golden.ts";
import {
  account,
  deal,
  dealHeadings,
  position,
  positionHeadings,
  statement,
  ticket,
  ticketHeadings,
  xlsx,
} from "../metatrader/make.ts";

/** A good file, and what its user says of it: what mutations begin with. */
export interface Seed {
  name: string;
  kind: "csv" | "html" | "xlsx";
  encoding: SeedEncoding;
  /** Of a workbook: empty, its parts are what is mutated. */
  text: string;
  bytes: Uint8Array;
  parts: Record<string, string>;
  options: Partial<RecogniseOptions>;
}

export type SeedEncoding = "utf8" | "utf16le" | "utf16be" | "latin1";

const fixtures = resolve(import.meta.dir, "../../../fixtures");
/** What the user says of reports: the zone always, and the currency where a report has none. */
const saidOfReports = { timezone: "GMT+2/EU", currency: "USD" };

/** Every dialect's fixtures, workbooks that are made here, and brokers' own files where `AMI_SAMPLES` names them. */
export async function loadSeeds(samples: string | undefined): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const { csv, options, name, dialect } of cases()) {
    const said = existsSync(options) ? (JSON.parse(readFileSync(options, "utf8")) as Partial<RecogniseOptions>) : {};
    seeds.push(await seedOf(`${dialect}/${name}`, readFileSync(csv), said));
  }
  for (const path of filesIn(join(fixtures, "metatrader"))) {
    seeds.push(await seedOf(`metatrader/${basename(path)}`, readFileSync(path), saidOfReports));
  }
  for (const path of filesIn(join(fixtures, "demo"))) {
    seeds.push(await seedOf(`demo/${basename(path)}`, readFileSync(path), {}));
  }
  for (const [name, bytes] of Object.entries(workbooks())) seeds.push(await seedOf(name, bytes, saidOfReports));
  if (samples === undefined) return seeds;
  for (const folder of ["csv-crypto", "csv-stocks", "ctrader", "metatrader"]) {
    for (const path of filesIn(join(samples, folder))) {
      seeds.push(await seedOf(`${folder}/${basename(path)}`, readFileSync(path), saidOfReports));
    }
  }
  return seeds;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.(csv|html?|xlsx)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

async function seedOf(name: string, content: Uint8Array, options: Partial<RecogniseOptions>): Promise<Seed> {
  const bytes = Buffer.from(content);
  if (bytes.readUInt32LE(0) === 0x04034b50) {
    return { name, kind: "xlsx", encoding: "utf8", text: "", bytes, parts: await partsOf(bytes, name), options };
  }
  const encoding = encodingOf(bytes);
  const text = decode(bytes, encoding);
  return {
    name,
    kind: /<(html|table)/i.test(text.slice(0, 4_000)) ? "html" : "csv",
    encoding,
    text,
    bytes,
    parts: {},
    options,
  };
}

function encodingOf(bytes: Buffer): SeedEncoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf16be";
  return Buffer.from(bytes.toString("utf8"), "utf8").equals(bytes) ? "utf8" : "latin1";
}

function decode(bytes: Buffer, encoding: SeedEncoding): string {
  if (encoding === "utf16be") return Buffer.from(bytes).swap16().toString("utf16le");
  return bytes.toString(encoding);
}

export function encode(text: string, encoding: SeedEncoding): Buffer {
  return encoding === "utf16be" ? Buffer.from(text, "utf16le").swap16() : Buffer.from(text, encoding);
}

async function partsOf(bytes: Uint8Array, name: string): Promise<Record<string, string>> {
  const path = join(process.env.TMPDIR ?? "/tmp", `ami-workers-fuzz-${process.pid}.xlsx`);
  await Bun.write(path, bytes);
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false });
  const parts: Record<string, string> = {};
  for await (const entry of zip.eachEntry()) {
    if (!/\.(xml|rels)$/.test(entry.fileName)) continue;
    parts[entry.fileName] = (await buffer(await zip.openReadStreamPromise(entry))).toString("utf8");
  }
  zip.close();
  await Bun.file(path).delete();
  if (Object.keys(parts).length === 0) throw new Error(`${name} has no parts`);
  return parts;
}

function workbooks(): Record<string, Buffer> {
  const texts = (cells: readonly unknown[]) =>
    cells.map((cell) => (typeof cell === "string" ? cell : ((cell as { text: string }).text ?? "")));
  const hedging = [
    texts(account("Hedge")),
    texts(positionHeadings),
    position(),
    position({ ticket: "702", opened: "2026.01.06 10:00:00", closed: "2026.01.06 12:30:00", type: "sell" }),
    texts(dealHeadings),
    deal(),
    deal({ deal: "802", type: "sell", direction: "out", time: "2026.01.05 12:00:00", profit: "50.00" }),
  ];
  const netting = [
    texts(account("Netting", "EUR")),
    texts(dealHeadings),
    deal(),
    deal({
      deal: "803",
      type: "sell",
      direction: "in/out",
      volume: "0.30",
      time: "2026.01.05 12:00:00",
      profit: "50.00",
    }),
    deal({ deal: "804", direction: "out", volume: "0.20", time: "2026.01.05 13:00:00", profit: "-5.00" }),
  ];
  const tickets = [texts(statement()), texts(ticketHeadings), texts(ticket()), texts(ticket({ ticket: "5002" }))];
  const numbers = hedging.map((cells) => cells.map((cell) => (/^-?\d+(\.\d+)?$/.test(cell) ? { value: cell } : cell)));
  return {
    "made/hedging.xlsx": xlsx({ rows: hedging }),
    "made/netting.xlsx": xlsx({ rows: netting, prefix: "x" }),
    "made/tickets.xlsx": xlsx({ rows: tickets }),
    "made/numbers.xlsx": xlsx({ rows: numbers, styles: dateStyles }),
    ...exports(),
  };
}

const dateStyles =
  '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="yyyy.mm.dd hh:mm"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>';

/** Exports of brokers that are workbooks, or were saved as one. */
function exports(): Record<string, Buffer> {
  const fills = [
    [
      "Time",
      "Symbol",
      "Side",
      "Price",
      "Quantity",
      "Amount",
      "Fee",
      "Realized Profit",
      "Maker",
      "Trade ID",
      "Order ID",
    ],
    ["2026-01-02 03:04:05", "BTCUSDT", "BUY", "100.5", "0.5", "50.25", "0.05 USDT", "0", "FALSE", "11", "1"],
    ["2026-01-03 03:04:05", "BTCUSDT", "SELL", "101.5", "0.5", "50.75", "0.05 USDT", "0.5", "FALSE", "12", "2"],
  ];
  const cash = [
    ["CASH OPERATION HISTORY"],
    ["ID", "Type", "Time", "Comment", "Symbol", "Amount"],
    [
      "700000001",
      "Stock purchase",
      { value: "46024.5", style: 1 },
      "OPEN BUY 2 @ 250.60",
      "ACME.DE",
      { value: "-501.2" },
    ],
    ["700000002", "Stock sale", { value: "46025.5", style: 1 }, "CLOSE BUY 2 @ 255", "ACME.DE", { value: "510" }],
  ];
  const other = "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>";
  return {
    "made/fills.xlsx": xlsx({ rows: fills }),
    "made/cash.xlsx": xlsx({ rows: cash, styles: dateStyles, parts: { "xl/worksheets/sheet2.xml": other } }),
  };
}
