import { checkConfig, type Problem, problemText } from "../../config.ts";
import type { Context } from "../../context.ts";
import { exitCodes } from "../../errors.ts";
import type { GlobalArgs } from "../worker.ts";
import { inputOf } from "./input.ts";

/** The list is the result; the exit code says whether it is empty. */
export function validateConfig(
  args: GlobalArgs,
  { environment, terminal }: Pick<Context, "environment" | "terminal">,
): number {
  const { problems, warnings } = checkConfig(inputOf(args, environment));
  if (args.json) {
    const list = (some: readonly Problem[]) => some.map((problem) => ({ ...problem, text: problemText(problem) }));
    terminal.write(
      `${JSON.stringify({ valid: problems.length === 0, problems: list(problems), warnings: list(warnings) })}\n`,
    );
  } else {
    for (const problem of problems) terminal.write(`error    ${problemText(problem)}\n`);
    for (const warning of warnings) terminal.write(`warning  ${problemText(warning)}\n`);
    if (problems.length > 0) terminal.write(`The configuration is not valid${counted(problems.length, "problem")}.\n`);
    else terminal.write(`The configuration is valid${counted(warnings.length, "warning")}.\n`);
  }
  return problems.length === 0 ? 0 : exitCodes.settings;
}

function counted(count: number, noun: string): string {
  return count === 0 ? "" : ` (${count} ${noun}${count === 1 ? "" : "s"})`;
}
