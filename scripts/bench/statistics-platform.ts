/**
 * Usage: bun scripts/bench/statistics-platform.ts FOLDER -- COMMAND...
 * Runs COMMAND (`ami-workers analyze-stats`) against a platform on this machine that answers with the pages of make-trade-pages.ts, takes what is
 * put and keeps nothing, and prints what the kernel counted of the command: the worker as it runs on a server, HTTP included.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";

const [folder = "", , ...command] = process.argv.slice(2);
const pages = new Map<string, string[]>();
for (const name of readdirSync(folder).sort()) {
  const user = String(Number(name.slice(0, name.indexOf("-"))) + 1);
  pages.set(user, [...(pages.get(user) ?? []), name]);
}
const version = {
  timezone: "Europe/Paris",
  base_currency: "USDT",
  starting_balance: "10000",
  trades_version: 1,
  statistics: null,
};
const users = [...pages.keys()].map((user) => ({ user_id: Number(user), ...version }));
const ping = { status: "ok", contract_version: "1.0", key: { abilities: [] }, limits: { max_batch: 100 } };
let stored = 0;
let bytes = 0;

const json = (value: unknown): Response => Response.json(value);

function answer(request: Request, url: URL): Response | Promise<Response> {
  const [kind, user = "", part] = url.pathname.split("/").slice(1);
  if (kind === "ping") return json({ data: { ...ping, time: new Date().toISOString() } });
  if (kind === "cycles") return json({ data: { cycle_id: "x", status: "created" } });
  if (kind === "users" && user === "") return json({ data: users, links: { next: null }, meta: { next_cursor: null } });
  if (kind === "users" && part === "trades") return page(user, url.searchParams.get("cursor"));
  if (kind === "users" && part === "statistics") return take(request);
  return new Response("", { status: 404 });
}

/** The cursor of a page is the number of the one before it. */
function page(user: string, cursor: string | null): Response {
  const number = cursor === null ? 0 : Number(cursor.slice(1)) + 1;
  const name = pages.get(user)?.[number];
  const headers = { "Content-Type": "application/json" };
  return name === undefined
    ? new Response("", { status: 404 })
    : new Response(Bun.file(join(folder, name)), { headers });
}

async function take(request: Request): Promise<Response> {
  bytes += (await request.arrayBuffer()).byteLength;
  stored++;
  return json({ data: { based_on_version: 1, stale: false } });
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  maxRequestBodySize: 64 * 1024 * 1024,
  fetch: (request) => answer(request, new URL(request.url)),
});
const child = Bun.spawn(command, {
  env: { ...process.env, LARAVEL_API_URL: `http://127.0.0.1:${server.port}`, LARAVEL_API_KEY: "key-of-the-bench" },
  stdin: "ignore",
  stdout: "ignore",
  stderr: "inherit",
});
const startMs = performance.now();
const code = await child.exited;
const wallSeconds = (performance.now() - startMs) / 1_000;
const usage = child.resourceUsage();
server.stop(true);
const cpuSeconds = Number(usage?.cpuTime.total ?? 0) / 1e6;
const peak = (usage?.maxRSS ?? 0) / 1_048_576;
process.stdout.write(
  `  exit code ${code}: statistics of ${stored} of ${users.length} users, ${Math.round(bytes / 1e6)} MB; ` +
    `${wallSeconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of CPU, ${peak.toFixed(0)} MiB peak\n`,
);
if (code !== 0 || stored !== users.length) process.exitCode = 1;
