import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTree, treeWithToyWorker } from "../executable/toy-worker.ts";

/** `bun test/systemd/build-next.ts OUTFILE`: the version that an update brings, with README's new worker in it. */
const folder = mkdtempSync(join(tmpdir(), "ami-workers-next-"));
try {
  await buildTree(treeWithToyWorker(folder), process.argv[2] ?? "ami-workers");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
