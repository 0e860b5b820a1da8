import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { stubUnused } from "./stub-unused.ts";
import { trimCcxt } from "./trim-ccxt.ts";

const root = resolve(import.meta.dir, "..");
const outfile = resolve(process.argv[2] ?? join(root, "dist/ami-workers"));
/** Another one for measuring: the program with something around it. */
const entrypoint = process.argv[3] ?? "src/main.ts";
const startedMs = performance.now();

await build(outfile);
const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
process.stdout.write(`${outfile}: ${megabytes} MB, ${manifest.version} (${commitOfTree()}), built in ${seconds} s\n`);

/** Two builds of one tree are equal byte for byte, as long as the file keeps its name: Bun writes that into it. */
async function build(path: string): Promise<void> {
  const folder = join(dirname(path), `.build-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.chdir(root);
  try {
    await Bun.build({
      entrypoints: [entrypoint],
      plugins: [stubUnused, trimCcxt],
      define: { BUILD_VERSION: JSON.stringify(manifest.version), BUILD_COMMIT: JSON.stringify(commitOfTree()) },
      minify: true,
      bytecode: true,
      format: "esm",
      splitting: true, // otherwise a start pays for every module that it does not need
      sourcemap: "inline",
      compile: {
        outfile: join(folder, basename(path)),
        jitPolicy: 8, // short runs: a quarter less processor time
        autoloadDotenv: false, // of whatever folder it is started in
        autoloadBunfig: false, // likewise, and its `preload` runs code
        execArgv: ["--disallow-code-generation-from-strings=strict", "--no-addons", "--no-install"],
      },
    });
    // A running executable cannot be written to; it can be replaced.
    renameSync(join(folder, basename(path)), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Twelve digits, `+changes` when what is built is not what was committed; `unknown` outside of a repository. */
function commitOfTree(): string {
  const git = (...args: string[]) => Bun.spawnSync(["git", "-C", root, ...args], { stderr: "ignore" });
  const head = git("rev-parse", "--short=12", "HEAD");
  if (head.exitCode !== 0) return "unknown";
  const changes = git("status", "--porcelain", "--", "src", "package.json", "package-lock.json").stdout.toString();
  return `${head.stdout.toString().trim()}${changes === "" ? "" : "+changes"}`;
}
