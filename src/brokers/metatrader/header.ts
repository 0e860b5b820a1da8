import { cleanText, type PageFacts } from "./report-row.ts";

/** What the rows above the tables say of the account. Labels are translated, so that only the form of the values is looked at. */
export interface ReportHeader {
  /** Number of the account. */
  account: string | null;
  currency: string | null;
  /** A strategy tester that counts profit in pips, which are no money: its currency is a phrase in the terminal's language. */
  isInPips: boolean;
  server: string | null;
  /** The broker's name. */
  company: string | null;
  accounting: Accounting | null;
  /** Of the strategy tester of MetaTrader 4, which names its one symbol here only. */
  symbol: string | null;
  /** Values of the settings of a strategy tester, in their order: they make the run. */
  settings: string[];
  /** The settings end as those of the strategy tester of MetaTrader 5 do: currency, deposit, leverage. */
  isTester: boolean;
}

export type Accounting = "hedging" | "netting";

/** `541000001 (USD, Broker-Server4, real, Hedge)` */
const account5 = /^(.+?)\s*\(\s*([^,()]{1,24})\s*,\s*([^,()]+)(?:,([^()]*))?\)$/;
const leverage = /^1\s*[:：]\s*\d+/;
const labelled = /^[^:：]+[:：]\s*(.+)$/;
/** Codes of currencies as terminals have them: USD, USC (cents), USDT. */
const currencyCode = /^[A-Z]{3,5}$/;
/** What a broker may call its currency; the phrase that stands for pips has blanks, or other letters. */
const currencyWord = /^(?!.*pips?$)[A-Za-z\d][\w.-]{1,23}$/i;
const amount = /^[\d .,]+$/;
/** `EURUSD (Euro vs US Dollar)` */
const testedSymbol = /^(\S{1,64})(?:\s+\(.*\))?$/;

/** More rows are read before the tables of a strategy tester with many inputs. */
const settingsMax = 1_000;

export class HeaderReader {
  readonly header: ReportHeader = {
    account: null,
    currency: null,
    isInPips: false,
    server: null,
    company: null,
    accounting: null,
    symbol: null,
    settings: [],
    isTester: false,
  };
  /** Values of rows that are a label and a value. */
  readonly #values: string[] = [];
  #afterAccount = false;
  #isEnded = false;

  /** A row above the first table. */
  see(cells: readonly string[]): void {
    const filled = cells.filter((cell) => cell !== "");
    if (filled.length === 2) this.#seePair(filled[1] ?? "");
    else if (filled.length === 1 && this.#values.length > 0) this.#seeValue(filled[0] ?? "");
    else if (filled.length >= 3) this.#seeStatement(filled);
  }

  #seePair(value: string): void {
    const { header } = this;
    if (this.#values.length >= settingsMax) return;
    if (this.#afterAccount) header.company ??= value;
    this.#afterAccount = false;
    const found = account5.exec(value);
    if (found !== null && header.account === null && header.currency === null) {
      const [, account = "", currency = "", server = "", rest = ""] = found;
      if (isCurrency(currency.trim())) {
        header.account = account.trim();
        header.currency = currency.trim();
        header.server = server.trim();
        header.accounting = accountingOf(rest);
        this.#afterAccount = true;
      }
    }
    header.symbol ??= this.#values.length === 0 ? (testedSymbol.exec(value)?.[1] ?? null) : null;
    this.#seeValue(value);
    if (leverage.test(value)) this.#endSettings();
  }

  /** A tester's settings end with currency, deposit and leverage. What comes behind them are its results. */
  #endSettings(): void {
    const [currency, deposit] = this.#values.slice(-3);
    if (currency === undefined || deposit === undefined || !amount.test(deposit) || this.#isEnded) return;
    this.#isEnded = true;
    this.header.isTester = true;
    if (currencyWord.test(currency)) this.header.currency ??= currency;
    else this.header.isInPips = currency !== "";
    this.header.settings = [...this.#values];
  }

  #seeValue(value: string): void {
    if (this.#values.length >= settingsMax) return;
    this.#values.push(value);
  }

  /** MetaTrader 4: `Account: 1000 | Name: … | Currency: USD | Leverage: 1:100 | date` in one row. */
  #seeStatement(filled: readonly string[]): void {
    const { header } = this;
    if (header.currency !== null || filled.filter((cell) => labelled.test(cell)).length < 3) return;
    const values = filled.map((cell) => labelled.exec(cell)?.[1]?.trim() ?? "");
    // The holder's name can look like a currency's code, but stands before it.
    header.currency = values.findLast((value) => currencyCode.test(value)) ?? null;
    const [first = ""] = values;
    header.account ??= /^\d+$/.test(first) ? first : null;
  }

  end(facts: PageFacts): ReportHeader {
    const { header } = this;
    if (!this.#isEnded) header.settings = [...this.#values];
    if (header.company === null && facts.preface !== "") header.company = cleanText(facts.preface).slice(0, 100);
    return header;
  }
}

function isCurrency(text: string): boolean {
  return /^[\p{L}\d][\p{L}\d ._-]{0,23}$/u.test(text);
}

function accountingOf(rest: string): Accounting | null {
  if (/hedg/i.test(rest)) return "hedging";
  return /nett?ing/i.test(rest) ? "netting" : null;
}
