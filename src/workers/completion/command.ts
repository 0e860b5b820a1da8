import { defineGroup, defineTool } from "../worker.ts";

const shells = {
  bash: "~/.local/share/bash-completion/completions/ami-workers",
  zsh: "~/.zsh/completions/_ami-workers (a folder of $fpath)",
  fish: "~/.config/fish/completions/ami-workers.fish",
} as const;
type Shell = keyof typeof shells;

const tools = (Object.keys(shells) as Shell[]).map((shell) =>
  defineTool({
    name: shell,
    summary: `Print completions for ${shell}`,
    args: {},
    examples: [{ command: `ami-workers completion ${shell}`, does: `into ${shells[shell]}` }],
    environment: [],
    async run(_args, { terminal }) {
      const [{ completionOf }, { commands }] = await Promise.all([import("./scripts.ts"), import("../index.ts")]);
      terminal.write(completionOf(shell, commands));
      return 0;
    },
  }),
);

export const completion = defineGroup({
  name: "completion",
  summary: "Print completions for a shell",
  commands: tools,
});
