import { checkConfig } from "../../config.ts";
import type { Context } from "../../context.ts";
import { renderTable } from "../../operation/table.ts";
import type { GlobalArgs } from "../worker.ts";
import { inputOf } from "./input.ts";

/** Also of a configuration that is wrong: seeing it is how it gets right. */
export function showConfig(
  args: GlobalArgs,
  { environment, terminal }: Pick<Context, "environment" | "terminal">,
): number {
  const { settings, problems } = checkConfig(inputOf(args, environment));
  if (args.json) {
    const shown = Object.fromEntries(settings.map(({ name, value, source }) => [name, { value, source: source.text }]));
    terminal.write(`${JSON.stringify({ valid: problems.length === 0, settings: shown })}\n`);
    return 0;
  }
  const wrong = new Set(problems.map(({ variable }) => variable));
  const rows = settings.map(({ name, value, source }) => [
    name,
    wrong.has(name) ? { text: value ?? "(missing)", color: "red" as const } : (value ?? "-"),
    { text: source.text, color: "faint" as const },
  ]);
  terminal.write(
    renderTable({ columns: [{ title: "VARIABLE" }, { title: "VALUE" }, { title: "SOURCE" }], rows }, terminal),
  );
  if (problems.length > 0) terminal.write("\nNot valid: `ami-workers config validate` says why.\n");
  return 0;
}
