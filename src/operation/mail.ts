import { createTransport, type Transporter } from "nodemailer";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { makeLimit } from "../journal/limit.ts";
import type { Channel, Message } from "./channels.ts";

/** From the first packet to the server's last word. */
const sendMsMax = 15_000;
const graceMs = 8_000;

type MailSettings = NonNullable<Config["alerts"]["mail"]>;

/** Alerts by SMTP. To another machine only with TLS: from the start (`smtps:`) or by STARTTLS, with the certificate checked. */
export function openMail({ to, from, smtpUrl }: MailSettings, { clock, signal }: Context): Channel {
  return {
    name: "mail",
    async send(message) {
      const limit = makeLimit({ timeoutMs: sendMsMax, graceMs, stop: signal });
      if (limit === null) throw new Error("the run was told to stop");
      const transport = openTransport(smtpUrl);
      try {
        await limit.race(transport.sendMail(toMail(message, { to, from, nowMs: clock.nowMs() })));
      } catch (error) {
        throw limit.timedOut() ? new Error(`${hostOf(smtpUrl)}: ${limit.describe()}`) : error;
      } finally {
        limit.end();
        transport.close();
      }
    },
  };
}

function openTransport(smtpUrl: string): Transporter {
  const { hostname, searchParams } = new URL(smtpUrl);
  const tls = isLoopback(hostname) || searchParams.has("requireTLS") ? {} : { requireTLS: true };
  return createTransport({
    url: smtpUrl,
    ...tls,
    connectionTimeout: sendMsMax,
    greetingTimeout: sendMsMax,
    socketTimeout: sendMsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function toMail(
  { severity, subject, text }: Message,
  { to, from, nowMs }: { to: readonly string[]; from: string; nowMs: number },
) {
  return {
    from,
    to: [...to],
    subject,
    text,
    date: new Date(nowMs),
    priority: severity === "critical" ? ("high" as const) : ("normal" as const),
    // So that nobody's holiday notice comes back.
    headers: { "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All" },
  };
}

function hostOf(smtpUrl: string): string {
  return new URL(smtpUrl).host;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\./.test(host);
}
