import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Context } from "../../src/context.ts";
import { type Message, openChannels } from "../../src/operation/channels.ts";
import { recordingLog } from "../delivery/recording-log.ts";
import { fakeClock, fakeTerminal } from "./fakes.ts";

/** Much is synced to a disk that others are busy with, too. */
setDefaultTimeout(30_000);

const message: Message = {
  severity: "critical",
  subject: "[ami-workers host] CRITICAL: the platform refuses the API key",
  text: "Détails.\n\n.a line that begins with a dot\n",
  fields: { condition: "key_refused", state: "raised" },
};

function context(fetch: Context["fetch"] = globalThis.fetch as Context["fetch"]): Context {
  return {
    clock: fakeClock(),
    random: () => 0.5,
    uuid: () => "uuid",
    fetch,
    log: recordingLog(),
    signal: new AbortController().signal,
    environment: {},
    terminal: fakeTerminal(),
  };
}

test("nothing configured: nobody to tell", async () => {
  expect(await openChannels({ mail: null, webhookUrl: null }, context())).toEqual([]);
});

describe("webhook", () => {
  const send = async (answer: () => Promise<Response>, change: Partial<Message> = {}) => {
    const sent: { url: string; init: RequestInit }[] = [];
    const [channel] = await openChannels(
      { mail: null, webhookUrl: "https://hooks.example/T0/B0/x" },
      context(async (url, init = {}) => {
        sent.push({ url: String(url), init });
        return await answer();
      }),
    );
    await channel?.send({ ...message, ...change });
    return sent;
  };

  test("JSON that Slack, Discord and relays to Telegram take, and programs can read", async () => {
    const [sent] = await send(async () => new Response("ok"));
    expect(sent).toMatchObject({
      url: "https://hooks.example/T0/B0/x",
      init: { method: "POST", headers: { "Content-Type": "application/json" }, redirect: "manual" },
    });
    const shown = `${message.subject}\n\n${message.text}`;
    expect(JSON.parse(String(sent?.init.body))).toEqual({
      text: shown,
      content: shown,
      alert: { severity: "critical", subject: message.subject, condition: "key_refused", state: "raised" },
    });
  });

  test("never longer than Discord takes", async () => {
    const [sent] = await send(async () => new Response(null, { status: 204 }), { text: "x".repeat(10_000) });
    const { content } = JSON.parse(String(sent?.init.body)) as { content: string };
    expect(content).toHaveLength(1_900);
    expect(content.endsWith("…")).toBe(true);
  });

  test.each([301, 400, 404, 500])("%d is a failure", async (status) => {
    await expect(send(async () => new Response("", { status }))).rejects.toThrow(`the webhook answered ${status}`);
  });
});

describe("mail", () => {
  let server: Bun.TCPSocketListener<{ data: boolean }>;
  let said: string[] = [];
  let answers: Record<string, string> = {};
  beforeEach(() => {
    said = [];
    answers = {};
    server = Bun.listen<{ data: boolean }>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open(socket) {
          socket.data = { data: false };
          socket.write(answers.greeting ?? "220 mail.example ESMTP\r\n");
        },
        data(socket, bytes) {
          for (const line of bytes.toString().split("\r\n").slice(0, -1)) {
            said.push(line);
            if (socket.data.data && line !== ".") continue;
            socket.data.data = line === "DATA";
            const verb = line.split(/[ :]/)[0]?.toUpperCase() ?? "";
            const usual = {
              DATA: "354 go on\r\n",
              STARTTLS: "502 not here\r\n",
              QUIT: "221 bye\r\n",
              EHLO: "250 mail.example\r\n",
            } as const;
            socket.write(answers[verb] ?? usual[verb as keyof typeof usual] ?? "250 ok\r\n");
          }
        },
      },
    });
  });
  afterEach(() => server.stop(true));

  const send = async (host = "127.0.0.1") => {
    const mail = {
      to: ["a@example.org", "b@example.org"],
      from: "workers@example.org",
      smtpUrl: `smtp://${host}:${server.port}`,
    };
    const [channel] = await openChannels({ mail, webhookUrl: null }, context());
    await channel?.send(message);
  };

  test("to everybody, in UTF-8, marked as written by a machine", async () => {
    await send();
    expect(said.filter((line) => line.startsWith("RCPT"))).toEqual([
      "RCPT TO:<a@example.org>",
      "RCPT TO:<b@example.org>",
    ]);
    const text = said.join("\n");
    expect(text).toContain(`Subject: ${message.subject.slice(0, 40)}`);
    expect(text).toContain("Auto-Submitted: auto-generated");
    expect(text).toContain("X-Priority: 1");
    expect(text).toContain("Date: Mon, 09 Feb 2026 10:30:15 +0000");
    expect(text).toContain("D=C3=A9tails.");
    expect(said).toContain("..a line that begins with a dot");
  });

  test("a server that refuses is a failure in its own words", async () => {
    answers = { RCPT: "550 no such user\r\n" };
    await expect(send()).rejects.toThrow("550 no such user");
  });

  test("to another machine only with TLS: a server without it gets nothing", async () => {
    // The system takes 0.0.0.0 for this machine; by its name it is as good as another one.
    await expect(send("0.0.0.0")).rejects.toThrow(/STARTTLS|TLS/);
    expect(said.some((line) => line.startsWith("MAIL"))).toBe(false);
  });
});
