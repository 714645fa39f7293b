import type { Socket } from "node:net";
import { PassThrough } from "node:stream";
import type { Forwarder, PodPort } from "./pod-http";

/** What `portForward` of `@kubernetes/client-node` gives, as far as it is used here. */
interface Tunnel {
  close(): void;
  addEventListener(type: "close", listener: () => void): void;
}

/**
 * Connects a client to a port of a pod. Each end goes with the other, which the library leaves out: a client whose pod
 * was killed, or lost with its node, would only find out by its own pings, after half a minute or more.
 *
 * @param forwarder of the cluster
 * @throws {Error} when the port cannot be forwarded
 */
export async function forwardToPod(
  forwarder: Forwarder,
  { namespace, name, port }: PodPort,
  socket: Socket,
): Promise<void> {
  // Errors of the forwarding arrive as text, on a channel of their own.
  const errors = new PassThrough().resume();
  const tunnel = (await forwarder.portForward(namespace, name, [port], socket, errors, socket)) as Tunnel;
  // Not at once: what came before is still written.
  tunnel.addEventListener("close", () => socket.destroySoon());
  if (socket.destroyed) tunnel.close();
  else socket.once("close", () => tunnel.close());
}
