import { type ArgDef, kebab } from "../arguments.ts";
import { type Command, globalArgs } from "../worker.ts";

interface Option {
  /** `--dry-run` */
  flag: string;
  description: string;
  /** Null: it takes no value. Empty: any value; `file`: a path. */
  values: readonly string[] | "file" | null;
}

/** A place in the command line, with what can follow there. */
interface Place {
  /** `service install`; empty: the program itself. */
  path: string;
  summary: string;
  commands: { name: string; summary: string }[];
  options: Option[];
}

const scripts = { bash, zsh, fish };

/** The whole script: made of the same descriptions as the help, so that it cannot tell of what is not there. */
export function completionOf(shell: keyof typeof scripts, commands: readonly Command[]): string {
  return scripts[shell](placesOf(commands));
}

function placesOf(commands: readonly Command[], path = "", summary = ""): Place[] {
  const here: Place = {
    path,
    summary,
    commands: commands.map(({ name, summary: text }) => ({ name, summary: text })),
    options: Object.entries(globalArgs).map(toOption),
  };
  const below = commands.flatMap((command) => {
    const at = path === "" ? command.name : `${path} ${command.name}`;
    if (command.kind === "group") return placesOf(command.commands, at, command.summary);
    return [{ path: at, summary: command.summary, commands: [], options: Object.entries(command.args).map(toOption) }];
  });
  return [here, ...below];
}

function toOption([name, definition]: [string, ArgDef]): Option {
  return { flag: `--${kebab(name)}`, description: definition.description, values: valuesOf(definition) };
}

function valuesOf(definition: ArgDef): Option["values"] {
  if (definition.type === "boolean") return null;
  if (definition.type === "enum") return definition.options;
  const hint = definition.valueHint;
  return hint === "path" || hint === "file" || hint === "folder" ? "file" : [];
}

/** Within single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(places: readonly Place[]): string {
  const words = places
    .map(({ path, commands, options }) => {
      const all = [...commands.map(({ name }) => name), ...options.map(({ flag }) => flag)].join(" ");
      return `    ${quoted(path)}) words=${quoted(all)} ;;\n`;
    })
    .join("");
  const values = places
    .flatMap(({ path, options }) =>
      options.flatMap(({ flag, values: given }) => {
        if (given === null) return [];
        const reply =
          given === "file"
            ? 'compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$word")'
            : `mapfile -t COMPREPLY < <(compgen -W ${quoted(given.join(" "))} -- "$word")`;
        return [`    ${quoted(`${path} ${flag}`)}) ${reply}; return ;;\n`];
      }),
    )
    .join("");
  const groups = places.filter(({ commands }) => commands.length > 0);
  const steps = groups
    .map(({ path, commands }) => {
      const patterns = commands.map(({ name }) => quoted(path === "" ? name : `${path} ${name}`)).join("|");
      return `      ${patterns}) path=$next ;;\n`;
    })
    .join("");
  return `# Completions of ami-workers for bash.
_ami_workers() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} path='' next words='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    next=\${path:+$path }\${COMP_WORDS[index]}
    case $next in
${steps}    esac
  done
  COMPREPLY=()
  case "$path $before" in
${values}  esac
  case $path in
${words}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _ami_workers ami-workers
`;
}

/** In `name:description` a colon ends the name. */
const described = (name: string, text: string): string => quoted(`${name.replaceAll(":", "\\:")}:${text}`);

function zsh(places: readonly Place[]): string {
  const bodies = places
    .map(({ path, commands, options }) => {
      const list = [
        ...commands.map(({ name, summary }) => described(name, summary)),
        ...options.map(({ flag, description }) => described(flag, description)),
      ];
      return `    ${quoted(path)}) list=(\n${list.map((item) => `      ${item}\n`).join("")}    ) ;;\n`;
    })
    .join("");
  const values = places
    .flatMap(({ path, options }) =>
      options.flatMap(({ flag, values: given }) => {
        if (given === null) return [];
        const reply =
          given === "file" ? "_files" : given.length === 0 ? "_message value" : `compadd -- ${given.join(" ")}`;
        return [`    ${quoted(`${path} ${flag}`)}) ${reply}; return ;;\n`];
      }),
    )
    .join("");
  const patterns = places
    .flatMap(({ path, commands }) => commands.map(({ name }) => quoted(path === "" ? name : `${path} ${name}`)))
    .join("|");
  return `#compdef ami-workers
# Completions of ami-workers for zsh.
_ami_workers() {
  local place='' next index
  local -a list
  for ((index = 2; index < CURRENT; index++)); do
    next=\${place:+$place }\${words[index]}
    case $next in
      ${patterns}) place=$next ;;
    esac
  done
  case "$place \${words[CURRENT - 1]}" in
${values}  esac
  case $place in
${bodies}  esac
  _describe ami-workers list
}
if [[ $funcstack[1] = _ami-workers ]]; then _ami_workers "$@"; else compdef _ami_workers ami-workers; fi
`;
}

function fish(places: readonly Place[]): string {
  const escaped = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const condition = (path: string) => escaped(`__ami_workers_at ${escaped(path)}`);
  const lines = places.flatMap(({ path, commands, options }) => [
    ...commands.map(
      ({ name, summary }) => `complete -c ami-workers -f -n ${condition(path)} -a ${name} -d ${escaped(summary)}`,
    ),
    ...options.map(({ flag, description, values }) => {
      const value =
        values === null
          ? ""
          : values === "file"
            ? " -r -F"
            : ` -x${values.length > 0 ? ` -a ${escaped(values.join(" "))}` : ""}`;
      const noFiles = values === "file" ? "" : " -f";
      return `complete -c ami-workers${noFiles} -n ${condition(path)} -l ${flag.slice(2)}${value} -d ${escaped(description)}`;
    }),
  ]);
  const known = places
    .flatMap(({ path, commands }) => commands.map(({ name }) => escaped(path === "" ? name : `${path} ${name}`)))
    .join(" ");
  return `# Completions of ami-workers for fish.
function __ami_workers_at --argument-names wanted
  set -l at ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$at $word")
    contains -- $next ${known}; and set at $next
  end
  test "$at" = "$wanted"
end
${lines.join("\n")}
`;
}
