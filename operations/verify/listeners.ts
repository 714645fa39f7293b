import * as net from "node:net";
import * as tls from "node:tls";
import { type Listener, listenersOf, listenerTable } from "../../config/listeners";
import { forwardTo, listenerUrls } from "../../config/topology";
import type { Access } from "../access/access";
import type { Check } from "./checks";

const deadlineMs = 5_000;

/** Ports of schemes that URLs leave out. */
const defaultPorts: Record<string, number> = { "wss:": 443, "https:": 443 };

/**
 * One check for each listener that the environment asks for: whether every region answers there, by TLS, with a
 * certificate of the authority that clients trust. Never throws.
 */
export const listenerChecks = ({ environment, ca }: Pick<Access, "environment" | "ca">): Promise<Check[]> =>
  Promise.all(
    listenersOf(environment).map(async (listener): Promise<Check> => {
      const name = `listener ${listener}`;
      const { regions } = environment;
      if (regions.some((region) => forwardTo(environment, region)))
        return { name, result: "skipped", detail: "kubernetes.access: servers are not reached by load balancers" };
      const urls = regions.flatMap((region) => listenerUrls(environment, region)[listener]!);
      const problems = (await Promise.all(urls.map((url) => problemOf(url, ca)))).flatMap((one) => one ?? []);
      return problems.length > 0
        ? { name, result: "failed", detail: problems.join("; ") }
        : { name, result: "ok", detail: answersOf(listener, urls) };
    }),
  );

const answersOf = (listener: Listener, urls: string[]): string =>
  `${listenerTable[listener].what}: ${urls.length} of ${urls.length} answer by TLS`;

/** What is wrong with an address; undefined: nothing. */
function problemOf(url: string, ca: string): Promise<string | undefined> {
  const { protocol, hostname: host, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = net.connect({ host, port: Number(port) || defaultPorts[protocol]! });
    const late = setTimeout(() => end(`no answer within ${deadlineMs / 1000} s`), deadlineMs);
    const end = (problem?: string) => {
      clearTimeout(late);
      socket.destroy();
      resolve(problem && `${url}: ${problem}`);
    };
    const secure = () =>
      tls
        .connect({ socket, ca, ...(net.isIP(host) === 0 && { servername: host }), host })
        .once("secureConnect", () => end())
        .once("error", (error: Error) => end(error.message));
    // Servers greet each other in the clear, and then change to TLS.
    if (protocol === "nats-leaf:") socket.once("data", secure);
    else socket.once("connect", secure);
    socket.once("error", (error: Error) => end(error.message));
  });
}
