import { Failure } from "../errors.ts";
import type { Execution, Market } from "../executions/execution.ts";
import type { Trade } from "../trades/trade.ts";
import { type RecogniseOptions, readPages, recognise } from "./csv/read.ts";
import type { FileReport } from "./csv/report.ts";

/** A file of a broker whose format is known, whatever it is: delimited text, or a report of a MetaTrader terminal. */
export interface BrokerFile {
  path: string;
  name: string;
  format: FileFormat;
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

/** Which file is this? By its content alone. @throws {Failure} data, with a code; see `recognise` and `recogniseReport` */
export async function openBrokerFile(path: string, options: RecogniseOptions): Promise<BrokerFile> {
  try {
    return await openDelimited(path, options);
  } catch (error) {
    if (!(error instanceof Failure) || !perhapsReport.has(error.detail.code ?? "")) throw error;
    const report = await openReport(path, options);
    if (report === null) throw error;
    return report;
  }
}

async function openDelimited(path: string, options: RecogniseOptions): Promise<BrokerFile> {
  const recognised = await recognise(path, options);
  const { dialect, broker, encoding, zone, zoneFrom, account } = recognised;
  return {
    path,
    name: recognised.name,
    format: { id: dialect.id, title: dialect.title, broker, markets: dialect.markets, currency: null },
    facts: {
      encoding,
      ...(account === null ? {} : { account }),
      ...(zone === null ? {} : { times: `${zone} (from the ${zoneFrom ?? "rows"})` }),
    },
    pages: (report, signal) => readPages(recognised, report, signal),
  };
}

/** Its readers are loaded when they are needed: HTML and XLSX. */
async function openReport(path: string, options: RecogniseOptions): Promise<BrokerFile | null> {
  const { readReport, recogniseReport } = await import("./metatrader/report.ts");
  const recognised = await recogniseReport(path, options);
  if (recognised === null) return null;
  const { dialect, title, broker, currency, encoding, zone, company, accounting } = recognised;
  return {
    path,
    name: recognised.name,
    format: { id: dialect, title, broker, markets: ["forex", "cfd"], currency },
    facts: {
      encoding,
      times: zone,
      currency,
      ...(company === null ? {} : { company }),
      ...(accounting === null ? {} : { accounting }),
    },
    pages: (report, signal) => readReport(recognised, report, signal),
  };
}
