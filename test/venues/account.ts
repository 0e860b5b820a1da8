import { generateAccount } from "./generate.ts";
import type { GenerateOptions } from "./generation.ts";
import { Ledger } from "./ledger.ts";
import { hash32, seeded } from "./random.ts";
import type { World } from "./world.ts";

export interface KeyPermissions {
  reading: boolean;
  /** False too for a key that is older than the futures account. */
  futures: boolean;
  trading: boolean;
  margin: boolean;
  withdrawals: boolean;
  /** Futures are behind the portfolio margin API alone. */
  portfolioMargin: boolean;
  /** Addresses that may use the key; null: all. */
  ipAllowList: readonly string[] | null;
  /** The key is gone from then on. */
  expiresAtMs: number | null;
}

export interface AccountOptions {
  /** Names the account in logs and truth; decides keys, ids and chance. */
  id: string;
  apiKey?: string;
  apiSecret?: string;
  passphrase?: string;
  permissions?: Partial<KeyPermissions>;
  /** Made when it is first asked for; without it the account is empty. */
  generate?: Omit<GenerateOptions, "seed"> & { seed?: string };
  hedge?: boolean;
  bnbFees?: boolean;
}

const defaults: KeyPermissions = {
  reading: true,
  futures: true,
  trading: false,
  margin: false,
  withdrawals: false,
  portfolioMargin: false,
  ipAllowList: null,
  expiresAtMs: null,
};

/** One client of the venue with one key. Its history is made when the first request needs it: a thousand idle ones cost nothing. */
export class VenueAccount {
  readonly id: string;
  readonly uid: number;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly passphrase: string;
  /** Changed by tests as they go. */
  readonly permissions: KeyPermissions;
  readonly hedge: boolean;
  readonly #world: World;
  readonly #options: AccountOptions;
  #ledger: Ledger | null = null;

  constructor(world: World, options: AccountOptions) {
    const seed = `${world.seed}/${options.id}`;
    this.id = options.id;
    this.uid = 100_000_000 + (hash32(`${seed}/uid`) % 900_000_000);
    this.apiKey = options.apiKey ?? keyText(`${seed}/key`);
    this.apiSecret = options.apiSecret ?? keyText(`${seed}/secret`);
    this.passphrase = options.passphrase ?? keyText(`${seed}/passphrase`).slice(0, 12);
    this.permissions = { ...defaults, ...options.permissions };
    this.hedge = options.hedge ?? options.generate?.hedge ?? false;
    this.#world = world;
    this.#options = options;
  }

  get ledger(): Ledger {
    this.#ledger ??= this.#makeLedger();
    return this.#ledger;
  }

  /** False: nobody has asked for its history yet. */
  get hasLedger(): boolean {
    return this.#ledger !== null;
  }

  #makeLedger(): Ledger {
    const { generate, bnbFees = false, id } = this.#options;
    const seed = generate?.seed ?? `${this.#world.seed}/${id}`;
    if (generate === undefined) return new Ledger(this.#world, { seed, bnbFees });
    return generateAccount(this.#world, { bnbFees, ...generate, hedge: this.hedge, seed });
  }
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** 64 letters and digits, as Binance's keys are. */
function keyText(seed: string): string {
  const random = seeded(seed);
  return Array.from({ length: 64 }, () => letters[random.integer(0, letters.length - 1)]).join("");
}
