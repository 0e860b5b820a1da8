import { Failure } from "../../errors.ts";
import { DecimalError, formatDecimal, parseDecimal } from "../../executions/decimal.ts";
import type { Execution, Market } from "../../executions/execution.ts";
import { parseZone, ZoneError } from "../../executions/zone.ts";
import type { Trade } from "../../trades/trade.ts";
import { type FileReport, recordImported, recordProblem, recordSkipped } from "../csv/report.ts";
import { toTrade } from "./closed-trade.ts";
import type { Contents, Table } from "./contents.ts";
import type { Accounting, ReportHeader } from "./header.ts";
import { type ReportLimits, reportLimits } from "./limits.ts";
import { compareTrades, emptyPlan, type Plan, type PlanSettings } from "./plan.ts";
import { planClosed } from "./plan-closed.ts";
import { entryReason, planDeals } from "./plan-deals.ts";
import { planTester } from "./plan-tester.ts";
import { readContents } from "./read-contents.ts";
import { openSource, type RowSource, type SourceKind } from "./source.ts";
import { metatrader, type RunId } from "./symbol.ts";

export interface ReportOptions {
  /** What the user calls the file: it stands in messages. */
  name: string;
  /** The rule of the broker's clock: an IANA name, `+02:00`, `GMT+2/US`, `GMT+2/EU`. A report never says it. */
  timezone?: string;
  /** Of symbols that are no currency pair; left out: cfd. It stands in the ids, so that another one is another trade. */
  market?: Market;
  /** The account's currency, where the file does not say it: CSV, and the strategy tester of MetaTrader 4. */
  currency?: string;
  limits?: ReportLimits;
  signal?: AbortSignal;
}

export type ReportDialect =
  | "metatrader_4_statement"
  | "metatrader_4_tester"
  | "metatrader_5_history"
  | "metatrader_5_tester";

/** A report whose rows are understood. They are in memory: the file is not needed any more. */
export interface RecognisedReport {
  path: string;
  name: string;
  dialect: ReportDialect;
  /** For people: "MetaTrader 5 trade history report". */
  title: string;
  /** First in the ids, whatever broker the account is with. */
  broker: typeof metatrader;
  kind: SourceKind;
  encoding: string;
  /** As the report's head says; null: it does not. */
  account: string | null;
  company: string | null;
  server: string | null;
  currency: string;
  accounting: Accounting | null;
  /** The rule that all its times are read by. */
  zone: string;
  /** What becomes trades or executions: closed positions (tickets, tested orders) as trades, or deals as executions. */
  unit: "positions" | "deals";
  /** Executions state their PnL before commission, fee and swap. */
  statedPnl: "gross";
  /** Of a strategy tester: its runs count their tickets from one each, so that the run stands in the ids. */
  run: RunId;
  /** What its reader should know, in a sentence each. */
  warnings: string[];
  /** For the reader alone. */
  contents: Contents;
  market: Market | undefined;
}

/** A page of trades that the broker reports whole, or of executions; at most 1,000 together. */
export interface ReportPage {
  executions: Execution[];
  trades: Trade[];
}

export const pageItemsMax = 1_000;

const titles: Record<ReportDialect, string> = {
  metatrader_4_statement: "MetaTrader 4 account statement",
  metatrader_4_tester: "MetaTrader 4 strategy tester report",
  metatrader_5_history: "MetaTrader 5 trade history report",
  metatrader_5_tester: "MetaTrader 5 strategy tester report",
};

/**
 * Is this a report of a MetaTrader terminal, and which? By its content alone, in any language. Null: it is none.
 * @throws {Failure} data, with a code: `timezone_required`, `currency_required`, `symbol_missing`, `cut_short`, `damaged_file`,
 * `file_too_large`, `too_many_rows`; usage: a rule that is none, or no such file
 */
export async function recogniseReport(path: string, options: ReportOptions): Promise<RecognisedReport | null> {
  const { name, limits = reportLimits } = options;
  const source = await openSource(path, name, limits);
  if (source === null) return null;
  const contents = await readContents(source, name, limits, options.signal);
  if (contents === null) return null;
  const dialect = dialectOf(contents, source);
  const { header } = contents;
  const isTester = dialect === "metatrader_4_tester" || dialect === "metatrader_5_tester";
  if (dialect === "metatrader_4_tester" && header.symbol === null && contents.events.length > 0) {
    throw symbolMissing(name);
  }
  const unit = unitOf(contents, isTester);
  const needsEnd = contents.generation === null || (contents.generation === 5 && unit === "positions");
  if (needsEnd && !contents.isWhole) throw cutShort(name);
  return {
    path,
    name,
    dialect,
    title: titles[dialect],
    broker: metatrader,
    kind: source.kind,
    encoding: source.encoding?.label ?? "utf-8",
    account: header.account,
    company: isTester ? null : header.company,
    server: header.server,
    currency: currencyOf(header) ?? options.currency ?? currencyRequired(name, titles[dialect]),
    accounting: header.accounting,
    zone: zoneOf(name, titles[dialect], options.timezone),
    unit,
    statedPnl: "gross",
    run: isTester ? runOf(header.settings) : null,
    warnings: warningsOf(source, header),
    contents,
    market: options.market,
  };
}

/**
 * The report's trades and executions in pages, in the order of their times; executions of a symbol in the order of
 * `compareExecutions`. What becomes of each row is in `report`, which is complete when the last page was taken.
 */
export async function* readReport(
  recognised: RecognisedReport,
  report: FileReport,
  signal?: AbortSignal,
): AsyncGenerator<ReportPage> {
  const settings = settingsOf(recognised);
  const plan = planOf(recognised, settings);
  for (const { reason, line } of plan.skipped) recordSkipped(report, reason, line);
  for (const problem of plan.problems) recordProblem(report, problem);
  const { executions, trades } = plan;
  for (let start = 0; start < executions.length; start += pageItemsMax) {
    signal?.throwIfAborted();
    const items = executions.slice(start, start + pageItemsMax);
    for (const { execution, line } of items) if (line !== null) recordImported(report, execution.executedAtMs);
    yield { executions: items.map(({ execution }) => execution), trades: [] };
  }
  for (let start = 0; start < trades.length; start += pageItemsMax) {
    signal?.throwIfAborted();
    const items = trades.slice(start, start + pageItemsMax);
    for (const { group, closedAtMs } of items) for (const _ of group.lines) recordImported(report, closedAtMs);
    yield { executions: [], trades: items.map(({ group }) => toTrade(group, settings)) };
  }
}

function settingsOf({ zone, currency, market, run }: RecognisedReport): PlanSettings {
  return { zone: parseZone(zone), currency, market, run };
}

function planOf({ contents, unit, dialect }: RecognisedReport, settings: PlanSettings): Plan {
  const plan = emptyPlan();
  const { closed, deals, entries, events, header } = contents;
  if (dialect === "metatrader_4_tester") planTester(events, header.symbol ?? "", settings, plan);
  else if (unit === "positions") planClosed(contents, settings, plan);
  if (unit === "deals") planDeals(deals, entries, settings, plan);
  const used = usedTables(unit, dialect);
  if (!used.has("closed")) skipAll(plan, closed, "position: its deals are imported instead");
  if (!used.has("deals")) skipAll(plan, deals, "deal: its position is imported when it is closed");
  if (!used.has("events")) skipAll(plan, events, "event of an order");
  if (unit === "positions")
    for (const { line, type } of entries) plan.skipped.push({ line, reason: entryReason(type) });
  for (const line of contents.orderLines) plan.skipped.push({ line, reason: "order: only what it filled is a trade" });
  for (const line of [...contents.open.values(), ...contents.openLines])
    plan.skipped.push({ line, reason: "open position: not closed yet" });
  for (const { table, problem } of contents.problems) {
    if (used.has(table)) plan.problems.push(problem);
    else plan.skipped.push({ line: problem.line, reason: `unreadable row of a table that is not imported (${table})` });
  }
  plan.trades.sort(compareTrades);
  return plan;
}

/** A damaged row of another table costs nothing. */
function usedTables(unit: RecognisedReport["unit"], dialect: ReportDialect): ReadonlySet<Table> {
  if (dialect === "metatrader_4_tester") return new Set(["events"]);
  return new Set(unit === "positions" ? ["closed"] : ["deals", "entries"]);
}

function skipAll(plan: Plan, rows: readonly { line: number }[], reason: string): void {
  for (const { line } of rows) plan.skipped.push({ line, reason });
}

function dialectOf({ generation, events, header }: Contents, { facts }: RowSource): ReportDialect {
  if (events.length > 0) return "metatrader_4_tester";
  if (generation === 4) return "metatrader_4_statement";
  const isTester = /^strategy tester$/i.test(facts.generator ?? "") || (header.account === null && header.isTester);
  if (generation === 5) return isTester ? "metatrader_5_tester" : "metatrader_5_history";
  // No trade at all: the page's signature is what is left.
  if (/metaquotes/i.test(facts.generator ?? "")) return "metatrader_4_statement";
  return isTester ? "metatrader_5_tester" : "metatrader_5_history";
}

/**
 * A hedging account's deals do not say which position they belong to, but its report lists the positions; a netting account's
 * positions can change their side, which only its deals show. Where the report does not say which account it is: positions, if it
 * lists any, so that the same account gives the same trades in every report.
 */
function unitOf(
  { header, closed, deals, generation, problems }: Contents,
  isTester: boolean,
): RecognisedReport["unit"] {
  if (generation !== 5) return "positions";
  if (isTester) return "deals";
  if (header.accounting === "hedging") return "positions";
  const hasPositions = closed.length > 0 || problems.some(({ table }) => table === "closed");
  const hasDeals = deals.length > 0 || problems.some(({ table }) => table === "deals");
  if (header.accounting === "netting") return hasDeals || !hasPositions ? "deals" : "positions";
  return hasPositions ? "positions" : "deals";
}

const runDigits = 12;

/** The settings of the run, as hash: the same however the report was saved. */
function runOf(settings: readonly string[]): string {
  const text = settings.map(canonical).join("\u001f");
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, runDigits);
}

/** `3 000.00` of a page is `3000` in a sheet. */
function canonical(value: string): string {
  const compact = value.replaceAll(" ", "").toLowerCase();
  try {
    return formatDecimal(parseDecimal(compact));
  } catch (error) {
    if (!(error instanceof DecimalError)) throw error;
    return compact;
  }
}

/** What results in pips are counted in: no currency has that name, so that they are never added to money. */
const pips = "PIPS";

function currencyOf({ currency, isInPips }: ReportHeader): string | null {
  return isInPips ? pips : currency;
}

function warningsOf({ facts, encoding }: RowSource, { isInPips }: ReportHeader): string[] {
  const warnings: string[] = [];
  if (isInPips) {
    warnings.push(
      `The test was run with its profit in pips: its results are in ${pips} and are no money. For money run it without "profit in pips for faster calculations".`,
    );
  }
  if (facts.isWhole === false) {
    warnings.push("The file ends before its end: what is missing of it is not imported. Save the report again.");
  }
  if (encoding?.from === "guessed") {
    warnings.push(`The file does not say its encoding; names and comments were read as ${encoding.label}.`);
  }
  return warnings;
}

function zoneOf(name: string, title: string, rule: string | undefined): string {
  if (rule === undefined) {
    throw new Failure(
      "data",
      `${name} is a ${title}: its times are those of the broker's server, and no report says which zone that is.`,
      {
        code: "timezone_required",
        subject: name,
        hint: "Give the account its broker's time zone (on the command line: --timezone): most keep GMT+2/US or GMT+2/EU, that is GMT+2 with the daylight saving of the US or the EU; +02:00 and Europe/Paris are understood too. The server's clock in the terminal's Market Watch, compared with yours, tells which.",
      },
    );
  }
  try {
    return parseZone(rule).name;
  } catch (error) {
    if (!(error instanceof ZoneError)) throw error;
    throw new Failure("usage", `The time zone is not one: ${error.message}.`, { code: "bad_timezone", subject: rule });
  }
}

function currencyRequired(name: string, title: string): never {
  throw new Failure(
    "data",
    `${name} is a ${title} that does not say the account's currency: CSV has no head, and MetaTrader 4's tester names none.`,
    {
      code: "currency_required",
      subject: name,
      hint: "Save the report as HTML or as Open XML (XLSX), whose head names the currency; or, on the command line, add --currency USD, or what the account has.",
    },
  );
}

/**
 * The open positions stand at the end of the report, and only they tell that a closed row is but the part of a position: without
 * them that part would be taken for all of it.
 */
function cutShort(name: string): Failure {
  return new Failure(
    "data",
    `${name} ends inside the report, so that it cannot be known which positions are still open in part.`,
    {
      code: "cut_short",
      subject: name,
      hint: "Save the report in the terminal again, and upload all of it.",
    },
  );
}

function symbolMissing(name: string): Failure {
  return new Failure("data", `${name} is a strategy tester report that does not say the symbol that was tested.`, {
    code: "symbol_missing",
    subject: name,
    hint: "Save the report in the terminal again: its first row names the symbol.",
  });
}
