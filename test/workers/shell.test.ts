import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { exitCodes, Failure, type FailureKind } from "../../src/errors.ts";
import { createRedactor } from "../../src/operation/redaction.ts";
import { Stop } from "../../src/operation/stop.ts";
import type { RealTerminal } from "../../src/operation/terminal.ts";
import { runCommandLine, type World } from "../../src/workers/shell.ts";
import { type Command, defineGroup, defineTool, defineWorker } from "../../src/workers/worker.ts";
import { fakeClock, fakeTerminal } from "../operation/fakes.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";

const temporaryFolder = temporaryFolders();

interface Trial {
  environment?: Record<string, string>;
  terminal?: Partial<RealTerminal>;
  journal?: boolean;
  signal?: AbortSignal;
  sleep?: World["clock"]["sleep"];
  run?: (args: { count: number; dryRun: boolean; json: boolean }, config: Config, context: Context) => Promise<void>;
}

/** One command line over a toy worker, a toy tool in a group, and a world that only remembers. */
async function trial(argv: string[], { run = async () => undefined, ...given }: Trial = {}) {
  const terminal = fakeTerminal(given.terminal);
  const clock = fakeClock();
  const watchdog: (number | null)[] = [];
  const world: World = {
    environment: { LOG_DIR: join(temporaryFolder(), "logs"), ...given.environment },
    terminal,
    journal: given.journal ?? false,
    redactor: createRedactor(),
    clock: { ...clock, sleep: given.sleep ?? (() => new Promise(() => undefined)) },
    random: () => 0.5,
    uuid: () => "uuid",
    fetch: async () => new Response(),
    signal: given.signal ?? new AbortController().signal,
    armWatchdog: (ms) => watchdog.push(ms),
    onLog: () => undefined,
  };
  const toy = defineWorker({
    name: "toy-work",
    worker: "toy_worker",
    summary: "Do nothing much",
    args: { count: { type: "integer", valueHint: "n", min: 1, max: 9, default: 1, description: "How often" } },
    examples: [{ command: "ami-workers toy-work --count 2", does: "twice" }],
    exits: { 69: "no toys" },
    environment: ["MAX_RETRIES"],
    run,
  });
  const look = defineTool({
    name: "look",
    summary: "Look",
    args: {},
    examples: [],
    environment: [],
    async run(_args, context) {
      context.terminal.write("looked\n");
      return 1;
    },
  });
  const commands: Command[] = [toy, defineGroup({ name: "at", summary: "Looking", commands: [look] })];
  const code = await runCommandLine(argv, commands, world);
  const lines = () =>
    terminal.error
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  return {
    code,
    output: terminal.output,
    error: terminal.error,
    lines,
    watchdog,
    logDir: world.environment.LOG_DIR ?? "",
  };
}

test("a worker gets its arguments, its configuration and the world, and ends with 0", async () => {
  const seen: unknown[] = [];
  const { code, output, error } = await trial(["toy-work", "--count", "3", "--dry-run"], {
    environment: { MAX_RETRIES: "7" },
    async run(args, config, context) {
      seen.push(args, config.retry.retriesMax, context.clock.nowMs(), context.random(), context.uuid());
      context.terminal.write("result\n");
    },
  });
  expect([code, output, error]).toEqual([0, "result\n", ""]);
  expect(seen).toEqual([
    {
      count: 3,
      dryRun: true,
      lockWait: 0,
      deadline: 540,
      envFile: undefined,
      json: false,
      logLevel: undefined,
      noColor: false,
      help: false,
    },
    7,
    Date.UTC(2026, 1, 9, 10, 30, 15, 123),
    0.5,
    "uuid",
  ]);
});

test("global options may stand before the command, too", async () => {
  let json = false;
  const { code } = await trial(["--json", "--log-level", "error", "toy-work"], {
    async run(args, config) {
      json = args.json;
      expect(config.log.level).toBe("error");
    },
  });
  expect([code, json]).toEqual([0, true]);
});

test("a tool's result is its exit code", async () => {
  expect(await trial(["at", "look"])).toMatchObject({ code: 1, output: "looked\n" });
});

describe("the log file", () => {
  const run: Trial["run"] = async (_args, _config, { log }) => log.info("cycle_completed");

  test("is named for the worker", async () => {
    const { logDir, lines } = await trial(["toy-work"], { run });
    const line = JSON.parse(readFileSync(join(logDir, "toy_worker.log"), "utf8"));
    expect(line).toMatchObject({ worker: "toy_worker", event: "cycle_completed" });
    expect(lines()).toEqual([line]);
  });

  test("a dry run writes none", async () => {
    const { logDir, lines } = await trial(["toy-work", "--dry-run"], { run });
    expect(existsSync(logDir)).toBe(false);
    expect(lines()).toHaveLength(1);
  });

  test("has the level of LOG_LEVEL, and --log-level goes before it", async () => {
    expect((await trial(["toy-work"], { run, environment: { LOG_LEVEL: "WARNING" } })).lines()).toEqual([]);
    const both = await trial(["toy-work", "--log-level", "info"], { run, environment: { LOG_LEVEL: "WARNING" } });
    expect(both.lines()).toHaveLength(1);
  });
});

describe("in a terminal", () => {
  const terminal = { interactive: true, interactiveError: true };
  const run: Trial["run"] = async (_args, _config, { log }) => {
    log.info("cycle_completed");
    log.warning("clock_skew");
  };

  test("what only repeats the result stays in the file, a warning is shown", async () => {
    const { error, logDir } = await trial(["toy-work"], { run, terminal });
    expect(error).not.toContain("cycle_completed");
    expect(error).toContain("clock_skew");
    expect(readFileSync(join(logDir, "toy_worker.log"), "utf8")).toContain("cycle_completed");
  });

  test.each([
    ["--log-level", ["--log-level", "info"], {}],
    ["LOG_LEVEL", [], { LOG_LEVEL: "INFO" }],
  ])("%s says otherwise", async (_name, argv, environment) => {
    const { error } = await trial(["toy-work", ...argv], { run, terminal, environment });
    expect(error).toContain("cycle_completed");
  });
});

describe("a failure", () => {
  test.each<[FailureKind, number, string]>([
    ["some", 3, "error"],
    ["most", 4, "error"],
    ["data", 65, "error"],
    ["unavailable", 69, "error"],
    ["disk", 74, "critical"],
    ["busy", 75, "warning"],
    ["refused", 77, "critical"],
    ["settings", 78, "critical"],
  ])("of the kind %s ends with %d and a line of level %s", async (kind, expected, level) => {
    const { code, lines } = await trial(["toy-work"], {
      async run() {
        throw new Failure(kind, "It went wrong.", { code: "odd", subject: "toy", hint: "Mend it." });
      },
    });
    expect([code, exitCodes[kind]]).toEqual([expected, expected]);
    expect(lines()).toMatchObject([
      {
        level,
        worker: "toy_worker",
        event: "worker_failed",
        kind,
        message: "It went wrong.",
        code: "odd",
        subject: "toy",
        hint: "Mend it.",
      },
    ]);
  });

  test("any other throw is a bug: 70, with its stack", async () => {
    const { code, lines } = await trial(["toy-work"], {
      async run() {
        throw new TypeError("undefined is not a function");
      },
    });
    expect(code).toBe(70);
    expect(lines()).toMatchObject([
      {
        level: "error",
        event: "worker_crashed",
        error: { name: "TypeError", stack: expect.stringContaining("shell.test.ts") },
      },
    ]);
  });

  test("with --json ends with one object on standard output", async () => {
    const run = async () => {
      throw new Failure("unavailable", "No answer.", { hint: "Wait." });
    };
    const { output } = await trial(["toy-work", "--json"], { run });
    expect(JSON.parse(output)).toEqual({
      type: "exit_error",
      code: 69,
      kind: "unavailable",
      message: "No answer.",
      hint: "Wait.",
    });
  });

  test("with --json after a result adds nothing to it", async () => {
    const { code, output } = await trial(["toy-work", "--json"], {
      async run(_args, _config, { terminal }) {
        terminal.write('{"accounts":2}\n');
        throw new Failure("some", "One account failed.");
      },
    });
    expect([code, output]).toEqual([3, '{"accounts":2}\n']);
  });

  test("of the command line is told in plain words, in the journal as a line", async () => {
    const plain = await trial(["toy-work", "--cuont", "3"]);
    expect([plain.code, plain.error]).toEqual([64, "ami-workers: Unknown option --cuont. Did you mean --count?\n"]);
    const journal = await trial(["toy-work", "--cuont", "3"], { journal: true });
    expect(journal.code).toBe(64);
    expect(journal.error).toMatch(
      /^<3>\{.*"event":"worker_failed","kind":"usage","message":"Unknown option --cuont\."/,
    );
  });

  test("of the configuration is told before the worker begins", async () => {
    const { code, lines, logDir } = await trial(["toy-work"], {
      environment: { MAX_RETRIES: "many", LOG_LEVEL: "loud" },
      async run() {
        throw new Error("it began");
      },
    });
    expect(code).toBe(78);
    expect(lines()).toMatchObject([
      { level: "critical", kind: "settings", message: expect.stringContaining("MAX_RETRIES") },
    ]);
    expect(existsSync(logDir)).toBe(false);
  });
});

describe("secrets of the configuration", () => {
  const secret = "ami_worker_0123456789abcdef";
  const environment = { LARAVEL_API_URL: "https://app.example.com", LARAVEL_API_KEY: secret };

  test("do not leave through results, progress, log or error", async () => {
    const { output, error, logDir } = await trial(["toy-work", "--json"], {
      environment,
      async run(_args, config, { terminal, log }) {
        if (config.platform.kind !== "laravel") throw new Error("expected the platform");
        terminal.write(`${config.platform.key}\n`);
        terminal.writeError(`${config.platform.key}\n`);
        log.info("something", { config });
        throw new Failure("refused", `The key ${config.platform.key} was refused.`);
      },
    });
    const file = readFileSync(join(logDir, "toy_worker.log"), "utf8");
    for (const text of [output, error, file]) {
      expect(text).toContain("[redacted]");
      expect(text).not.toContain(secret);
    }
  });
});

test("a dangerous environment is refused before anything else", async () => {
  const { code, lines } = await trial(["toy-work"], { environment: { BUN_CONFIG_VERBOSE_FETCH: "curl" } });
  expect(code).toBe(78);
  expect(lines()).toMatchObject([{ event: "worker_failed", code: "environment_refused" }]);
});

test("what is odd in the configuration is a warning of the run", async () => {
  const { code, lines } = await trial(["toy-work"], { environment: { LARAVEL_API_ULR: "x" } });
  expect(code).toBe(0);
  expect(lines()).toMatchObject([
    {
      level: "warning",
      event: "configuration_warning",
      variable: "LARAVEL_API_ULR",
      hint: "Did you mean LARAVEL_API_URL?",
    },
  ]);
});

describe("being stopped", () => {
  const interactive = { interactive: true, interactiveError: true };

  test.each([
    ["SIGTERM", {}, 0],
    ["SIGINT", {}, 0],
    ["SIGTERM", interactive, 143],
    ["SIGINT", interactive, 130],
  ] as const)("by %s with terminal %p ends with %d", async (by, terminal, expected) => {
    const stop = new AbortController();
    for (const leave of ["return", "throw"]) {
      const { code, error } = await trial(["toy-work"], {
        terminal,
        signal: stop.signal,
        async run(_args, _config, { signal }) {
          stop.abort(new Stop(by));
          expect(signal.reason).toBe(stop.signal.reason);
          if (leave === "throw") signal.throwIfAborted();
        },
      });
      expect(code).toBe(expected);
      expect(error).toContain("run_stopped");
    }
  });

  test("and failing is failing", async () => {
    const { code } = await trial(["toy-work"], {
      signal: AbortSignal.abort(new Stop("SIGTERM")),
      async run() {
        throw new Failure("unavailable", "Nothing could be buffered.");
      },
    });
    expect(code).toBe(69);
  });
});

describe("the deadline", () => {
  test("is below systemd's, and the watchdog above it", async () => {
    expect((await trial(["toy-work"])).watchdog).toEqual([585_000]);
    expect((await trial(["toy-work", "--deadline", "60"])).watchdog).toEqual([105_000]);
    expect((await trial(["toy-work", "--deadline", "0"])).watchdog).toEqual([null]);
  });

  test("stops the worker in good order when it comes", async () => {
    const asked: number[] = [];
    const { code, lines } = await trial(["toy-work", "--deadline", "60"], {
      async sleep(ms) {
        asked.push(ms);
      },
      async run(_args, _config, { signal }) {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        signal.throwIfAborted();
      },
    });
    expect([code, asked]).toEqual([0, [60_000]]);
    expect(lines()).toMatchObject([{ event: "run_stopped", by: "deadline" }]);
  });

  test("is called off at the end, so that no timer keeps the process", async () => {
    let calledOff = false;
    await trial(["toy-work"], {
      sleep: (_ms, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => {
            calledOff = true;
            reject(signal.reason);
          });
        }),
    });
    expect(calledOff).toBe(true);
  });
});

describe("help", () => {
  test.each([
    [["--help"], 0],
    [["-h"], 0],
    [["help"], 0],
    [["--json", "--help"], 0],
  ])("of the program with %p goes to standard output", async (argv, expected) => {
    const { code, output, error } = await trial(argv);
    expect([code, error]).toEqual([expected, ""]);
    expect(output).toContain("toy-work");
    expect(output).toContain("EXIT CODES");
  });

  test.each([[["toy-work", "--help"]], [["help", "toy-work"]], [["toy-work", "--cuont", "-h"]]])(
    "of a command with %p",
    async (argv) => {
      const { code, output } = await trial(argv);
      expect(code).toBe(0);
      for (const part of [
        "Do nothing much",
        "--count=<n>",
        "(Default: 1)",
        "--dry-run",
        "EXAMPLES",
        "ami-workers toy-work --count 2",
        "ENVIRONMENT",
        "MAX_RETRIES",
        "69  no toys",
        "78  wrong configuration",
      ]) {
        expect(output).toContain(part);
      }
      expect(output).not.toContain("\u001b");
      expect(output).not.toMatch(/ $/m);
    },
  );

  test.each([[[]], [["at"]]])("for want of a command with %p is an error", async (argv) => {
    const { code, output, error } = await trial(argv);
    expect([code, output]).toEqual([64, ""]);
    expect(error).toContain("COMMANDS");
  });

  test("of a group", async () => {
    const { code, output } = await trial(["at", "--help"]);
    expect(code).toBe(0);
    expect(output).toContain("USAGE ami-workers at");
    expect(output).toContain("look");
  });
});

test.each([
  [["toy-wrok"], 'Unknown command "toy-wrok". Did you mean ami-workers toy-work?'],
  [["at", "lok"], 'Unknown command "lok". Did you mean ami-workers at look?'],
  [["zzz"], 'Unknown command "zzz". There are: toy-work, at.'],
  [["--jsno"], "Unknown option --jsno. Did you mean --json?"],
  [["--log-level"], "--log-level needs a value."],
  [["--log-level", "loud", "toy-work"], '--log-level cannot be "loud".'],
  [["at", "look", "more"], 'Unexpected argument "more".'],
])("%p is wrong usage", async (argv, message) => {
  const { code, error, output } = await trial(argv);
  expect([code, output]).toEqual([64, ""]);
  expect(error).toStartWith(`ami-workers: ${message}`);
});
