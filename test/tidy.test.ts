import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

/** The rules of the tree, checked on the tree. What is found stands in the failure, so that it can be mended without reading this. */
const root = resolve(import.meta.dir, "..");
const fileLinesMax = 400;
const functionLinesMax = 70;

const tracked = Bun.spawnSync(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"])
  .stdout.toString()
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const sources = tracked.filter((path) => path.startsWith("src/") && path.endsWith(".ts"));
const code = tracked.filter((path) => /^(src|scripts|test)\/.*\.ts$/.test(path));

interface Import {
  target: string;
  kind: "static" | "type" | "dynamic";
}

/** A target of the project is its path from the root, any other stays as it is written. */
function importsOf(path: string): Import[] {
  const text = withoutComments(read(path));
  const statement = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
  const found: Import[] = [...text.matchAll(statement)].map(([, type, target = ""]) => ({
    target,
    kind: type ? "type" : "static",
  }));
  for (const [, target = ""] of text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g)) found.push({ target, kind: "dynamic" });
  return found.map(({ target, kind }) => ({
    target: target.startsWith(".") ? relative(root, resolve(root, dirname(path), target)) : target,
    kind,
  }));
}

const imports = new Map(sources.map((path) => [path, importsOf(path)]));

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, "$1");
}

/** All that is loaded with a file, before anything of it runs. */
function loadedWith(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const { target, kind } of imports.get(path) ?? []) if (kind === "static") loadedWith(target, seen);
  return seen;
}

const linesOf = (text: string, pattern: RegExp) =>
  text.split("\n").flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));

function offences(
  paths: readonly string[],
  pattern: RegExp,
  textOf = (path: string) => withoutComments(read(path)),
): string[] {
  return paths.flatMap((path) => linesOf(textOf(path), pattern).map((line) => `${path}:${line}`));
}

test("there is something to check", () => {
  expect(sources.length).toBeGreaterThan(30);
  expect([...imports.values()].flat().length).toBeGreaterThan(100);
  expect(loadedWith("src/process.ts").size).toBeGreaterThan(15);
});

describe("size", () => {
  test(`no source has more than ${fileLinesMax} lines`, () => {
    const long = code
      .filter((path) => !path.startsWith("test/"))
      .map((path) => ({ path, lines: read(path).split("\n").length - 1 }))
      .filter(({ lines }) => lines > fileLinesMax);
    expect(long).toEqual([]);
  });

  test(`no function has more than ${functionLinesMax} lines of its own`, () => {
    const long = sources.flatMap((path) =>
      functionsOf(read(path))
        .filter(({ lines }) => lines > functionLinesMax)
        .map(({ name, lines }) => `${path} ${name}: ${lines}`),
    );
    expect(long).toEqual([]);
  });

  test("and functions are found at all", () => {
    const text =
      "function a() {\n  const b = async (x: T) => {\n    1;\n  };\n  return {\n    c() {\n      2;\n    },\n  };\n}\n";
    expect(functionsOf(text)).toEqual([
      { name: "b", lines: 3 },
      { name: "c", lines: 3 },
      { name: "a", lines: 4 },
    ]);
    expect(sources.flatMap((path) => functionsOf(read(path))).length).toBeGreaterThan(300);
  });
});

/** By indentation, which the formatter sees to. Lines of functions inside do not count: a factory is as long as its members. */
function functionsOf(text: string): { name: string; lines: number }[] {
  const head =
    /^( *)(?:export )?(?:(?:async )?function\*? (\w+)|const (\w+) = (?:async )?(?:<.*>)?(?:[\w.]+\()?\(|("[^"]+"|\w+): (?:async )?\(|(?:async |\*)*(\w+)\()/;
  const found: { name: string; lines: number }[] = [];
  const open: { name: string; indent: string; lines: number }[] = [];
  for (const line of text.split("\n")) {
    const innermost = open.at(-1);
    if (innermost) innermost.lines++;
    if (innermost && new RegExp(`^${innermost.indent}\\}[;,)]*$`).test(line)) {
      open.pop();
      found.push({ name: innermost.name, lines: innermost.lines });
      continue;
    }
    const [, indent = "", ...names] = head.exec(line) ?? [];
    const name = names.find(Boolean);
    if (!name || /^(if|for|while|switch|catch|return|super)$/.test(name) || !/[{(]$/.test(line)) continue;
    if (innermost) innermost.lines--;
    open.push({ name, indent, lines: 1 });
  }
  return found;
}

describe("lists name all there is", () => {
  const inList = (list: string) => new Set((imports.get(list) ?? []).map(({ target }) => target));
  const missing = (list: string, members: readonly string[]) => members.filter((path) => !inList(list).has(path));
  const defining = (folder: string, call: RegExp) =>
    sources.filter(
      (path) => path.startsWith(folder) && call.test(read(path)) && !/export function define/.test(read(path)),
    );

  test("workers", () => {
    const commands = sources.filter((path) => /^src\/workers\/[^/]+\/command\.ts$/.test(path));
    expect(commands.length).toBeGreaterThan(1);
    expect(missing("src/workers/index.ts", commands)).toEqual([]);
    const folders = new Set(sources.map((path) => path.match(/^src\/workers\/([^/]+)\//)?.[1] ?? "").filter(Boolean));
    expect(folders).toEqual(new Set(commands.map((path) => basename(dirname(path)))));
  });

  test("CSV dialects", () => {
    const dialects = defining("src/brokers/csv/", /\bdefineDialect\(/);
    expect(dialects.length).toBeGreaterThan(0);
    expect(missing("src/brokers/csv/index.ts", dialects)).toEqual([]);
  });

  test("brokers", () => {
    expect(missing("src/brokers/index.ts", defining("src/brokers/", /\bdefineBroker\(/))).toEqual([]);
  });
});

describe("arrows go one way", () => {
  const pure = /^src\/(executions|trades|statistics)\//;
  const pureSources = sources.filter((path) => pure.test(path));

  test("executions, trades and statistics import each other and errors, nothing that does input or output", () => {
    expect(pureSources.length).toBeGreaterThan(5);
    const wrong = pureSources.flatMap((path) =>
      (imports.get(path) ?? [])
        .filter(({ target, kind }) => kind !== "type" && !pure.test(target) && target !== "src/errors.ts")
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("nor do they ask for the time, for chance, or for the process", () => {
    const impure = /\b(Date\.now|Math\.random|performance\.|process\.|Bun\.(?!CryptoHasher)|fetch\(|new Date\(\))/;
    expect(offences(pureSources, impure)).toEqual([]);
  });

  test("nothing but the process and other workers imports a worker", () => {
    const outside = sources.filter((path) => !path.startsWith("src/workers/") && path !== "src/process.ts");
    const wrong = outside.flatMap((path) =>
      (imports.get(path) ?? [])
        .filter(({ target }) => target.startsWith("src/workers/"))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test("there are no import cycles: in a bundle they give `undefined` in silence", () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, above: readonly string[]) => {
      if (above.includes(path)) cycles.push([...above.slice(above.indexOf(path)), path].join(" -> "));
      if (done.has(path) || above.includes(path)) return;
      for (const { target, kind } of imports.get(path) ?? []) if (kind === "static") visit(target, [...above, path]);
      done.add(path);
    };
    for (const path of sources) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test("every import of the project leads to a file, written with its ending", () => {
    const lost = [...imports].flatMap(([path, list]) =>
      list
        .filter(({ target }) => target.startsWith("src/") && !sources.includes(target))
        .map(({ target }) => `${path} imports ${target}`),
    );
    expect(lost).toEqual([]);
  });
});

describe("a start loads little", () => {
  test("main.ts loads the version and nothing else", () => {
    expect([...loadedWith("src/main.ts")].sort()).toEqual(["package.json", "src/main.ts", "src/version.ts"]);
  });

  test("the shell and the commands' descriptions load nothing heavy", () => {
    const loaded = [...loadedWith("src/process.ts")];
    const packages = loaded.filter((target) => !target.startsWith("src/") && target !== "package.json");
    expect(packages.filter((target) => !/^(node:|bun:?)/.test(target))).toEqual(["consola/core"]);
  });

  test("arktype is always told first that code generation is forbidden", () => {
    const wrong = sources.filter((path) => {
      const targets = (imports.get(path) ?? []).filter(({ kind }) => kind !== "type").map(({ target }) => target);
      const arktype = targets.indexOf("arktype");
      return arktype >= 0 && !targets.slice(0, arktype).includes("src/jitless.ts");
    });
    expect(wrong).toEqual([]);
  });
});

describe("habits", () => {
  test("names are kebab-case", () => {
    const name = /^\.?[a-z0-9]+([-.][a-z0-9]+)*$/;
    const parts = tracked.filter((path) => /^(src|scripts|test|units)\//.test(path)).flatMap((path) => path.split("/"));
    expect(parts.filter((part) => !name.test(part) && part !== "__snapshots__" && part !== "health_check")).toEqual([]);
  });

  test("no default exports, no console, no any", () => {
    expect(offences(code, /^export default\b/)).toEqual([]);
    const quiet = sources.filter((path) => path !== "src/main.ts"); // where it is the cheapest way to say the version
    expect(offences(quiet, /\bconsole\./)).toEqual([]);
    expect(offences(sources, /(:|\bas|<)\s*any\b(?=[\s;,)>[\]|&]|$)/)).toEqual([]);
  });

  test("no test is skipped or singled out in silence", () => {
    const tests = code.filter((path) => path.startsWith("test/") && path !== "test/tidy.test.ts");
    expect(offences(tests, /\b(test|it|describe)\.(only|skip|todo|failing)\b/)).toEqual([]);
  });

  test("scripts fail at the first error and say in their first comment how they are used", () => {
    const scripts = tracked.filter((path) => /^(scripts|\.ci)\/[^.]+$/.test(path));
    expect(scripts.length).toBeGreaterThan(3);
    for (const path of scripts) {
      const [shebang, usage] = read(path).split("\n");
      expect([path, shebang]).toEqual([path, "#!/usr/bin/env bash"]);
      expect(usage).toStartWith(`# Usage: ${path}`);
      expect(read(path)).toContain("\nset -euo pipefail\n");
    }
    const modes = Bun.spawnSync(["git", "-C", root, "ls-files", "--stage", ...scripts])
      .stdout.toString()
      .trim();
    for (const line of modes.split("\n").filter(Boolean)) expect(line).toStartWith("100755 ");
  });

  test("nothing speaks of one machine: no folder of a person, no host of a mirror", () => {
    const folders = /\/(work|root|Users)\/[a-z]/; // written so that it does not find itself
    const texts = tracked.filter((path) =>
      /\.(ts|md|json|toml|yaml|yml|csv|service|timer|example)$|^scripts\/|^\.ci\//.test(path),
    );
    expect(
      offences(
        texts.filter((path) => path !== "package-lock.json"),
        folders,
        read,
      ),
    ).toEqual([]);
    const hosts = [...read("package-lock.json").matchAll(/"resolved": "(https?:\/\/[^/]+)/g)].map(([, host]) => host);
    expect(hosts).toEqual([]);
  });
});
