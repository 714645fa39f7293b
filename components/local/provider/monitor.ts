/** Requests to the monitoring endpoint of a server, each with a time limit. */

/** Milliseconds. */
const timeout = 2000;

export interface Varz {
  server_name: string;
  version: string;
  /** Changes with each applied reload. */
  config_load_time: string;
  /** Of the configuration in force, included files too. */
  config_digest: string;
}

async function ask(url: string): Promise<Response | undefined> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(timeout) });
  } catch {
    return undefined;
  }
}

async function json<T>(url: string): Promise<T | undefined> {
  const response = await ask(url);
  return response?.ok ? ((await response.json().catch(() => undefined)) as T | undefined) : undefined;
}

export const varz = (monitor: string): Promise<Varz | undefined> => json<Varz>(`${monitor}/varz`);

/** Whether clients and other servers can connect. It does not cover JetStream, which may need other regions. */
export const isServing = async (monitor: string): Promise<boolean> =>
  (await ask(`${monitor}/healthz?js-server-only=true`))?.ok ?? false;

/** Undefined when the server follows the meta leader and all its streams and consumers are current; else its error. */
export async function behind(monitor: string): Promise<string | undefined> {
  const response = await ask(`${monitor}/healthz`);
  if (response?.ok) return undefined;
  const { error } = ((await response?.json().catch(() => undefined)) ?? {}) as { error?: string };
  return error ?? "no answer";
}

/** Name of the meta leader, as the server reports it; undefined when it knows none or does not answer. */
export async function metaLeader(monitor: string): Promise<string | undefined> {
  const jsz = await json<{ meta_cluster?: { leader?: string } }>(`${monitor}/jsz`);
  return jsz?.meta_cluster?.leader || undefined;
}

/** Whether the server reports that its JetStream is off: the meta group has removed it. */
export const hasNoJetstream = async (monitor: string): Promise<boolean> =>
  (await json<{ disabled?: boolean }>(`${monitor}/jsz`))?.disabled ?? false;
