import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Failure } from "../../../errors.ts";
import { type Check, fail, noConfig, type Outcome, ok, skip, warn } from "../check.ts";

/** What the workers' key has to be allowed; `*` is everything. */
const abilitiesNeeded = [
  "accounts:read",
  "accounts:write",
  "trades:read",
  "trades:write",
  "statistics:write",
  "reports:write",
];
/** Slower than this, a cycle of many batches takes its time. */
const slowMs = 2_000;
const namedMax = 5;

const reachable: Check = {
  group: "platform",
  name: "reachable",
  title: "the platform answers",
  online: true,
  async run(tools) {
    if (tools.config === null) return noConfig;
    const answer = await tools.platform();
    if (answer.kind === "embedded") return embedded(answer.path);
    if (answer.kind === "failure") return unreachable(answer.failure);
    const took = `in ${Math.round(answer.tookMs)} ms`;
    const url = tools.config.platform.kind === "laravel" ? tools.config.platform.url : "";
    if (answer.tookMs > slowMs) return warn(`${url} answers ${took}`, "Is the platform under load, or far away?");
    return ok(`${url} answers ${took}`);
  },
};

function embedded(path: string): Outcome {
  const full = resolve(path);
  if (existsSync(full)) return ok(`the journal is the file ${full} (${statSync(full).size} bytes)`);
  return ok(`the journal will be the file ${full}, in ${dirname(full)}`);
}

function unreachable({ kind, message, detail }: Failure): Outcome {
  if (kind === "refused") return ok("it answers, and refuses the key");
  if (detail.code === "platform_contract_version") return ok("it answers, in another version");
  return fail(message, detail.hint ?? "Is it up? Try: curl -sS -H 'Accept: application/json' $LARAVEL_API_URL/ping");
}

const key: Check = {
  group: "platform",
  name: "key",
  title: "the platform accepts the key, and it may do all that the workers do",
  online: true,
  async run(tools) {
    if (tools.config === null) return noConfig;
    const answer = await tools.platform();
    if (answer.kind === "embedded") return skip("a file needs none");
    const mend = "Make a new key on the platform and set LARAVEL_API_KEY";
    if (answer.kind === "failure") {
      return answer.failure.kind === "refused"
        ? fail(answer.failure.message, mend)
        : skip("the platform gave no answer");
    }
    const { name, abilities } = answer.ping.key;
    const missing = abilities.includes("*") ? [] : abilitiesNeeded.filter((ability) => !abilities.includes(ability));
    if (missing.length > 0) return fail(`the key lacks ${missing.join(", ")}`, `${mend}, with these abilities`);
    return ok(`accepted${name ? ` as ${name}` : ""}`);
  },
};

const contract: Check = {
  group: "platform",
  name: "contract",
  title: "the platform speaks this program's version of the API",
  online: true,
  async run(tools) {
    if (tools.config === null) return noConfig;
    const answer = await tools.platform();
    if (answer.kind === "embedded") return skip("the journal is a file on this machine");
    if (answer.kind === "answer") return ok(`version ${answer.ping.contract_version}`);
    const { code, hint } = answer.failure.detail;
    if (code === "platform_contract_version")
      return fail(answer.failure.message, hint ?? "Install the fitting version");
    return skip("the platform gave no answer");
  },
};

const accounts: Check = {
  group: "platform",
  name: "accounts",
  title: "accounts whose keys the brokers refuse, as the platform knows it",
  online: true,
  async run(tools) {
    if (tools.config === null) return noConfig;
    const answer = await tools.accounts();
    if (answer === null) return skip("the platform gave no list");
    if (answer.kind === "failure") return fail(answer.message, "ami-workers doctor --only platform/key");
    const { accounts: all, overflow } = answer;
    const count = `${all.length}${overflow ? " or more" : ""}`;
    const failing = all
      .filter(({ import_status: status }) => status === "auth_failed" || status === "needs_review")
      .map(
        ({ account_id: id, broker, import_status: status, last_error: error }) =>
          `account ${id} (${broker}): ${error?.code ?? status}`,
      );
    if (failing.length === 0) return ok(`${count} accounts, none with a key that is refused`);
    const more = failing.length > namedMax ? `, and ${failing.length - namedMax} more` : "";
    const named = failing.slice(0, namedMax).join(", ");
    return warn(
      `${failing.length} of ${count} need their owner: ${named}${more}`,
      "Their owners enter new keys on the platform",
    );
  },
};

export const platformChecks: readonly Check[] = [reachable, key, contract, accounts];
