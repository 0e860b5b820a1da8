import { Failure } from "../../errors.ts";
import { decimalMarkOf } from "../csv/decimal-mark.ts";
import { isNumber } from "./cells.ts";
import { type Contents, ContentsReader } from "./contents.ts";
import type { ReportLimits } from "./limits.ts";
import type { PageFacts, ReportRow } from "./report-row.ts";
import type { RowSource } from "./source.ts";

/** Rows that are looked at before the first is read: they show the decimal mark. */
const sampleRowsMax = 400;
/** A report's tables begin within so many rows; a strategy tester with many inputs has most above them. */
const rowsBeforeTablesMax = 5_000;

/** All rows as values. Null: rows of no terminal. @throws {Failure} data: too large, damaged */
export async function readContents(
  source: RowSource,
  name: string,
  limits: ReportLimits,
  signal: AbortSignal | undefined,
): Promise<Contents | null> {
  const sample: ReportRow[] = [];
  let reader: ContentsReader | null = null;
  for await (const rows of source.rows) {
    signal?.throwIfAborted();
    if (reader === null) {
      sample.push(...rows);
      if (sample.length >= sampleRowsMax) reader = startReader(sample, name, limits);
    } else for (const row of rows) reader.add(row);
    if (reader !== null && reader.rows === 0 && reader.rowsSeen > rowsBeforeTablesMax && !isTerminals(source.facts)) {
      return null;
    }
    if (reader !== null && reader.rows > 0 && source.bytes > limits.fileBytesMax) throw tooLarge(name, limits);
  }
  const contents = (reader ?? startReader(sample, name, limits)).end(source.facts);
  return isReport(contents, source) ? contents : null;
}

function startReader(sample: readonly ReportRow[], name: string, limits: ReportLimits): ContentsReader {
  const numbers = sample.flatMap(({ cells }) => cells.filter(isNumber));
  const reader = new ContentsReader(name, limits.rowsMax, decimalMarkOf(numbers));
  for (const row of sample) reader.add(row);
  return reader;
}

/** Terminals sign their pages, in every language alike. */
export function isTerminals({ generator }: PageFacts): boolean {
  return generator !== null && /^client terminal$|^strategy tester$|metaquotes|metatrader/i.test(generator);
}

/** Without the signature most of the rows must make sense: rows of another program can look a little alike. */
function isReport({ closed, deals, events, entries, problems }: Contents, source: RowSource): boolean {
  if (isTerminals(source.facts)) return true;
  const understood = closed.length + deals.length + events.length;
  const unknown = problems.filter(({ table }) => table === "closed" || table === "deals" || table === "events").length;
  if (source.kind === "csv") return understood > 0 && understood >= unknown;
  return understood + entries.length > 0 && understood + entries.length >= unknown;
}

function tooLarge(name: string, { fileBytesMax }: ReportLimits): Failure {
  return new Failure("data", `${name} is larger than ${fileBytesMax} bytes.`, {
    code: "file_too_large",
    subject: name,
    hint: "Save the report for shorter periods, one file each.",
  });
}
