import { join } from "node:path";
import { createRedactor } from "../../src/operation/redaction.ts";
import { commands } from "../../src/workers/index.ts";
import { runCommandLine } from "../../src/workers/shell.ts";
import { type FakeTerminal, fakeClock, fakeTerminal } from "../operation/fakes.ts";
import { PlatformWorld } from "./platform-world.ts";

export interface Told {
  at: string;
  text: string;
  alert: Record<string, unknown>;
}

/**
 * The whole program in one process with a clock that only moves by sleeping and by `advance`, against the development platform over
 * HTTP. Webhook and pings arrive here.
 */
export class Simulation extends PlatformWorld {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly alerts: Told[] = [];
  readonly pings: string[] = [];
  /** Answers of the receiver, for webhook and pings alike. */
  receiverStatus = 200;
  readonly #receiver: ReturnType<typeof Bun.serve>;
  #keys = 0;

  constructor(folder: string, accounts: number) {
    const clock = fakeClock(Date.UTC(2026, 1, 9, 18, 0, 0));
    super({ folder, accounts, nowMs: clock.nowMs });
    this.clock = clock;
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

  async run(argv: string[], environment: Record<string, string> = {}, signal = new AbortController().signal) {
    const terminal: FakeTerminal = fakeTerminal();
    const receiver = `http://127.0.0.1:${this.#receiver.port}`;
    const code = await runCommandLine([...argv, "--json", "--deadline", "0"], commands, {
      environment: {
        ...this.environment(),
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

  override async stop(): Promise<void> {
    await Promise.all([super.stop(), this.#receiver.stop(true)]);
  }
}
