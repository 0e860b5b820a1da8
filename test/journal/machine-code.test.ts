import { expect, test } from "bun:test";
import { resolve } from "node:path";

const module = resolve(import.meta.dir, "../../src/journal/machine-code.ts");
const script = `import { compilesToMachineCode } from ${JSON.stringify(module)}; console.log(compilesToMachineCode());`;

/** In a process of its own: whether anything is compiled is settled when one starts. */
function saidWith(environment: Record<string, string>): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, "-e", script], {
    env: { ...process.env, ...environment },
  });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}

test("it is known whether JavaScript is compiled just in time", () => {
  expect(saidWith({ BUN_JSC_useJIT: "1" })).toBe("true");
  expect(saidWith({ BUN_JSC_useJIT: "0" })).toBe("false");
});
