import { Failure } from "../errors.ts";
import type { Execution, Market } from "../executions/execution.ts";
import type { Trade } from "../trades/trade.ts";
import { type Recognised, type RecogniseOptions, readPages, recognise } from "./csv/read.ts";
import type { FileReport } from "./csv/report.ts";

/** A file of a broker whose format is known, whatever it is: delimited text, or a report of a MetaTrader terminal. */
export interface BrokerFile {
  path: string;
  name: string;
  format: FileFormat;
  /** The account as the file names it; null: it names none. */
  account: string | null;
  /** The rule that its times are read by, and who said so; null: each time has an offset of its own. */
  zone: { rule: string; from: string } | null;
  /** The rule that its times are read by, and what else was understood; for people. */
  facts: Readonly<Record<string, string>>;
  /** In the order of `compareExecutions` within a symbol. What becomes of each row is in `report`. */
  pages: (report: FileReport, signal: AbortSignal) => AsyncIterable<FilePage>;
}

export interface FileFormat {
  /** As in results, and `--dialect`: `binance_spot_trades`. */
  id: string;
  title: string;
  broker: string;
  markets: readonly Market[];
  /** The account's currency, where the file says one. */
  currency: string | null;
}

export interface FilePage {
  executions: readonly Execution[];
  /** Closed positions as the broker reports them, whole. */
  trades: readonly Trade[];
}

/** Delimited text that no dialect knows can still be a terminal's report; so can what is no text at all. */
const perhapsReport = new Set(["unknown_dialect", "not_csv", "not_text", "section_missing", "bad_encoding"]);

export interface OpenOptions extends RecogniseOptions {
  /** For a terminal's report, where `timezone` says nothing. */
  reportTimezone?: string;
  /** Who said `timezone`, for people; left out: the command line. */
  timezoneFrom?: string;
}

/** Which file is this? By its content alone. @throws {Failure} data, with a code; see `recognise` and `recogniseReport` */
export async function openBrokerFile(path: string, options: OpenOptions): Promise<BrokerFile> {
  try {
    return await openDelimited(path, options);
  } catch (error) {
    if (!(error instanceof Failure) || !perhapsReport.has(error.detail.code ?? "")) throw error;
    const found = (await openReport(path, options)) ?? (await openSheet(path, options));
    if (found === null) throw error;
    return found;
  }
}

const zoneSources = {
  header: "the header of the time column",
  file: "the rows above the header",
  name: "the name of the file",
  dialect: "the format",
} as const;

async function openDelimited(path: string, options: OpenOptions): Promise<BrokerFile> {
  const recognised = await recognise(path, options);
  const { encoding, delimiter } = recognised;
  const shown = { encoding, delimiter: delimiter === "\t" ? "tab" : delimiter };
  return delimitedFile(path, recognised, options, {
    facts: shown,
    pages: (report, signal) => readPages(recognised, report, signal),
  });
}

/** An export that a spreadsheet's workbook holds: the reader of workbooks is loaded when it is needed. Null: it is none. */
async function openSheet(path: string, options: OpenOptions): Promise<BrokerFile | null> {
  const { findSheet, readSheet } = await import("./workbook-sheets.ts");
  const found = await findSheet(path, options);
  if (found === null) return null;
  const { recognised, sheet, sheets } = found;
  return delimitedFile(path, recognised, options, {
    facts: { encoding: "XLSX", sheet: sheets === 1 ? "1" : `${sheet + 1} of ${sheets}` },
    pages: (report, signal) => readSheet(found, path, report, signal),
  });
}

function delimitedFile(
  path: string,
  recognised: Recognised,
  options: OpenOptions,
  { facts, pages }: Pick<BrokerFile, "facts" | "pages">,
): BrokerFile {
  const { dialect, broker, decimalMark, dayFirst, headerLine, zone, zoneFrom, account } = recognised;
  const from = zoneFrom === "option" || zoneFrom === null ? saidBy(options) : zoneSources[zoneFrom];
  return {
    path,
    name: recognised.name,
    format: { id: dialect.id, title: dialect.title, broker, markets: dialect.markets, currency: null },
    facts: {
      ...facts,
      "decimal mark": decimalMark,
      ...(dayFirst === null ? {} : { dates: dayFirst ? "with the day first" : "with the month first" }),
      "header in line": String(headerLine),
      ...(account === null ? {} : { account }),
      ...(zone === null ? {} : { times: `${zone} (from ${from})` }),
    },
    account,
    zone: zone === null ? null : { rule: zone, from },
    pages,
  };
}

/** Its readers are loaded when they are needed: HTML and XLSX. */
async function openReport(
  path: string,
  { reportTimezone, sourceAccount, ...options }: OpenOptions,
): Promise<BrokerFile | null> {
  const { readReport, recogniseReport } = await import("./metatrader/report.ts");
  const timezone = options.timezone ?? reportTimezone;
  const recognised = await recogniseReport(path, { ...options, ...(timezone === undefined ? {} : { timezone }) });
  if (recognised === null) return null;
  const { dialect, title, broker, currency, encoding, zone, account, company, server, accounting, kind } = recognised;
  const { warnings } = recognised;
  if (sourceAccount !== undefined && sourceAccount !== account) throw otherReport(recognised.name, account);
  const from = saidBy(options);
  return {
    path,
    name: recognised.name,
    format: { id: dialect, title, broker, markets: ["forex", "cfd"], currency },
    facts: {
      kind,
      encoding,
      times: `${zone} (from ${from})`,
      currency,
      ...(account === null ? {} : { account }),
      ...(company === null ? {} : { company }),
      ...(server === null ? {} : { server }),
      ...(accounting === null ? {} : { accounting }),
      ...(warnings.length === 0 ? {} : { note: warnings.join(" ") }),
    },
    account,
    zone: { rule: zone, from },
    pages: (report, signal) => readReport(recognised, report, signal),
  };
}

/** A report is of one account. */
function otherReport(name: string, account: string | null): Failure {
  const said = account === null ? "a report that names no account" : `a report of account ${account}`;
  return new Failure("data", `${name} is ${said}.`, {
    code: "no_such_source_account",
    subject: name,
    hint: "Leave --source-account out.",
  });
}

function saidBy({ timezoneFrom }: Pick<OpenOptions, "timezoneFrom">): string {
  return timezoneFrom ?? "--timezone";
}
