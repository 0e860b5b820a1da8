import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { servePlatform } from "../contract/platform.ts";

export const importUnit = "ami-workers-import-trades.service";

const demo = resolve(import.meta.dir, "../../fixtures/demo");
const key = "a-key-for-the-tests";

export interface TestPlatform {
  /** What the server's file of settings needs. */
  settings: Record<string, string>;
  counts: () => ReturnType<EmbeddedJournal["counts"]>;
  cycles: () => number;
  requests: () => number;
  /** From now on a ping gets its answer so much later. */
  hold: (ms: number) => void;
  /** Requests that came since then. */
  held: () => number;
  /** Every batch is answered by 500. */
  refuseBatches: () => void;
  /** As on good days. */
  release: () => void;
  addFile: (name: string) => void;
  /** From then on there is an account at a venue, too: 2, with keys of its own. */
  addVenueAccount: (account: { apiKey: string; apiSecret: string; status?: "active" | "closed" }) => void;
  executionsOf: (accountId: number) => Promise<number>;
  /** Requests of this method and path that went well. */
  answered: (method: string, path: string) => number;
  stop: () => Promise<void>;
}

/** The platform on loopback. */
export async function startPlatform(): Promise<TestPlatform> {
  const journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
  journal.putUser({ user_id: 42, timezone: "Europe/Paris", base_currency: "USDT" });
  journal.putAccount({
    account_id: 1,
    user_id: 42,
    broker: "binance",
    markets: ["spot", "linear"],
    base_currency: "USDT",
    fed_by_files: true,
  } as Parameters<EmbeddedJournal["putAccount"]>[0]);
  const addFile = (name: string) => {
    journal.addFile(1, { name, bytes: new Uint8Array(readFileSync(join(demo, name))) });
  };
  for (const name of ["binance-spot-trades.csv", "binance-futures-trades.csv"]) addFile(name);
  const platform = servePlatform({ journal, key });
  let before = 0;
  return {
    settings: {
      LARAVEL_API_URL: platform.url,
      LARAVEL_API_KEY: key,
      CREDENTIALS_KEY: `base64:${Buffer.alloc(32, 7).toString("base64")}`,
    },
    counts: () => journal.counts(),
    cycles: () => journal.counts().cycles,
    requests: () => platform.requests.length,
    hold(delayMs) {
      before = platform.requests.length;
      platform.addFault({ path: "/ping", delayMs });
    },
    held: () => platform.requests.length - before,
    refuseBatches() {
      platform.addFault({ method: "POST", path: "/accounts/*/trades", status: 500 });
    },
    release: () => platform.clearFaults(),
    addFile,
    addVenueAccount({ apiKey, apiSecret, status = "active" }) {
      journal.putAccount({
        account_id: 2,
        user_id: 42,
        status,
        broker: "binance",
        markets: ["spot", "linear"],
        base_currency: "USDT",
        cost_basis_method: "average",
        import_from: new Date(Date.now() - 30 * 86_400_000).toISOString(),
        credentials: { api_key: apiKey, api_secret: apiSecret },
      } as Parameters<EmbeddedJournal["putAccount"]>[0]);
    },
    async executionsOf(accountId) {
      let count = 0;
      for await (const _execution of journal.executions(accountId)) count++;
      return count;
    },
    answered: (method, path) =>
      platform.requests.filter(
        (request) => request.method === method && request.path === path && request.status === 200,
      ).length,
    async stop() {
      await platform.stop();
      journal.close();
    },
  };
}
