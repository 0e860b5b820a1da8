import type { Decimal } from "../../src/executions/decimal.ts";
import { type Amount, toDecimal } from "./amounts.ts";
import type {
  VenueConversion,
  VenueDividend,
  VenueDust,
  VenueIncome,
  VenueMovement,
  VenueTransfer,
  Wallet,
  WalletEntry,
} from "./ledger-rows.ts";
import { type Random, seeded } from "./random.ts";

/** The sums of one wallet up to a moment. */
interface BalanceView {
  /** How many entries the ledger had: when it has more, the sums are made anew. */
  entries: number;
  own: WalletEntry[];
  next: number;
  atMs: number;
  totals: Map<string, Decimal>;
}

/** The wallets of an account and what moves between them without a trade: each with the list that shows it. */
export class WalletLedger {
  readonly income: Record<"linear" | "inverse", VenueIncome[]> = { linear: [], inverse: [] };
  readonly conversions: VenueConversion[] = [];
  readonly dust: VenueDust[] = [];
  readonly movements: VenueMovement[] = [];
  readonly transfers: VenueTransfer[] = [];
  readonly dividends: VenueDividend[] = [];
  readonly entries: WalletEntry[] = [];
  protected readonly random: Random;
  readonly #balances = new Map<string, Decimal>();
  readonly #views = new Map<Wallet, BalanceView>();
  #nextTranId: bigint;
  #nextId = 1_637_366_104;
  #lastMs = 0;

  constructor(seed: string) {
    this.random = seeded(`${seed}/ledger`);
    // Above 2^53: a client that reads it as a JSON number gets another one.
    this.#nextTranId = 8_082_457_372_000_000_001n + BigInt(this.random.integer(0, 1_000_000)) * 1_000n;
  }

  /** When the last thing happened. */
  get lastMs(): number {
    return this.#lastMs;
  }

  newTranId(): bigint {
    this.#nextTranId += BigInt(this.random.integer(1, 900));
    return this.#nextTranId;
  }

  /** A change of a wallet that has its own list elsewhere. */
  move(atMs: number, wallet: Wallet, asset: string, amount: Decimal): void {
    this.entries.push({ timeMs: atMs, wallet, asset, amount });
    const key = `${wallet}:${asset}`;
    this.#balances.set(key, (this.#balances.get(key) ?? 0n) + amount);
    this.#lastMs = Math.max(this.#lastMs, atMs);
  }

  /** After all that was entered, however far in the future. */
  balance(wallet: Wallet, asset: string): Decimal {
    return this.#balances.get(`${wallet}:${asset}`) ?? 0n;
  }

  /** By asset; an asset that was ever held stays in it with 0. */
  balancesAt(wallet: Wallet, atMs: number): ReadonlyMap<string, Decimal> {
    let view = this.#views.get(wallet);
    // Clocks go forward: what was summed up to then is gone on from.
    if (view === undefined || view.entries !== this.entries.length || view.atMs > atMs) {
      const own = this.entries.filter((entry) => entry.wallet === wallet).sort((a, b) => a.timeMs - b.timeMs);
      view = { entries: this.entries.length, own, next: 0, atMs, totals: new Map() };
      this.#views.set(wallet, view);
    }
    for (let entry = view.own[view.next]; entry !== undefined && entry.timeMs <= atMs; entry = view.own[++view.next]) {
      view.totals.set(entry.asset, (view.totals.get(entry.asset) ?? 0n) + entry.amount);
    }
    view.atMs = atMs;
    return new Map(view.totals);
  }

  deposit(request: { asset: string; amount: Amount; atMs: number; network?: string }): void {
    this.#movement("deposit", { ...request, fee: 0n });
  }

  /** The fee comes on top of the amount. */
  withdraw(request: { asset: string; amount: Amount; fee: Amount; atMs: number; network?: string }): void {
    this.#movement("withdrawal", request);
  }

  transfer(request: { from: Wallet; to: Wallet; asset: string; amount: Amount; atMs: number }): void {
    const amount = toDecimal(request.amount);
    const { from, to, asset, atMs } = request;
    const tranId = this.newTranId();
    this.move(atMs, from, asset, -amount);
    this.move(atMs, to, asset, amount);
    this.transfers.push({ from, to, asset, amount, tranId, timeMs: atMs, visibleFromMs: atMs });
    for (const [wallet, income] of [
      [from, -amount],
      [to, amount],
    ] as const) {
      if (wallet !== "linear" && wallet !== "inverse") continue;
      const info = income < 0n ? "WITHDRAW" : "DEPOSIT";
      const row = { market: wallet, symbol: "", incomeType: "TRANSFER", income, asset, info, tranId, tradeId: null };
      this.income[wallet].push({ ...row, timeMs: atMs, visibleFromMs: atMs });
    }
  }

  /** Only SUCCESS moves money; the others stand in the list all the same. */
  convert(request: {
    fromAsset: string;
    fromAmount: Amount;
    toAsset: string;
    toAmount: Amount;
    atMs: number;
    status?: VenueConversion["status"];
  }): void {
    const { fromAsset, toAsset, atMs, status = "SUCCESS" } = request;
    const [fromAmount, toAmount] = [toDecimal(request.fromAmount), toDecimal(request.toAmount)];
    if (status === "SUCCESS") {
      this.move(atMs, "spot", fromAsset, -fromAmount);
      this.move(atMs, "spot", toAsset, toAmount);
    }
    const orderId = 940_708_407_000_000_003n + (this.newTranId() % 1_000_000_000n);
    const row = { quoteId: this.#hex(32), orderId, status, fromAsset, fromAmount, toAsset, toAmount };
    this.conversions.push({ ...row, timeMs: atMs, visibleFromMs: atMs });
  }

  /** Small balances into BNB: one transId for all assets of one conversion. */
  convertDust(request: {
    details: { fromAsset: string; amount: Amount; transferred: Amount; charge: Amount }[];
    atMs: number;
  }): void {
    const details = request.details.map((detail) => ({
      fromAsset: detail.fromAsset,
      amount: toDecimal(detail.amount),
      transferred: toDecimal(detail.transferred),
      charge: toDecimal(detail.charge),
    }));
    for (const detail of details) {
      this.move(request.atMs, "spot", detail.fromAsset, -detail.amount);
      this.move(request.atMs, "spot", "BNB", detail.transferred);
    }
    const transId = 45_178_372_831n + (this.newTranId() % 1_000_000_000n);
    this.dust.push({ transId, details, timeMs: request.atMs, visibleFromMs: request.atMs });
  }

  /** Airdrops and rewards. */
  dividend(request: { asset: string; amount: Amount; info: string; atMs: number }): void {
    const amount = toDecimal(request.amount);
    this.move(request.atMs, "spot", request.asset, amount);
    const row = { id: this.#nextId++, tranId: this.newTranId(), asset: request.asset, amount, info: request.info };
    this.dividends.push({ ...row, timeMs: request.atMs, visibleFromMs: request.atMs });
  }

  /** A line of the income list that changes a wallet: a rebate, a bonus, an insurance clearance. */
  incomeEntry(request: {
    market: "linear" | "inverse";
    symbol: string;
    incomeType: string;
    income: Amount;
    asset: string;
    atMs: number;
  }): void {
    const { market, symbol, incomeType, asset, atMs } = request;
    const income = toDecimal(request.income);
    this.move(atMs, market, asset, income);
    const row = {
      market,
      symbol,
      incomeType,
      income,
      asset,
      info: incomeType,
      tranId: this.newTranId(),
      tradeId: null,
    };
    this.income[market].push({ ...row, timeMs: atMs, visibleFromMs: atMs });
  }

  #movement(
    kind: "deposit" | "withdrawal",
    request: { asset: string; amount: Amount; fee: Amount; atMs: number; network?: string },
  ): void {
    const [amount, fee] = [toDecimal(request.amount), toDecimal(request.fee)];
    const { asset, atMs } = request;
    this.move(atMs, "spot", asset, kind === "deposit" ? amount : -(amount + fee));
    const ids = { id: this.#hex(32), txId: `0x${this.#hex(64)}` };
    // The venue's own words for "done": 1 for deposits, 6 for withdrawals.
    const status = kind === "deposit" ? 1 : 6;
    const row = { ...ids, kind, asset, amount, fee, network: request.network ?? "ETH", status };
    this.movements.push({ ...row, timeMs: atMs, visibleFromMs: atMs });
  }

  #hex(digits: number): string {
    let text = "";
    while (text.length < digits) text += this.random.integer(0, 0xffff).toString(16).padStart(4, "0");
    return text.slice(0, digits);
  }
}
