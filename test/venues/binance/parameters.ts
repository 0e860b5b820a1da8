import { BinanceError, missing, notValid, startAfterEnd } from "./errors.ts";

/** The parameters of one request, and which of them the endpoint read. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>;
  readonly #read = new Set(["timestamp", "recvWindow", "signature"]);

  /** `raw`: the query and the body, still encoded. @throws {BinanceError} a name twice, or an empty value */
  constructor(raw: string) {
    const values = new Map<string, string>();
    for (const [name, value] of new URLSearchParams(raw)) {
      if (values.has(name)) throw new BinanceError(400, -1101, "Duplicate values for a parameter detected.");
      if (value === "") throw new BinanceError(400, -1105, `Parameter '${name}' was empty.`);
      values.set(name, value);
    }
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | null {
    this.#read.add(name);
    return this.#values.get(name) ?? null;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === null) throw missing(name);
    return value;
  }

  integer(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    if (!/^[0-9]{1,20}$/.test(value)) {
      throw new BinanceError(
        400,
        -1100,
        `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`,
      );
    }
    return Number(value);
  }

  requiredInteger(name: string): number {
    const value = this.integer(name);
    if (value === null) throw missing(name);
    return value;
  }

  /** Spot cuts what is above the maximum, the others refuse it. */
  limit(usual: number, maximum: number, above: "cut" | "refuse"): number {
    const value = this.integer("limit") ?? usual;
    if (value < 1 || (value > maximum && above === "refuse")) throw notValid("limit");
    return Math.min(value, maximum);
  }

  /** `startTime` and `endTime`, in that order. */
  times(): { startMs: number | null; endMs: number | null } {
    const startMs = this.integer("startTime");
    const endMs = this.integer("endTime");
    if (startMs !== null && endMs !== null && startMs > endMs) throw startAfterEnd();
    return { startMs, endMs };
  }

  /** Spot refuses what it does not know. */
  refuseUnread(): void {
    const unread = [...this.#values.keys()].filter((name) => !this.#read.has(name));
    if (unread.length === 0) return;
    const read = this.#values.size - unread.length;
    throw new BinanceError(
      400,
      -1104,
      `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${this.#values.size}'.`,
    );
  }
}
