/**
 * Usage: scripts/laravel run bun scripts/bench/laravel.ts EXECUTABLE ROWS ACCOUNTS
 * Imports a file of ROWS rows of each of ACCOUNTS accounts into the platform, and prints executions a second and the processor time of
 * both sides, as the kernel counted it: ours of the executable, start included, and Laravel's of all processes of the web server.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [executable = "", rowsText = "", accountsText = ""] = process.argv.slice(2);
const { AMI_LARAVEL_URL: url = "", AMI_LARAVEL_KEY: key = "", AMI_LARAVEL_FOLDER: platform = "" } = process.env;
const [rows, accounts] = [Number(rowsText), Number(accountsText)];
if (!(rows > 0) || !(accounts > 0) || url === "") {
  process.stderr.write("Usage: scripts/laravel run bun scripts/bench/laravel.ts EXECUTABLE ROWS ACCOUNTS\n");
  process.exit(64);
}
/** Of Linux's counters in /proc. */
const ticksPerSecond = 100;
const folder = mkdtempSync(join(tmpdir(), "ami-bench-laravel-"));

function run(command: string[], input = ""): void {
  const stdin = new TextEncoder().encode(input);
  const { exitCode, stderr } = Bun.spawnSync(command, { cwd: folder, stdin, stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}: ${stderr}`);
}

function seedPlatform(): void {
  run([process.execPath, join(import.meta.dir, "make-trades-file.ts"), String(rows), "trades.csv"]);
  const text = readFileSync(join(folder, "trades.csv"), "utf8");
  const ids = Array.from({ length: accounts }, (_, index) => index + 1);
  const seed = {
    users: ids.map((user_id) => ({ user_id, timezone: "UTC", base_currency: "USDT" })),
    accounts: ids.map((id) => ({
      account_id: id,
      user_id: id,
      broker: "binance",
      markets: ["linear"],
      source: { kind: "file", files: [{ file_id: id, name: "trades.csv", text }] },
    })),
  };
  const script = join(import.meta.dir, "../laravel");
  run([script, "artisan", platform, "platform:seed", "-", "--fresh"], JSON.stringify(seed));
}

/** Of the web server's process group, in milliseconds. */
function laravelCpuMs(): number {
  const group = readFileSync(join(platform, "pid"), "utf8").trim();
  let ticks = 0;
  for (const process of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = (readFileSync(`/proc/${process}/stat`, "utf8").split(") ")[1] ?? "").split(" ");
      if (fields[2] === group) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended while it was looked at.
    }
  }
  return (ticks * 1_000) / ticksPerSecond;
}

async function importAll(): Promise<{ wallMs: number; oursMs: number; theirsMs: number; executions: number }> {
  const before = laravelCpuMs();
  const startMs = performance.now();
  const child = Bun.spawn([executable, "import-trades", "--json"], {
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", LARAVEL_API_URL: url, LARAVEL_API_KEY: key },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const wallMs = performance.now() - startMs;
  if (code !== 0) throw new Error(`the import ended with ${code}: ${error}`);
  const { summary } = JSON.parse(output) as { summary: { total_executions: number } };
  const oursMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1_000;
  return { wallMs, oursMs, theirsMs: laravelCpuMs() - before, executions: summary.total_executions };
}

try {
  seedPlatform();
  const { wallMs, oursMs, theirsMs, executions } = await importAll();
  if (executions !== rows * accounts) throw new Error(`${executions} of ${rows * accounts} executions were stored`);
  const share = (100 * oursMs) / (oursMs + theirsMs);
  // The files have their results by now: a run that finds nothing to do.
  const idle = await importAll();
  const parts = [
    `${accounts} ${accounts === 1 ? "account" : "accounts"}: ${executions} executions in ${(wallMs / 1_000).toFixed(1)} s`,
    `${Math.round((executions * 1_000) / wallMs)}/s`,
    `processor: ours ${(oursMs / 1_000).toFixed(2)} s (of it ${(idle.oursMs / 1_000).toFixed(2)} s to start and to end), Laravel's ${(theirsMs / 1_000).toFixed(2)} s`,
    `ours ${share.toFixed(1)} %`,
  ];
  process.stdout.write(`${parts.join("; ")}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
