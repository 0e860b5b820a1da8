import { beforeAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { systemClock } from "../../src/operation/clock.ts";
import { acquireLock } from "../../src/operation/lock.ts";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { build, buildMsMax, executable, run, start } from "./executable.ts";

const temporaryFolder = temporaryFolders();

beforeAll(async () => {
  await executable();
}, buildMsMax);

test("--version says version and commit", async () => {
  const cwd = temporaryFolder();
  for (const option of ["--version", "-V"]) {
    const { code, output, error } = await run([option], { cwd });
    expect([code, error]).toEqual([0, ""]);
    expect(output).toMatch(new RegExp(`^ami-workers ${manifest.version} \\(([0-9a-f]{12}(\\+changes)?|unknown)\\)\n$`));
  }
});

test(
  "two builds of one tree are equal byte for byte, wherever they are made",
  async () => {
    const hashes = await Promise.all(
      [temporaryFolder(), temporaryFolder()].map(async (folder) => {
        const path = join(folder, "ami-workers");
        await build(path);
        return new Bun.CryptoHasher("sha256").update(await Bun.file(path).bytes()).digest("hex");
      }),
    );
    expect(hashes[0]).toBe(hashes[1] ?? "");
  },
  buildMsMax,
);

describe("help", () => {
  test("of the program and of each command is on standard output, without colors in a pipe", async () => {
    const cwd = temporaryFolder();
    const program = await run(["--help"], { cwd });
    expect([program.code, program.error]).toEqual([0, ""]);
    expect(program.output).toContain("import-trades");
    expect(program.output).not.toContain("\u001b");
    for (const command of [["import-trades"], ["config", "validate"], ["config", "show"]]) {
      const { code, output } = await run([...command, "--help"], { cwd });
      expect(code).toBe(0);
      expect(output).toContain(`USAGE ami-workers ${command.join(" ")}`);
      expect(output).toContain("EXAMPLES");
    }
    expect(readdirSync(cwd)).toEqual([]);
  });
});

test.each([
  [[], ""],
  [["imprt-trades"], 'Unknown command "imprt-trades". Did you mean ami-workers import-trades?'],
  [["import-trades", "--fiel", "a.csv"], "Unknown option --fiel. Did you mean --file?"],
  [["import-trades", "a.csv"], 'Unexpected argument "a.csv".'],
  [["import-trades", "--lock-wait", "soon"], '--lock-wait cannot be "soon".'],
])("%p is wrong usage and leaves nothing behind", async (argv, message) => {
  const cwd = temporaryFolder();
  const { code, output, error } = await run(argv, { cwd });
  expect([code, output]).toEqual([64, ""]);
  expect(error).toContain(message);
  expect(readdirSync(cwd)).toEqual([]);
});

describe("config", () => {
  const secret = "s3cret-s3cret-s3cret-s3cret-1234";
  const wrong = {
    LARAVEL_API_URL: "http://platform.example/api",
    LARAVEL_API_KEY: `${secret} with blanks`,
    TRADE_IMPORTER_BATCH_SIZE: "1000",
    LOG_LEVEL: "loud",
    BINANCE_API_KEY: secret,
  };

  test("validate lists five mistakes at once, secrets masked, and ends with 78", async () => {
    const { code, output, error } = await run(["config", "validate"], { cwd: temporaryFolder(), environment: wrong });
    expect([code, error]).toEqual([78, ""]);
    const named = output.split("\n").map((line) => line.match(/^error {4}(\w+)/)?.[1]);
    expect(named.filter(Boolean)).toEqual([
      "LARAVEL_API_URL",
      "LARAVEL_API_KEY",
      "TRADE_IMPORTER_BATCH_SIZE",
      "LOG_LEVEL",
      "BINANCE_API_SECRET",
    ]);
    expect(output).not.toContain("s3cret");
  });

  test("validate is content with nothing", async () => {
    const cwd = temporaryFolder();
    expect(await run(["config", "validate"], { cwd })).toMatchObject({
      code: 0,
      output: "The configuration is valid.\n",
    });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("show masks secrets", async () => {
    const { code, output } = await run(["config", "show", "--json"], { cwd: temporaryFolder(), environment: wrong });
    expect(code).toBe(0);
    expect(JSON.parse(output).settings.BINANCE_API_KEY).toEqual({
      value: "****1234 (32 characters)",
      source: "environment",
    });
    expect(output).not.toContain("s3cret");
  });

  test("a cycle with a wrong configuration does not begin, and says why in its log", async () => {
    const cwd = temporaryFolder();
    const { code, lines } = await run(["import-trades"], { cwd, environment: wrong });
    expect(code).toBe(78);
    expect(lines).toMatchObject([{ level: "critical", event: "worker_failed", code: "configuration_invalid" }]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe("the folder it is started in", () => {
  test("has no say: its .env is not read and its bunfig.toml is not obeyed", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, ".env"), "LOG_LEVEL=loud\nNODE_TLS_REJECT_UNAUTHORIZED=0\n");
    writeFileSync(join(cwd, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
    writeFileSync(join(cwd, "preload.ts"), 'require("node:fs").writeFileSync("ran", "");\n');
    writeFileSync(join(cwd, "tsconfig.json"), "{");
    writeFileSync(join(cwd, "package.json"), "{");
    expect(await run(["config", "validate"], { cwd })).toMatchObject({
      code: 0,
      output: "The configuration is valid.\n",
    });
    expect(existsSync(join(cwd, "ran"))).toBe(false);
  });

  test("its .env is read when it is named", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, ".env"), "LOG_LEVEL=loud\n");
    for (const [argv, environment] of [
      [["config", "validate", "--env-file", ".env"], {}],
      [["config", "validate"], { AMI_ENV_FILE: ".env" }],
    ] as const) {
      const { code, output } = await run(argv, { cwd, environment });
      expect(code).toBe(78);
      expect(output).toContain("LOG_LEVEL (.env:1): ");
    }
  });
});

test.each([
  ["BUN_CONFIG_VERBOSE_FETCH", "curl"],
  ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
])("an environment with %s is refused", async (name, value) => {
  const { code, lines } = await run(["config", "validate"], { cwd: temporaryFolder(), environment: { [name]: value } });
  expect(code).toBe(78);
  expect(lines).toMatchObject([
    { event: "worker_failed", code: "environment_refused", message: expect.stringContaining(name) },
  ]);
});

test("foreign code cannot come in through BUN_OPTIONS", async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "preload.ts"), 'require("node:fs").writeFileSync("ran", "");\n');
  const environment = { BUN_OPTIONS: "--preload ./preload.ts" };
  const { code } = await run(["config", "validate"], { cwd, environment });
  expect(code).not.toBe(0);
  expect(existsSync(join(cwd, "ran"))).toBe(false);
});

describe("standard output", () => {
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`TRADE_IMPORTER_X${1_000 + index}`, "x"]),
  );
  const shell = async (script: string, environment: Record<string, string> = {}) => {
    const child = Bun.spawn(["bash", "-o", "pipefail", "-c", script, "bash", await executable()], {
      cwd: temporaryFolder(),
      env: { PATH: "/usr/bin:/bin", ...environment },
      stdout: "pipe",
      stderr: "pipe",
    });
    const streams = [new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited] as const;
    const [output, error, code] = await Promise.all(streams);
    return { output, error, code };
  };

  test("is whole, however slow the reader of the pipe", async () => {
    const { output, error, code } = await shell('"$1" config validate --json | { sleep 1.5; cat; }', many);
    expect([code, error]).toEqual([0, ""]);
    expect(JSON.parse(output).warnings).toHaveLength(1_000);
  });

  test("may be closed by its reader", async () => {
    const { output, error, code } = await shell('"$1" config validate | head -1', many);
    expect([code, error]).toEqual([0, ""]);
    expect(output).toBe("warning  TRADE_IMPORTER_X1000 (environment): This variable is not known.\n");
  });
});

test("in systemd's journal every line has its priority", async () => {
  const cwd = temporaryFolder();
  const path = join(cwd, "journal");
  const file = openSync(path, "w");
  const { dev, ino } = fstatSync(file, { bigint: true });
  const child = Bun.spawn([await executable(), "import-trades", "--nonsense"], {
    cwd,
    env: { JOURNAL_STREAM: `${dev}:${ino}` },
    stdout: "ignore",
    stderr: file,
  });
  expect(await child.exited).toBe(64);
  closeSync(file);
  expect(readFileSync(path, "utf8")).toMatch(
    /^<3>\{"timestamp":"[^"]+","level":"error","worker":"ami_workers",.*\}\n$/,
  );
});

describe("while another run holds the lock", () => {
  const lockIn = (cwd: string) =>
    acquireLock({ dataDir: join(cwd, "data"), worker: "trade_importer", waitMs: 0, clock: systemClock });

  test("it ends with 75 and names the holder", async () => {
    const cwd = temporaryFolder();
    using _lock = await lockIn(cwd);
    const { code, lines } = await run(["import-trades"], { cwd });
    expect(code).toBe(75);
    expect(lines.at(-1)).toMatchObject({
      level: "warning",
      event: "worker_failed",
      kind: "busy",
      message: expect.stringContaining(`process ${process.pid} on `),
    });
  });

  test.each(["SIGTERM", "SIGINT"] as const)("%s ends its waiting in good order", async (signal) => {
    const cwd = temporaryFolder();
    using _lock = await lockIn(cwd);
    const { child, ended } = await start(["import-trades", "--lock-wait", "60"], { cwd });
    await openedBy(child.pid, "trade_importer.lock.sqlite");
    child.kill(signal);
    const { code, lines } = await ended();
    expect(code).toBe(0); // no terminal: systemd would call anything else a failure
    expect(lines.at(-1)).toMatchObject({ event: "run_stopped", by: signal });
  });
});

/** Waits until the process has this file open: by then it has done all that comes before. */
async function openedBy(pid: number, name: string): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  const isOpen = () => readdirSync(folder).some((file) => linkOf(join(folder, file)).endsWith(name));
  for (let attempt = 0; attempt < 1_000; attempt++) {
    if (isOpen()) return;
    await Bun.sleep(10);
  }
  throw new Error(`${name} was not opened`);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed since
  }
}
