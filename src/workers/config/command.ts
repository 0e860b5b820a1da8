import { variableNames } from "../../config/variables.ts";
import { defineGroup, defineTool } from "../worker.ts";

const validate = defineTool({
  name: "validate",
  summary: "Check the configuration and list every problem at once",
  args: {},
  examples: [
    { command: "ami-workers config validate", does: "the environment alone" },
    { command: "ami-workers config validate --env-file /etc/ami-workers/.env", does: "and a file beside it" },
  ],
  environment: variableNames,
  async run(args, context) {
    const { validateConfig } = await import("./validate.ts");
    return validateConfig(args, context);
  },
});

const show = defineTool({
  name: "show",
  summary: "Show each setting and where it came from, secrets masked",
  args: {},
  examples: [
    { command: "ami-workers config show", does: "a table" },
    { command: "ami-workers config show --env-file .env --json", does: "the same for a program" },
  ],
  environment: variableNames,
  async run(args, context) {
    const { showConfig } = await import("./show.ts");
    return showConfig(args, context);
  },
});

export const config = defineGroup({
  name: "config",
  summary: "Check or show the configuration",
  commands: [validate, show],
});
