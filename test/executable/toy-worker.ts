import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

export interface ShownFile {
  path: string;
  text: string;
}

/** The files of README's new worker: each code block that begins with its path. */
export function shownFiles(): ShownFile[] {
  const [, section = ""] = readFileSync(join(root, "README.md"), "utf8").split("\n## A new worker\n");
  const blocks =
    section.split("\n## ")[0]?.matchAll(/^```\w*\n(?:\/\/|#) ((?:src|units)\/\S+)\n([\s\S]*?)^```$/gm) ?? [];
  return [...blocks].map(([, path = "", text = ""]) => ({ path, text }));
}

/** A copy of the tree with the worker in it: its own files, and one line in the list. */
export function treeWithToyWorker(folder: string): string {
  const tree = join(folder, "tree");
  for (const name of ["src", "units", "scripts", "package.json", "tsconfig.json", ".env.example"]) {
    cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
  for (const { path, text } of shownFiles()) {
    const full = join(tree, path);
    if (path === "src/workers/index.ts") {
      // The lines of the list that are shown: the import, and the name in its place.
      const [line = "", name = ""] = text.trim().split("\n");
      const list = readFileSync(full, "utf8");
      writeFileSync(full, `${line}\n${list.replace(/(\[\s*)importTrades,/, `$1importTrades, ${name.trim()}`)}`);
    } else {
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, text);
    }
  }
  return tree;
}

export async function buildTree(tree: string, outfile: string): Promise<void> {
  const builder = Bun.spawn([process.execPath, join(tree, "scripts/build.ts"), outfile], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const [code, errors] = await Promise.all([builder.exited, new Response(builder.stderr).text()]);
  if (code !== 0) throw new Error(`the tree with the new worker does not build:\n${errors}`);
}
