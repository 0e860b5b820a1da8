/**
 * A venue as a process of its own, for tests of the executable and for trying things by hand:
 *
 *     bun test/venues/serve.ts binance --port 9000 --seed a --accounts 3 --fills 5000 --hedge --bnb-fees
 *
 * It prints one line of JSON, `{"url": …, "accounts": [{"id", "apiKey", "apiSecret", "passphrase"}]}`, and runs until it is ended.
 * `/_venue/…` steers it: see control.ts.
 */
import { parseArgs } from "node:util";
import type { AccountOptions, VenueAccount } from "./account.ts";
import { startBinance } from "./binance/index.ts";
import { startBybit } from "./bybit/index.ts";
import { dayMs } from "./clock.ts";
import { startOkx } from "./okx/index.ts";
import type { WorldMarket } from "./world-symbols.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: "string", default: "0" },
    seed: { type: "string", default: "venue" },
    accounts: { type: "string", default: "1" },
    fills: { type: "string", default: "1000" },
    symbols: { type: "string" },
    markets: { type: "string", default: "spot,linear,inverse" },
    days: { type: "string", default: "365" },
    late: { type: "string", default: "0" },
    hedge: { type: "boolean", default: false },
    "bnb-fees": { type: "boolean", default: false },
    /** The lists reach back for ever: a whole year can be imported at once. */
    "keep-all": { type: "boolean", default: false },
    "window-ms": { type: "string", default: "60000" },
    "now-ms": { type: "string" },
  },
});

const markets = values.markets.split(",") as WorldMarket[];
const accounts: AccountOptions[] = Array.from({ length: Number(values.accounts) }, (_, index) => ({
  id: `account-${index + 1}`,
  bnbFees: values["bnb-fees"],
  hedge: values.hedge,
  generate: {
    fills: Number(values.fills),
    markets,
    late: Number(values.late),
    ...(values.symbols !== undefined && { symbols: Number(values.symbols) }),
  },
}));
const nowMs = values["now-ms"] === undefined ? null : Number(values["now-ms"]);
const endMs = nowMs ?? Date.now();

async function start(venue: string | undefined): Promise<{ url: string; accounts: ReadonlyMap<string, VenueAccount> }> {
  const common = {
    seed: values.seed,
    port: Number(values.port),
    accounts,
    world: { startMs: endMs - Number(values.days) * dayMs, endMs },
    ...(nowMs !== null && { nowMs }),
  };
  switch (venue) {
    case "binance":
      return startBinance({
        ...common,
        settings: {
          windowMs: Number(values["window-ms"]),
          ...(values["keep-all"] && { retentionMs: { linearTrades: null, income: null } }),
        },
      });
    case "bybit":
      return startBybit(common);
    case "okx":
      return startOkx(common);
    default:
      throw new Error(`Which venue? binance, bybit or okx, not ${venue}.`);
  }
}

const venue = await start(positionals[0]);
const keys = [...venue.accounts.values()].map(({ id, apiKey, apiSecret, passphrase }) => ({
  id,
  apiKey,
  apiSecret,
  passphrase,
}));
process.stdout.write(`${JSON.stringify({ url: venue.url, accounts: keys })}\n`);
