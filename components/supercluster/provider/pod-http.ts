import { request } from "node:http";
import * as tls from "node:tls";
import { type Duplex, duplexPair, PassThrough, type Readable, type Writable } from "node:stream";

/** `PortForward` of `@kubernetes/client-node`, as far as it is used here. */
export interface Forwarder {
  /** Gives the WebSocket. */
  portForward(
    namespace: string,
    pod: string,
    ports: number[],
    output: Writable,
    errors: Writable,
    input: Readable,
  ): Promise<unknown>;
}

/** What answers in a pod. */
export interface PodPort {
  namespace: string;
  name: string;
  /** Default: http. */
  scheme?: "http" | "https";
  port: number;
}

/** A server in a pod answered with another status than 2xx; shaped like the errors of `@kubernetes/client-node`. */
export class PodAnswer extends Error {
  constructor(
    readonly code: number,
    readonly body: string,
  ) {
    super(`HTTP ${code}: ${body}`);
  }
}

/** Milliseconds for one answer; it comes from the pod's own host. */
const deadlineMs = 5_000;

/**
 * GET of a path from a pod, by port-forwarding: the connection comes from the pod's own loopback interface, so no
 * NetworkPolicy has to allow it. (A request through the API server's proxy comes from the control plane, whose
 * addresses a policy cannot know.)
 * @param forwarder of the cluster
 * @param withinMs for all of it, in milliseconds
 * @throws {PodAnswer} when the answer is not 2xx
 * @throws {Error} when the port cannot be forwarded, or nothing answers within `withinMs`, 5 s by default
 */
export async function getFromPod(
  forwarder: Forwarder,
  { namespace, name, scheme, port }: PodPort,
  path: string,
  withinMs = deadlineMs,
): Promise<string> {
  const [near, far] = duplexPair();
  // Errors of the forwarding arrive as text, on a channel of their own.
  const errors = new PassThrough();
  const opening = forwarder.portForward(namespace, name, [port], far, errors, far) as Promise<{ close(): void }>;
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs / 1000} s`)), withinMs);
  });
  try {
    return await Promise.race([
      opening.then(() => get(scheme === "https" ? overTls(near) : near, errors, path)),
      expiry,
    ]);
  } finally {
    clearTimeout(timer);
    near.destroy();
    // Also one that opens after the deadline: the library has none.
    void opening.then(
      (socket) => socket.close(),
      () => undefined,
    );
  }
}

/**
 * The API server has authenticated itself, and leads into the pod: a certificate proves nothing more, as for the API
 * server's own proxy, which checks none. So rollouts can also see servers whose CA is being replaced.
 */
const overTls = (connection: Duplex): Duplex => tls.connect({ socket: connection, rejectUnauthorized: false });

function get(connection: Duplex, errors: PassThrough, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    errors.on("data", (text: Buffer) => text.length && reject(new Error(text.toString())));
    const headers = { host: "localhost", connection: "close" };
    const sent = request({ path: `/${path}`, headers, createConnection: () => connection }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("error", reject).on("end", () => {
        const code = response.statusCode!;
        if (code >= 200 && code < 300) resolve(body);
        else reject(new PodAnswer(code, body));
      });
    });
    sent.on("error", reject).end();
  });
}
