import type { RateLimit } from "../rate-budget.ts";

/**
 * Where MetaApi answers what: https://metaapi.cloud/docs. Its limits are counted in credits, by account and by the token's user and never by address;
 * what a request costs is not published but for the account's information, so that the rest is taken for dearer than it is.
 */
const provisioningHost = "https://mt-provisioning-api-v1.agiliumtrade.agiliumtrade.ai";

export interface Endpoint {
  address: string;
  /** For messages: without the account's id. */
  what: string;
  credits: number;
  /** Answers 404 where MetaApi does not have the account; the others also do while its terminal starts. */
  isRegistration: boolean;
}

const minuteMs = 60_000;
const pool = "account";
export const metaApiLimits: readonly RateLimit[] = [{ pool, weight: 18_000, windowMs: minuteMs, perAccount: true }];

/** The most deals that an answer holds. */
export const dealsPerPage = 1_000;

export function registration(accountId: string): Endpoint {
  return {
    address: `${provisioningHost}/users/current/accounts/${accountId}`,
    what: "the account's registration",
    credits: 50,
    isRegistration: true,
  };
}

/** A region's own host answers for its accounts alone; others get a time-out from it. */
export class RegionEndpoints {
  readonly #base: string;

  constructor(region: string, accountId: string) {
    this.#base = `https://mt-client-api-v1.${region}.agiliumtrade.ai/users/current/accounts/${accountId}`;
  }

  information(): Endpoint {
    return {
      address: `${this.#base}/account-information`,
      what: "the account's information",
      credits: 50,
      isRegistration: false,
    };
  }

  /** From `fromMs` on, before `toMs`. */
  deals(fromMs: number, toMs: number, offset: number): Endpoint {
    const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
    return {
      address: `${this.#base}/history-deals/time/${from}/${to}?offset=${offset}&limit=${dealsPerPage}`,
      what: `the deals from ${from.slice(0, 10)}`,
      credits: 250,
      isRegistration: false,
    };
  }

  dealsOfPosition(position: string): Endpoint {
    return {
      address: `${this.#base}/history-deals/position/${position}`,
      what: `the deals of position ${position}`,
      credits: 250,
      isRegistration: false,
    };
  }
}
