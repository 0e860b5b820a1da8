import { Failure } from "../../errors.ts";
import { shorten } from "./report.ts";

/** No broker has as many in one file: a column that says another thing in each row is none of accounts. */
const accountsMax = 1_000;
/** In a message. */
const accountsShownMax = 20;

/** The accounts that a file's rows name. Executions of two of them must not be paired with one another. */
export class FileAccounts {
  readonly #name: string;
  readonly #rows = new Map<string, number>();
  /** The one of the row before, and its rows since it came: nearly all rows are of one account. */
  #last: string | null = null;
  #run = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Counts the row where it names what the row before it did, or nothing. */
  isAsBefore(account: string | null): boolean {
    if (account === null) return true;
    if (account !== this.#last) return false;
    this.#run++;
    return true;
  }

  see(account: string | null): void {
    if (account === null) return;
    this.#count();
    this.#last = account;
    this.#run = 1;
    if (this.#rows.size > accountsMax) throw this.#several();
  }

  /**
   * All but the wanted one; none where the file has one alone and nothing was said.
   * @throws {Failure} data: `several_accounts`, `no_such_source_account`
   */
  othersThan(wanted: string | null): ReadonlySet<string> {
    this.#count();
    const others = new Set(this.#rows.keys());
    if (wanted === null) {
      if (others.size > 1) throw this.#several();
      return new Set();
    }
    if (!others.delete(wanted)) throw this.#without(wanted);
    return others;
  }

  #count(): void {
    if (this.#last !== null) this.#rows.set(this.#last, (this.#rows.get(this.#last) ?? 0) + this.#run);
    this.#run = 0;
  }

  #several(): Failure {
    const [first = ""] = this.#largestFirst();
    const most = this.#rows.size > accountsMax ? `more than ${accountsMax}` : String(this.#rows.size);
    return new Failure("data", `${this.#name} holds ${most} accounts: ${this.#list()}.`, {
      code: "several_accounts",
      subject: this.#name,
      hint: `Take one of them at a time, with --source-account ${first}, or export each into a file of its own.`,
    });
  }

  #without(wanted: string): Failure {
    const said = this.#rows.size === 0 ? "none of its rows names an account" : `it has ${this.#list()}`;
    return new Failure("data", `${this.#name} has no rows of account "${shorten(wanted)}": ${said}.`, {
      code: "no_such_source_account",
      subject: this.#name,
      hint: this.#rows.size === 0 ? "Leave --source-account out." : "Give --source-account one of these.",
    });
  }

  #list(): string {
    const shown = this.#largestFirst()
      .slice(0, accountsShownMax)
      .map((account) => {
        const rows = this.#rows.get(account) ?? 0;
        return `${shorten(account)} (${rows} ${rows === 1 ? "row" : "rows"})`;
      });
    const more = this.#rows.size - shown.length;
    return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  }

  #largestFirst(): string[] {
    return [...this.#rows].sort(([, a], [, b]) => b - a).map(([account]) => account);
  }
}
