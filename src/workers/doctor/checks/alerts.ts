import { messageOf } from "../../../errors.ts";
import { type Check, fail, ok, skip, warn, withConfig } from "../check.ts";

const timeoutMs = 8_000;

const channels: Check = {
  group: "alerts",
  name: "channels",
  title: "somebody hears of it when a person is needed",
  run: withConfig(({ alerts, healthcheckUrl }) => {
    const ways = [
      ...(alerts.mail === null ? [] : [`mail to ${alerts.mail.to.join(", ")}`]),
      ...(alerts.webhookUrl === null ? [] : ["a webhook"]),
    ];
    if (ways.length === 0) {
      return warn(
        "nobody: a failure is in the log alone",
        "Set ALERT_EMAIL_TO, ALERT_EMAIL_FROM and SMTP_URL, or ALERT_WEBHOOK_URL",
      );
    }
    const silence = healthcheckUrl === null ? "; nobody hears of this machine being off (HEALTHCHECK_URL)" : "";
    return ok(ways.join(" and ") + silence);
  }),
};

const mail: Check = {
  group: "alerts",
  name: "mail",
  title: "the mail server lets the workers in",
  online: true,
  run: withConfig(async ({ alerts }) => {
    if (alerts.mail === null) return skip("no mail is configured");
    const { createTransport } = await import("nodemailer");
    const limits = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
    const transport = createTransport({ url: alerts.mail.smtpUrl, ...limits });
    try {
      await transport.verify();
      return ok(`${new URL(alerts.mail.smtpUrl).host} takes mail`);
    } catch (error) {
      return fail(
        `${new URL(alerts.mail.smtpUrl).host}: ${messageOf(error)}`,
        "Check SMTP_URL: name, port, user and password",
      );
    } finally {
      transport.close();
    }
  }),
};

export const alertChecks: readonly Check[] = [channels, mail];
