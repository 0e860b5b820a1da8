import { commit, version } from "./version.ts";

/** A bug until the last line is reached: a promise that nobody settles would otherwise end the process with 0, in silence. */
process.exitCode = 70;

const argv = process.argv.slice(2);
if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
  // Nothing is loaded for it: process.stdout alone would double the time and add 7 MB.
  // biome-ignore lint/suspicious/noConsole: for that reason
  console.log(`ami-workers ${version} (${commit})`);
  process.exitCode = 0;
} else {
  const { runProcess } = await import("./process.ts");
  process.exitCode = await runProcess(argv);
}
