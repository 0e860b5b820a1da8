import { fstatSync } from "node:fs";
import type { Fetch, Log } from "../context.ts";
import { Failure } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Makes the executable another program (BUN_BE_BUN), runs foreign code, or prints signed requests (BUN_CONFIG_VERBOSE_FETCH). */
const dangerous = /^BUN_/;
/** Where a developer's machine has installed Bun: read by its installer and package manager alone. */
const harmless = /^BUN_INSTALL($|_)/;

/**
 * What must not be set, because it can give keys away: all that steers Bun itself, and switched-off TLS checks.
 * @throws {Failure} settings
 */
export function refuseDangerousEnvironment(environment: Environment): void {
  const isSet = (name: string) => environment[name] !== undefined && environment[name] !== "";
  const found = Object.keys(environment).filter((name) => isSet(name) && dangerous.test(name) && !harmless.test(name));
  if (environment.NODE_TLS_REJECT_UNAUTHORIZED === "0") found.push("NODE_TLS_REJECT_UNAUTHORIZED");
  if (found.length === 0) return;
  const are = found.length === 1 ? "is set: it" : "are set: they";
  throw new Failure("settings", `${found.join(", ")} ${are} could give keys away.`, {
    code: "environment_refused",
    hint: `Unset ${found.length === 1 ? "it" : "them"}: unset ${found.join(" ")}, or UnsetEnvironment= in a unit.`,
  });
}

/** Whom the requests pass, and whom they trust: companies and developers need these, but nobody should have them unawares. */
const routing = /^(HTTPS?_PROXY|ALL_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR)$/i;

/** The network; before the first request it says which variables change its way or its trust. */
export function networkOf(environment: Environment, log: Log, fetch: Fetch): Fetch {
  const variables = Object.keys(environment).filter((name) => routing.test(name) && environment[name]);
  let told = variables.length === 0;
  return (input, init) => {
    if (!told) {
      told = true;
      log.warning("environment_changes_network", { variables });
    }
    return fetch(input, init);
  };
}

/** systemd says in JOURNAL_STREAM which socket is the journal's: only there a `<N>` before a line is its priority. */
export function isJournal(environment: Environment, file: number): boolean {
  const [device, inode] = (environment.JOURNAL_STREAM ?? "").split(":");
  if (!device || !inode) return false;
  try {
    const { dev, ino } = fstatSync(file, { bigint: true });
    return String(dev) === device && String(ino) === inode;
  } catch {
    return false; // a closed descriptor is no journal
  }
}
