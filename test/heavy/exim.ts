import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const mailLogin = "alerts:sesame-opens";

export interface MailServer {
  /** STARTTLS, then a login. */
  port: number;
  /** TLS from the first byte, then a login. */
  tlsPort: number;
  /** PEM, for NODE_EXTRA_CA_CERTS. */
  certificate: string;
  /** What has been delivered, oldest first, as it lies in the maildir. */
  mails: () => string[];
  log: () => string;
  stop: () => Promise<void>;
}

/** Debian's Exim on free ports of this machine, taking mail for anybody into a maildir; only with TLS and a login. Needs root. */
export async function startExim(folder: string): Promise<MailServer> {
  for (const name of ["spool", "mail", "log"]) mkdirSync(join(folder, name), { recursive: true });
  chmodSync(folder, 0o755);
  const [certificate, privateKey] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  command(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    privateKey,
    "-out",
    certificate,
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=DNS:localhost,IP:127.0.0.1",
  );
  const [port, tlsPort] = [freePort(), freePort()];
  const configuration = join(folder, "exim.conf");
  writeFileSync(configuration, configurationOf(folder, { port, tlsPort, certificate, privateKey }));
  command(
    "chown",
    "-R",
    "Debian-exim",
    ...["spool", "mail", "log", "certificate.pem", "key.pem"].map((name) => join(folder, name)),
  );
  const child = Bun.spawn(["exim4", "-C", configuration, "-bdf", "-q1m"], { stdout: "ignore", stderr: "ignore" });
  const log = () => {
    const path = join(folder, "log/mainlog");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  };
  for (let attempt = 0; !log().includes("listening for SMTP"); attempt++) {
    if (attempt > 200) throw new Error(`Exim does not start: ${log()}`);
    await Bun.sleep(50);
  }
  return {
    port,
    tlsPort,
    certificate,
    log,
    mails() {
      const inbox = join(folder, "mail/new");
      const names = existsSync(inbox) ? readdirSync(inbox).sort() : [];
      return names.map((name) => readFileSync(join(inbox, name), "utf8"));
    },
    async stop() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

interface Settings {
  port: number;
  tlsPort: number;
  certificate: string;
  privateKey: string;
}

function configurationOf(folder: string, { port, tlsPort, certificate, privateKey }: Settings): string {
  const [user, password] = mailLogin.split(":");
  return `primary_hostname = localhost
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
pid_file_path = ${folder}/spool/exim.pid
keep_environment =
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port} : ${tlsPort}
tls_on_connect_ports = ${tlsPort}
tls_advertise_hosts = *
tls_certificate = ${certificate}
tls_privatekey = ${privateKey}
acl_smtp_rcpt = recipients
host_lookup =
rfc1413_query_timeout = 0s
never_users =
begin acl
recipients:
  deny message = TLS first
       !encrypted = *
  deny message = log in first
       !authenticated = *
  accept
begin routers
all:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = ${folder}/mail
  maildir_format
  user = Debian-exim
  envelope_to_add
  batch_max = 100
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{${user}}}{eq{$auth3}{${password}}}}}
  server_advertise_condition = \${if def:tls_in_cipher}
`;
}

function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = server;
  server.stop(true);
  return port;
}

export function command(...argv: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}
