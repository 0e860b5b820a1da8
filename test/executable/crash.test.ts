import { beforeAll, expect, test } from "bun:test";
import { temporaryFolders } from "../operation/temporary-folder.ts";
import { crashAgainAndAgain } from "./crash-harness.ts";
import { buildMsMax, executable } from "./executable.ts";

const makeFolder = temporaryFolders();
/** scripts/crash does it a thousand times. */
const kills = 40;
const runMsMax = 600_000;
beforeAll(async () => {
  await executable();
}, buildMsMax);

test(
  `killed ${kills} times at random moments: every execution stored once, no file left unexplained`,
  async () => {
    const report = await crashAgainAndAgain({ folder: makeFolder(), kills, seed: 1 });
    expect(report.kills).toBe(kills);
    expect(report.settled).toBeGreaterThan(1);
    expect(report.executions).toBeGreaterThan(120);
    // It hit what it is for.
    expect(report.withPending).toBeGreaterThan(0);
  },
  runMsMax,
);
