import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { killUntilEnded } from "./executable.ts";

const script = join(import.meta.dir, "toy-process.ts");

function start(way: string) {
  const child = Bun.spawn([process.execPath, script, "toy", "--way", way], {
    env: { PATH: "/usr/bin:/bin" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const lines = async (): Promise<Record<string, unknown>[]> => {
    const text = await new Response(child.stderr).text();
    return text
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };
  return { child, lines };
}

test.each([
  ["reject", "unhandled_rejection"],
  ["throw", "uncaught_exception"],
])("an error that nobody caught (%s) is logged and ends with 70", async (way, event) => {
  const { child, lines } = start(way);
  expect(await child.exited).toBe(70);
  expect(await lines()).toMatchObject([{ level: "critical", event, message: "nobody caught me" }]);
});

test("what is left open does not keep the process, nor change its exit code", async () => {
  const { child } = start("linger");
  expect(await child.exited).toBe(3);
});

describe("a command that does not heed signals", () => {
  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("outlives the first %s and ends at the second one with %d", async (signal, code) => {
    const { child } = start("ignore-signals");
    const reader = child.stdout.getReader();
    await reader.read(); // it is at work
    child.kill(signal);
    await handled(child.pid, signal);
    expect(child.exitCode).toBeNull();
    await killUntilEnded(child, signal);
    expect(await child.exited).toBe(code);
  });
});

/** Waits until no signal of this kind is pending any more: two of a kind that wait together are one to the kernel. */
async function handled(pid: number, signal: "SIGTERM" | "SIGINT"): Promise<void> {
  const bit = 1n << BigInt({ SIGTERM: 15, SIGINT: 2 }[signal] - 1);
  for (let attempt = 0; attempt < 1_000; attempt++) {
    const status = await Bun.file(`/proc/${pid}/status`).text();
    const pending = [...status.matchAll(/^S(?:hd|ig)Pnd:\s*([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
    if (pending.every((mask) => (mask & bit) === 0n)) return;
    await Bun.sleep(5);
  }
  throw new Error("the signal was not taken");
}
