import "../../jitless.ts";
import { type } from "arktype";
import type { Failure } from "../../errors.ts";
import { parseZone } from "../../executions/zone.ts";
import type { AccountWarning, Broker, BrokerAccount, BrokerTools, SourcePage } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import type { PlanSettings } from "../metatrader/plan.ts";
import { metatrader } from "../metatrader/symbol.ts";
import { MetaApiClient } from "./client.ts";
import { readCursor } from "./cursor.ts";
import { RegionEndpoints, registration } from "./endpoints.ts";
import { type Account, readHistory } from "./history.ts";

/**
 * MetaTrader 4 and 5 by MetaApi (REST): history deals in windows of time, 1,000 an answer; times in UTC. Its ids are those of the terminals' reports, so
 * that a report and the API store nothing twice: a hedging account gives closed positions, a netting account its deals.
 */
export const metaapi: Broker = {
  id: metatrader,
  title: "MetaTrader by MetaApi",
  markets: ["forex", "cfd", "stock", "future", "spot"],
  statedPnl: "booked",
  tested: true,
  read,
};

const Registration = type({ region: "string > 0", "state?": "string", "connectionStatus?": "string" });
const Information = type({
  currency: "string > 0",
  "platform?": "string",
  "marginMode?": "string",
  "investorMode?": "boolean",
});

async function* read(account: BrokerAccount, tools: BrokerTools): AsyncGenerator<SourcePage> {
  const { signal, log } = tools.context;
  const { id, token, region } = credentialsOf(account);
  const client = new MetaApiClient({ token, accountId: account.accountId, tools });
  const cursor = readCursor(account.cursor);
  if (cursor === null && account.cursor !== null) {
    log.warning("cursor_unknown", { account_id: account.accountId, broker: metatrader });
  }
  try {
    const endpoints = new RegionEndpoints(region ?? (await regionOf(client, id)), id);
    const information = await client.get(endpoints.information(), Information);
    const { currency, platform = "mt5", marginMode = "" } = information;
    const live: Account = {
      client,
      endpoints,
      isMt4: platform.toLowerCase() === "mt4",
      unit: unitOf(platform, marginMode),
      settings: settingsOf(account, currency),
      importFromMs: account.importFromMs,
      cursor,
      warnings: information.investorMode === false ? [masterPassword] : [],
    };
    yield* readHistory(live);
  } catch (error) {
    if (signal.aborted) return; // the last page's cursor lets the next run go on
    throw error;
  }
}

const masterPassword: AccountWarning = {
  code: "key_can_trade",
  message:
    "MetaApi is connected to the account with its master password, which may trade; the investor password is enough.",
};

/** As the reports: a hedging account's positions are its trades, and so are the tickets of MetaTrader 4. */
function unitOf(platform: string, marginMode: string): Account["unit"] {
  return platform.toLowerCase() === "mt4" || /HEDGING$/i.test(marginMode) ? "positions" : "deals";
}

function settingsOf({ markets }: BrokerAccount, currency: string): PlanSettings {
  return { zone: parseZone("UTC"), currency, market: markets.length === 1 ? markets[0] : undefined, run: null };
}

interface MetaApiCredentials {
  /** MetaApi's own id of the account. */
  id: string;
  token: string;
  /** Null: it is asked for. A token that is made for one account alone may not ask. */
  region: string | null;
}

const idForm = /^[0-9A-Za-z-]{16,64}$/;
const regionForm = /^[a-z][a-z0-9-]{1,40}$/;

/** The account's id and the token in either field: no token has the form of an id. */
function credentialsOf({ credentials }: BrokerAccount): MetaApiCredentials {
  const { apiKey, apiSecret, passphrase } = credentials;
  const [id, token] = idForm.test(apiKey) ? [apiKey, apiSecret] : [apiSecret, apiKey];
  const region = passphrase === undefined || passphrase === "" ? null : passphrase.toLowerCase();
  if (idForm.test(id) && !idForm.test(token) && (region === null || regionForm.test(region))) {
    return { id, token, region };
  }
  throw failure("broker_auth_failed", "The account's credentials are none of MetaApi's.", {
    hint: "Enter MetaApi's id of the account as API key and an access token as secret; as passphrase the region (new-york, london) where the token may not ask for it.",
  });
}

/** @throws {Failure} also when the account's terminal is not there: what its history would lack is not known */
async function regionOf(client: MetaApiClient, id: string): Promise<string> {
  const { region, state = "DEPLOYED" } = await client.get(registration(id), Registration);
  if (state !== "DEPLOYED" && state !== "DEPLOYING") throw notDeployed(state);
  if (regionForm.test(region)) return region;
  throw failure("broker_answer", "MetaApi names a region of another form than expected.");
}

function notDeployed(state: string): Failure {
  return failure("broker_unavailable", `MetaApi does not run the account: it is ${state.slice(0, 40)}.`, {
    hint: "Deploy the account in MetaApi.",
  });
}
