import { existsSync, statSync } from "node:fs";
import { problemText } from "../../../config.ts";
import { accessOf, isPrivate } from "../../service/changes.ts";
import { workerUser } from "../../service/layout.ts";
import { type Check, fail, ok, skip, warn, withConfig } from "../check.ts";

const valid: Check = {
  group: "configuration",
  name: "valid",
  title: "every variable is known and has a value that it can have",
  run({ report: { problems, warnings }, envFile }) {
    const validate = `ami-workers config validate${envFile === null ? "" : ` --env-file ${envFile}`}`;
    const [problem] = problems;
    if (problem !== undefined) {
      const more = problems.length === 1 ? "" : ` (and ${problems.length - 1} more)`;
      return fail(`${problemText(problem)}${more}`, `${edit(envFile)}; then ${validate}`);
    }
    const [warning] = warnings;
    if (warning !== undefined) return warn(warnings.map(problemText).join(" "), validate);
    return ok(envFile === null ? "valid, from the environment alone" : `valid, from ${envFile}`);
  },
};

const complete: Check = {
  group: "configuration",
  name: "complete",
  title: "what a server needs is set",
  run: withConfig(({ platform, credentialsKeys }, { envFile }) => {
    if (platform.kind === "embedded") {
      return warn(
        "no platform: trades go into a file on this machine",
        `${edit(envFile)}: LARAVEL_API_URL and LARAVEL_API_KEY`,
      );
    }
    if (credentialsKeys.length === 0) {
      return warn("encrypted credentials of accounts cannot be opened", `${edit(envFile)}: CREDENTIALS_KEY`);
    }
    return ok("platform, its key and the key of the accounts' credentials are set");
  }),
};

const secret: Check = {
  group: "configuration",
  name: "private",
  title: "nobody but root and the workers can read the settings",
  run({ envFile, layout }) {
    if (envFile === null || !existsSync(envFile)) return skip("there is no file of settings");
    const isServers = envFile === layout.envFile;
    const open = isServers ? !isPrivate(envFile, layout) : (statSync(envFile).mode & 0o007) !== 0;
    const access = accessOf(envFile, layout);
    if (!open) return ok(`${envFile} is ${access}`);
    const mend = isServers ? `chown root:${workerUser} ${envFile} && chmod 640 ${envFile}` : `chmod 600 ${envFile}`;
    return fail(`${envFile} is ${access}: others can read or change it`, mend);
  },
};

function edit(envFile: string | null): string {
  return envFile === null ? "Set it in the environment" : `sudo nano ${envFile}`;
}

export const configurationChecks: readonly Check[] = [valid, complete, secret];
