import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedJournal, openEmbeddedJournal } from "../../src/journal/embedded.ts";
import type { Fault } from "../../src/journal/serve/faults.ts";
import { type Platform, servePlatform } from "../../src/journal/serve.ts";
import { createRedactor } from "../../src/operation/redaction.ts";
import { commands } from "../../src/workers/index.ts";
import { runCommandLine } from "../../src/workers/shell.ts";
import { type FakeTerminal, fakeClock, fakeTerminal } from "../operation/fakes.ts";

/** Binance's futures trade history. */
const header = "Uid,Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID";
export const platformKey = "a-key-for-tests";

export interface Told {
  at: string;
  text: string;
  alert: Record<string, unknown>;
}

/**
 * The whole program in one process with a clock that only moves by sleeping and by `advance`, against the development platform over
 * HTTP. Webhook and pings arrive here.
 */
export class Simulation {
  readonly folder: string;
  readonly clock = fakeClock(Date.UTC(2026, 1, 9, 18, 0, 0));
  readonly journal: EmbeddedJournal;
  readonly platform: Platform;
  readonly alerts: Told[] = [];
  readonly pings: string[] = [];
  /** Answers of the receiver, for webhook and pings alike. */
  receiverStatus = 200;
  readonly #receiver: ReturnType<typeof Bun.serve>;
  #keys = 0;
  #executions = 0;

  constructor(folder: string, accounts: number) {
    this.folder = folder;
    this.journal = openEmbeddedJournal(":memory:", { clock: this.clock });
    for (let id = 1; id <= accounts; id++) {
      this.journal.putUser({ user_id: id, timezone: "UTC", base_currency: "USDT" });
      this.journal.putAccount({
        account_id: id,
        user_id: id,
        broker: "csv",
        markets: ["linear"],
        base_currency: "USDT",
        source: { kind: "file" },
      } as Parameters<EmbeddedJournal["putAccount"]>[0]);
    }
    this.platform = servePlatform({
      journal: this.journal,
      key: platformKey,
      nowMs: this.clock.nowMs,
      ratePerMinute: 100_000,
    });
    this.#receiver = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#receive(request) });
  }

  async #receive(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (this.receiverStatus !== 200) return new Response("", { status: this.receiverStatus });
    if (pathname.startsWith("/ping")) this.pings.push(pathname.replace(/^\/ping/, "") || "/");
    else {
      const { text, alert } = (await request.json()) as Omit<Told, "at">;
      this.alerts.push({ at: new Date(this.clock.nowMs()).toISOString().slice(11, 16), text, alert });
    }
    return new Response("ok");
  }

  /** A file with this many new executions for an account: buys and sells in turn, each a minute after the other. */
  addFile(accountId: number, executions: number): void {
    const rows = Array.from({ length: executions }, (_, index) => {
      const number = ++this.#executions;
      const time = new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString().slice(2, 19).replace("T", " ");
      const side = index % 2 === 0 ? "BUY" : "SELL";
      const price = 100 + (index % 7);
      return `1,${time},BTCUSDT,${side},${price},1,${price},0.04 USDT,0,true,false,${number},${number}`;
    });
    const bytes = new TextEncoder().encode(`${[header, ...rows].join("\n")}\n`);
    this.journal.addFile(accountId, { name: `file-${this.#executions}.csv`, bytes });
  }

  async run(argv: string[], environment: Record<string, string> = {}, signal = new AbortController().signal) {
    const terminal: FakeTerminal = fakeTerminal();
    const receiver = `http://127.0.0.1:${this.#receiver.port}`;
    const code = await runCommandLine([...argv, "--json", "--deadline", "0"], commands, {
      environment: {
        LARAVEL_API_URL: this.platform.url,
        LARAVEL_API_KEY: platformKey,
        TRADE_IMPORTER_BATCH_SIZE: "10",
        RETRY_BACKOFF_BASE: "2",
        MAX_RETRIES: "2",
        DATA_DIR: join(this.folder, "data"),
        LOG_DIR: join(this.folder, "logs"),
        METRICS_DIR: join(this.folder, "metrics"),
        ALERT_WEBHOOK_URL: `${receiver}/alert?token=sesame-opens`,
        HEALTHCHECK_URL: `${receiver}/ping`,
        ...environment,
      },
      terminal,
      journal: false,
      redactor: createRedactor(),
      clock: this.clock,
      random: () => 0.5,
      uuid: () => `0190a000-0000-7000-8000-${String(++this.#keys).padStart(12, "0")}`,
      fetch: globalThis.fetch as never,
      signal,
      armWatchdog: () => undefined,
      onLog: () => undefined,
    });
    const result: unknown = terminal.output === "" ? null : JSON.parse(terminal.output);
    const lines = terminal.error.split("\n").filter((line) => line.startsWith("{"));
    return { code, result, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
  }

  /** The next cycle of the timer, a quarter of an hour after the last one began. */
  async cycle(environment: Record<string, string> = {}) {
    const startMs = this.clock.nowMs();
    const ended = await this.run(["import-trades"], environment);
    this.clock.advance(Math.max(0, startMs + 900_000 - this.clock.nowMs()));
    return ended;
  }

  outage(...faults: Fault[]): void {
    this.platform.clearFaults();
    for (const fault of faults) this.platform.addFault(fault);
  }

  filesIn(name: string): string[] {
    const path = join(this.folder, "data", name);
    return existsSync(path) ? readdirSync(path).sort() : [];
  }

  async stop(): Promise<void> {
    await Promise.all([this.platform.stop(), this.#receiver.stop(true)]);
    this.journal.close();
  }
}
