import type { Context } from "../context.ts";
import { makeLimit } from "../journal/limit.ts";
import type { Channel, Message } from "./channels.ts";

const sendMsMax = 10_000;
const graceMs = 5_000;
/** Discord takes 2,000 characters, Telegram 4,096, Slack more. */
const textCharactersMax = 1_900;

/** Alerts as JSON: Slack and relays to Telegram show `text`, Discord shows `content`, programs read `alert`. */
export function openWebhook(url: string, { fetch, signal }: Context): Channel {
  return {
    name: "webhook",
    async send(message) {
      const limit = makeLimit({ timeoutMs: sendMsMax, graceMs, stop: signal });
      if (limit === null) throw new Error("the run was told to stop");
      try {
        const response = await limit.race(
          fetch(url, {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(toBody(message)),
            redirect: "manual",
            signal: limit.signal,
          }),
        );
        // The body is not read: a relay may answer with anything.
        await response.body?.cancel();
        if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
      } catch (error) {
        throw limit.timedOut() ? new Error(limit.describe()) : error;
      } finally {
        limit.end();
      }
    },
  };
}

function toBody({ severity, subject, text, fields }: Message) {
  const whole = `${subject}\n\n${text}`;
  const shown = whole.length <= textCharactersMax ? whole : `${whole.slice(0, textCharactersMax - 1)}…`;
  return { text: shown, content: shown, alert: { severity, subject, ...fields } };
}
