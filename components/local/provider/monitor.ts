import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import { json } from "node:stream/consumers";
import { monitorUrl, type ServerConfig } from "../../supercluster/server-config";
import { read as readFile } from "./files";
import { inFolder, type ServerName } from "./record";

/** Requests to the monitoring endpoint of a server, each with a time limit. */

/** Milliseconds; a server on a busy machine may pause for seconds, and one that has ended refuses at once. */
const timeout = 10_000;

export interface Varz {
  server_name: string;
  version: string;
  /** Changes with each applied reload. */
  config_load_time: string;
  /** Of the configuration in force, included files too. */
  config_digest: string;
}

/** Where a server's monitoring is read. */
export interface Monitor {
  url: string;
  /** Gives the CA of its certificate, where the URL is of HTTPS. */
  ca: () => Promise<string | undefined>;
}

/** The monitoring of a local server, by the configuration that it runs with. */
export const monitorOf = (server: ServerName, config: Pick<ServerConfig, "http" | "https">): Monitor => ({
  url: monitorUrl(config),
  ca: () => readFile(inFolder(server, "clientCa")),
});

/** What it answers to a GET; undefined when it does not within 10 s, or its certificate is not of the CA. */
async function ask({ url, ca }: Monitor, what: string): Promise<{ ok: boolean; body: unknown } | undefined> {
  try {
    const isTls = url.startsWith("https:");
    const options = { signal: AbortSignal.timeout(timeout), ...(isTls && { ca: await ca() }) };
    const request = (isTls ? https : http).get(`${url}/${what}`, options);
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    return { ok: response.statusCode === 200, body: await json(response).catch(() => undefined) };
  } catch {
    return undefined;
  }
}

/** What it answers to a GET, as JSON; undefined when that is no 200, or none within 10 s. */
export async function read<T>(monitor: Monitor, what: string): Promise<T | undefined> {
  const answer = await ask(monitor, what);
  return answer?.ok ? (answer.body as T | undefined) : undefined;
}

export const varz = (monitor: Monitor): Promise<Varz | undefined> => read<Varz>(monitor, "varz");

/** Whether clients and other servers can connect. It does not cover JetStream, which may need other regions. */
export const isServing = async (monitor: Monitor): Promise<boolean> =>
  (await ask(monitor, "healthz?js-server-only=true"))?.ok ?? false;

/** Why a server counts as behind that says nothing. */
export const noAnswer = "no answer";

/** Undefined when the server follows the meta leader and all its streams and consumers are current; else its error. */
export async function behind(monitor: Monitor): Promise<string | undefined> {
  const response = await ask(monitor, "healthz");
  if (response?.ok) return undefined;
  const { error } = (response?.body ?? {}) as { error?: string };
  return error ?? noAnswer;
}

/** Name of the meta leader, as the server reports it; undefined when it knows none or does not answer. */
export async function metaLeader(monitor: Monitor): Promise<string | undefined> {
  const jsz = await read<{ meta_cluster?: { leader?: string } }>(monitor, "jsz");
  return jsz?.meta_cluster?.leader || undefined;
}

/** Whether the server reports that its JetStream is off: the meta group has removed it. */
export const hasNoJetstream = async (monitor: Monitor): Promise<boolean> =>
  (await read<{ disabled?: boolean }>(monitor, "jsz"))?.disabled ?? false;
