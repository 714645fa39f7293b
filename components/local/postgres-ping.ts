import * as net from "node:net";

/** Milliseconds for an answer. */
const answerMs = 2_000;

/** First byte of a server's answer: it asks for a password. Anything else is an error, or no PostgreSQL. */
const asksForPassword = "R";

/** Whether a PostgreSQL server on this port of 127.0.0.1 takes logins. It is asked for one, and none is given. */
export function takesLogins(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port, timeout: answerMs });
    const done = (answer: boolean) => {
      socket.end();
      socket.destroySoon();
      resolve(answer);
    };
    socket
      .once("connect", () => socket.write(startupMessage("postgres")))
      .once("data", (answer) => done(answer.toString("latin1", 0, 1) === asksForPassword))
      .once("end", () => done(false))
      .once("timeout", () => done(false))
      .on("error", () => done(false));
  });
}

/** The first message of a client, protocol 3.0. */
function startupMessage(user: string): Buffer {
  const parameters = Buffer.from(`user\0${user}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, parameters]);
}
