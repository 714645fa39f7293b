import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Certificate } from "./certificates";

/** Servers that receive what workers send. */

export interface ReceivedRequest {
  method?: string;
  url?: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** An HTTP server on 127.0.0.1 that answers every request, once it is complete, with `answer`. */
export async function receiveHttp(answer: http.RequestListener, tls?: Certificate) {
  const requests: ReceivedRequest[] = [];
  const listener: http.RequestListener = (request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      answer(request, response);
    });
  };
  const server = tls ? https.createServer(tls, listener) : http.createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Answers with JSON. */
export const json =
  (status: number, body: unknown, headers: http.OutgoingHttpHeaders = {}): http.RequestListener =>
  (_request, response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** Login of mail servers. */
export const mailLogin = { user: "irisx", password: "p@ssword" } as const;

/** A mail server on 127.0.0.1 with STARTTLS and a login, which takes every e-mail; `options` are smtp-server's. */
export async function receiveMail(tls: Certificate, options: SMTPServerOptions = {}) {
  const received: { raw: Buffer; secure: boolean; user?: unknown }[] = [];
  const server = new SMTPServer({
    ...tls,
    onAuth: ({ username, password }, _session, done) =>
      username === mailLogin.user && password === mailLogin.password
        ? done(null, { user: username })
        : done(new Error("Invalid login")),
    onData(stream, { secure, user }, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        received.push({ raw: Buffer.concat(chunks), secure, user });
        done();
      });
    },
    ...options,
  });
  // Of connections that clients end.
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    received,
    url: `smtp://${mailLogin.user}:${encodeURIComponent(mailLogin.password)}@127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}
