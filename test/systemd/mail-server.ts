export interface Mail {
  subject: string;
  text: string;
}

export interface MailServer {
  port: number;
  mails: Mail[];
  stop: () => void;
}

/** Takes every mail, as a server on this machine would. */
export function serveMail(): MailServer {
  const mails: Mail[] = [];
  const server = Bun.listen<{ data: string | null }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { data: null };
        socket.write("220 mail ready\r\n");
      },
      data(socket, bytes) {
        for (const line of bytes.toString().split(/(?<=\r\n)/)) answer(socket, line, mails);
      },
    },
  });
  return { port: server.port, mails, stop: () => server.stop(true) };
}

interface Peer {
  data: { data: string | null };
  write: (text: string) => unknown;
}

function answer(socket: Peer, line: string, mails: Mail[]): void {
  if (socket.data.data !== null) {
    if (line === ".\r\n") {
      mails.push(toMail(socket.data.data));
      socket.data.data = null;
      socket.write("250 taken\r\n");
    } else socket.data.data += line;
    return;
  }
  const verb = line.slice(0, 4).toUpperCase();
  if (verb === "DATA") {
    socket.data.data = "";
    socket.write("354 go on\r\n");
  } else socket.write(verb === "QUIT" ? "221 bye\r\n" : "250 fine\r\n");
}

function toMail(raw: string): Mail {
  const [head = "", ...body] = raw.split("\r\n\r\n");
  const subject = /^Subject: ((?:.*\r\n[ \t])*.*)/m.exec(head)?.[1] ?? "";
  const text = body.join("\r\n\r\n");
  const plain = /^Content-Transfer-Encoding: quoted-printable/m.test(head)
    ? text
        .replace(/=\r\n/g, "")
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text;
  return { subject: subject.replace(/\r\n[ \t]/g, " "), text: plain };
}
