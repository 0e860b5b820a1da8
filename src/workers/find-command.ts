import { Failure } from "../errors.ts";
import { suggest } from "../operation/suggestion.ts";
import { kebab, parseArguments } from "./arguments.ts";
import { type Command, type Group, globalArgs, type Tool, type Worker } from "./worker.ts";

export const programName = "ami-workers";

export interface FoundCommand {
  kind: "command";
  command: Worker | Tool;
  /** Its options, and the global ones that stood before its name. */
  argv: readonly string[];
}

export interface FoundHelp {
  kind: "help";
  /** `["ami-workers", "config", "show"]`. */
  path: readonly string[];
  /** What it is about; null: the program. */
  command: Command | null;
  commands: readonly Command[];
  /** False: a command was missing, and the help says which there are. */
  asked: boolean;
}

/** Global options may stand before the command; `help` may, too. @throws {Failure} usage */
export function findCommand(argv: readonly string[], commands: readonly Command[]): FoundCommand | FoundHelp {
  const path = [programName];
  const before: string[] = [];
  let group: Group | null = null;
  let asked = asksForHelp(argv);
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word.startsWith("-")) {
      before.push(word);
      if (takesNext(word)) before.push(...argv.slice(index + 1, ++index + 1));
      continue;
    }
    if (word === "help" && path.length === 1) {
      asked = true;
      continue;
    }
    const level: readonly Command[] = group?.commands ?? commands;
    const command = level.find(({ name }) => name === word);
    if (command === undefined) throw unknownCommand(word, path, level);
    path.push(word);
    if (command.kind === "group") {
      group = command;
      continue;
    }
    if (asked) return { kind: "help", path, command, commands, asked };
    return { kind: "command", command, argv: [...before, ...argv.slice(index + 1)] };
  }
  if (!asked) parseArguments(before, globalArgs);
  return { kind: "help", path, command: group, commands, asked };
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).some((word) => word === "--help" || word === "-h");
}

function takesNext(word: string): boolean {
  const definition = Object.entries(globalArgs).find(([name]) => `--${kebab(name)}` === word)?.[1];
  return definition !== undefined && definition.type !== "boolean";
}

function unknownCommand(word: string, path: readonly string[], level: readonly Command[]): Failure {
  const names = level.map(({ name }) => name);
  const meant = suggest(word, names);
  const hint = meant === null ? `There are: ${names.join(", ")}.` : `Did you mean ${[...path, meant].join(" ")}?`;
  return new Failure("usage", `Unknown command ${JSON.stringify(word)}.`, { code: "usage", hint });
}
