import { type ArgDef, type ArgsDef, defineCommand, renderUsage } from "citty";
import { type VariableName, variables } from "../config/variables.ts";
import { version } from "../version.ts";
import { type ArgDefs, kebab } from "./arguments.ts";
import type { FoundHelp } from "./find-command.ts";
import { type Command, globalArgs, type Tool, type Worker } from "./worker.ts";

const programSummary = "Imports trades from brokers into a trading journal and computes its statistics";

/** Of every command. */
const commonExits: Readonly<Record<number, string>> = {
  0: "done",
  64: "wrong usage",
  70: "a bug: please report it with the log",
  74: "the disk is full or fails, or the output could not be written",
  78: "wrong configuration: `ami-workers config validate` says where",
};

/** citty lays out usage, options and commands; examples, variables and exit codes are ours. */
export function helpOf({ path, command, commands }: FoundHelp): Promise<string> {
  if (command === null) return groupHelp(path, programSummary, commands);
  return command.kind === "group" ? groupHelp(path, command.summary, command.commands) : commandHelp(path, command);
}

async function groupHelp(path: readonly string[], summary: string, commands: readonly Command[]): Promise<string> {
  const subCommands = Object.fromEntries(
    commands.map(({ name, summary: description }) => [name, defineCommand({ meta: { name, description } })]),
  );
  const meta = { name: path.join(" "), version, description: summary };
  const usage = await renderUsage(defineCommand({ meta, args: cittyArgs(globalArgs), subCommands }));
  return `${usage.trimEnd()}\n\n${exitsText({})}`;
}

async function commandHelp(path: readonly string[], command: Worker | Tool): Promise<string> {
  const meta = { name: path.join(" "), version, description: command.summary };
  const usage = await renderUsage(defineCommand({ meta, args: cittyArgs(command.args) }));
  const examples = command.examples.map(({ command: line, does }) => `  ${line}\n      ${does}\n`).join("");
  return `${usage.trimEnd()}\n\nEXAMPLES\n\n${examples}\n${environmentText(command.environment)}${exitsText(command.exits)}`;
}

function cittyArgs(definitions: ArgDefs): ArgsDef {
  const args: ArgsDef = {};
  for (const [name, definition] of Object.entries(definitions)) {
    const shared = { description: definition.description, ...(definition.alias && { alias: definition.alias }) };
    switch (definition.type) {
      case "boolean":
        args[kebab(name)] = { ...shared, type: "boolean" };
        break;
      case "enum":
        args[kebab(name)] = { ...shared, ...enumArg(name, definition) };
        break;
      case "strings":
        args[kebab(name)] = {
          ...shared,
          type: "string",
          valueHint: definition.valueHint,
          description: `${definition.description} (repeatable)`,
        };
        break;
      case "string":
        args[kebab(name)] = { ...shared, type: "string", valueHint: definition.valueHint };
        break;
      case "list":
        args[kebab(name)] = {
          ...shared,
          type: "boolean",
          description: `${definition.description} (${listHint(definition)})`,
        };
        break;
      case "integer": {
        const byDefault = definition.default === undefined ? {} : { default: String(definition.default) };
        args[kebab(name)] = { ...shared, ...byDefault, type: "string", valueHint: definition.valueHint };
      }
    }
  }
  return args;
}

const listHint = ({ valueHint }: { valueHint: string }) => `${valueHint}s may follow`;

const inlineOptionsCharactersMax = 30;

/** Many options would make the first column as wide as all of them. */
function enumArg(name: string, { options, description }: { options: readonly string[]; description: string }): ArgDef {
  if (options.join("|").length <= inlineOptionsCharactersMax) return { type: "enum", options: [...options] };
  return { type: "string", valueHint: kebab(name), description: `${description}: ${options.join(", ")}` };
}

function environmentText(names: readonly VariableName[]): string {
  if (names.length === 0) return "";
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => {
    const { description, default: byDefault } = variables[name];
    return `  ${name.padEnd(width)}  ${description}${byDefault === null ? "" : ` (${byDefault})`}\n`;
  });
  return `ENVIRONMENT\n\n${lines.join("")}\n`;
}

function exitsText(exits: Readonly<Record<number, string>>): string {
  const lines = Object.entries({ ...commonExits, ...exits }) // whole numbers come in ascending order
    .map(([code, meaning]) => `  ${code.padStart(2)}  ${meaning}\n`);
  return `EXIT CODES\n\n${lines.join("")}`;
}
