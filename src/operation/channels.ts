import type { Config } from "../config.ts";
import type { Context } from "../context.ts";

/** What a person is told, by whatever way. Already redacted. */
export interface Message {
  severity: "warning" | "error" | "critical" | "info";
  /** One line. */
  subject: string;
  text: string;
  /** For programs that read the webhook. */
  fields: Record<string, string | number | null>;
}

/** A way to tell somebody. */
export interface Channel {
  name: "mail" | "webhook";
  /** Bounded in time, also when the run was told to stop. @throws {Error} it did not get there */
  send: (message: Message) => Promise<void>;
}

/** The ways that are configured. */
export async function openChannels(alerts: Config["alerts"], context: Context): Promise<Channel[]> {
  const channels: Channel[] = [];
  if (alerts.mail !== null) {
    const { openMail } = await import("./mail.ts"); // and the mail library with it
    channels.push(openMail(alerts.mail, context));
  }
  if (alerts.webhookUrl !== null) {
    const { openWebhook } = await import("./webhook.ts");
    channels.push(openWebhook(alerts.webhookUrl, context));
  }
  return channels;
}
