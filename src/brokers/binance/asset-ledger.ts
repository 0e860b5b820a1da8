import { type Decimal, formatDecimal, parseDecimal } from "../../executions/decimal.ts";

/**
 * What a wallet holds against what its history explains. The gap of an asset is its balance less all that was read: where it changes, something
 * happened that was not read yet; where it stays above or below zero once all is read, something is missing.
 */
export class AssetLedger {
  readonly totals: Map<string, Decimal>;
  readonly gaps: Map<string, Decimal>;
  /** Gaps that are taken for what they are. */
  readonly #accepted: Map<string, Decimal>;
  /** Until when the reason of an unexplained gap is looked for; an asset that is not in it has just been noticed. */
  readonly #openUntilMs: Map<string, number>;

  constructor(stored: StoredLedger = { t: "", g: "", h: "" }) {
    this.totals = readAmounts(stored.t);
    this.gaps = readAmounts(stored.g);
    this.#accepted = new Map(this.gaps);
    this.#openUntilMs = new Map();
    for (const { asset, untilMs, accepted } of readOpen(stored.h)) {
      this.#accepted.set(asset, accepted);
      if (untilMs > 0) this.#openUntilMs.set(asset, untilMs);
    }
  }

  /** Something that was read: positive came in. */
  add(asset: string, amount: Decimal): void {
    this.#change(asset, -amount);
  }

  /** Something that was read, of the time before all gaps were taken for what they are: it was a part of them. */
  addAccepted(asset: string, amount: Decimal): void {
    const accepted = (this.#accepted.get(asset) ?? 0n) - amount;
    if (accepted === 0n) this.#accepted.delete(asset);
    else this.#accepted.set(asset, accepted);
    this.add(asset, amount);
  }

  /** The whole wallet as the venue shows it; what is not in it is zero. Returns what moved. */
  observe(balances: ReadonlyMap<string, Decimal>): Set<string> {
    const moved = new Set<string>();
    for (const asset of new Set([...this.totals.keys(), ...balances.keys()])) {
      const now = balances.get(asset) ?? 0n;
      const before = this.totals.get(asset) ?? 0n;
      if (now === before) continue;
      moved.add(asset);
      this.#change(asset, now - before);
      if (now === 0n) this.totals.delete(asset);
      else this.totals.set(asset, now);
    }
    return moved;
  }

  /** Assets whose gap is none that was accepted. */
  unexplained(): Set<string> {
    const changed = (asset: string) => (this.gaps.get(asset) ?? 0n) !== (this.#accepted.get(asset) ?? 0n);
    return new Set([...this.gaps.keys(), ...this.#accepted.keys()].filter(changed));
  }

  /** The end of a run: what is still unexplained is looked for in the next ones, for so long. */
  settle(nowMs: number, openMs: number): void {
    const unexplained = this.unexplained();
    for (const asset of this.#openUntilMs.keys()) if (!unexplained.has(asset)) this.#openUntilMs.delete(asset);
    for (const asset of unexplained) {
      const untilMs = this.#openUntilMs.get(asset);
      if (untilMs === undefined) this.#openUntilMs.set(asset, nowMs + openMs);
      else if (untilMs <= nowMs) this.acceptOne(asset);
    }
  }

  /** Takes all gaps as they are. */
  accept(): void {
    for (const asset of this.unexplained()) this.acceptOne(asset);
  }

  write(): StoredLedger {
    const open = [...this.unexplained()].map((asset) => {
      const untilMs = this.#openUntilMs.get(asset) ?? 0;
      return `${asset}:${untilMs.toString(36)}:${formatDecimal(this.#accepted.get(asset) ?? 0n)}`;
    });
    return { t: writeAmounts(this.totals), g: writeAmounts(this.gaps), h: open.join(",") };
  }

  acceptOne(asset: string): void {
    this.#openUntilMs.delete(asset);
    const gap = this.gaps.get(asset);
    if (gap === undefined) this.#accepted.delete(asset);
    else this.#accepted.set(asset, gap);
  }

  #change(asset: string, amount: Decimal): void {
    const gap = (this.gaps.get(asset) ?? 0n) + amount;
    if (gap === 0n) this.gaps.delete(asset);
    else this.gaps.set(asset, gap);
  }
}

/** Totals, gaps, and the gaps that are looked into. */
export interface StoredLedger {
  t: string;
  g: string;
  h: string;
}

function readOpen(text: string): { asset: string; untilMs: number; accepted: Decimal }[] {
  return (text === "" ? [] : text.split(",")).map((entry) => {
    const [asset = "", until = "", accepted = ""] = entry.split(":");
    const untilMs = Number.parseInt(until, 36);
    if (asset === "" || !Number.isSafeInteger(untilMs)) throw new RangeError("an asset or a time is missing");
    return { asset, untilMs, accepted: parseDecimal(accepted) };
  });
}

/** `BTC:1.5,USDT:20`. */
export function writeAmounts(amounts: ReadonlyMap<string, Decimal>): string {
  return [...amounts].map(([asset, amount]) => `${asset}:${formatDecimal(amount)}`).join(",");
}

/** @throws {RangeError | DecimalError} of what `writeAmounts` did not write */
export function readAmounts(text: string): Map<string, Decimal> {
  const amounts = new Map<string, Decimal>();
  for (const entry of text === "" ? [] : text.split(",")) {
    const colon = entry.lastIndexOf(":");
    if (colon <= 0) throw new RangeError("an asset is missing");
    amounts.set(entry.slice(0, colon), parseDecimal(entry.slice(colon + 1)));
  }
  return amounts;
}
