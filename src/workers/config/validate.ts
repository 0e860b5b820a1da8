import { checkConfig, type Problem, problemText } from "../../config.ts";
import type { Context } from "../../context.ts";
import { Failure } from "../../errors.ts";
import type { GlobalArgs } from "../worker.ts";
import { inputOf } from "./input.ts";

/** @throws {Failure} settings, after the list was written. */
export function validateConfig(
  args: GlobalArgs,
  { environment, terminal }: Pick<Context, "environment" | "terminal">,
): void {
  const { problems, warnings } = checkConfig(inputOf(args, environment));
  if (args.json) {
    const list = (some: readonly Problem[]) => some.map((problem) => ({ ...problem, text: problemText(problem) }));
    terminal.write(
      `${JSON.stringify({ valid: problems.length === 0, problems: list(problems), warnings: list(warnings) })}\n`,
    );
  } else {
    for (const problem of problems) terminal.write(`error    ${problemText(problem)}\n`);
    for (const warning of warnings) terminal.write(`warning  ${problemText(warning)}\n`);
    if (problems.length === 0) terminal.write(`The configuration is valid${counted(warnings.length, "warning")}.\n`);
  }
  if (problems.length === 0) return;
  throw new Failure("settings", `The configuration is not valid${counted(problems.length, "problem")}.`, {
    code: "configuration_invalid",
    hint: ".env.example explains every variable.",
  });
}

function counted(count: number, noun: string): string {
  return count === 0 ? "" : ` (${count} ${noun}${count === 1 ? "" : "s"})`;
}
