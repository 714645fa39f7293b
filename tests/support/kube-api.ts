import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

type Thing = {
  metadata: { name: string; uid?: string; deletionTimestamp?: string; [key: string]: unknown };
  [key: string]: unknown;
};

/**
 * As much of an API server as our own reads and writes need, over HTTP: things by their paths. It refuses what it does
 * not know.
 */
export class KubeApi {
  /** By path, e.g. `/api/v1/namespaces/kube-system`. */
  readonly things = new Map<string, Thing>();
  /** Every write, in its order. */
  readonly writes: string[] = [];
  /** The path of every read, in its order. */
  readonly reads: string[] = [];
  /** Every request for the kinds of an API version, by its path. */
  readonly discoveries: string[] = [];
  private forbidden?: RegExp;
  private uids = 0;
  private url = "";

  private constructor(
    private readonly server: Server,
    private readonly onWrite: (api: KubeApi, write: string) => void,
  ) {}

  /**
   * @param onWrite plays the controllers, after each write; an error that it throws is the answer, with its `code`
   * (500)
   */
  static async start(onWrite: (api: KubeApi, write: string) => void = () => undefined): Promise<KubeApi> {
    const server = createServer((request, response) => {
      api.answer(request).then(
        ({ status, body }) =>
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
        (error: Error & { code?: number }) => response.writeHead(error.code ?? 500).end(error.message),
      );
    });
    const api = new KubeApi(server, onWrite);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return api;
  }

  /** From now on answers 403 for these paths. */
  refuse(paths: RegExp): void {
    this.forbidden = paths;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** A kubeconfig that leads here. */
  kubeconfig(context = "nats-iad"): string {
    const { url: server } = this;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      // The library takes plain HTTP only so.
      clusters: [{ name: "here", cluster: { server, "insecure-skip-tls-verify": true } }],
      users: [{ name: "me", user: {} }],
      contexts: [{ name: context, context: { cluster: "here", user: "me" } }],
      "current-context": context,
    });
  }

  put(path: string, { metadata, ...rest }: { metadata?: object; [key: string]: unknown }): Thing {
    const thing: Thing = {
      metadata: { name: path.split("/").at(-1)!, uid: `uid-${++this.uids}`, ...metadata },
      ...rest,
    };
    this.things.set(path, thing);
    return thing;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- its shape is the kind's
  get = (path: string): any => this.things.get(path);

  private async answer(request: IncomingMessage): Promise<{ status: number; body: unknown }> {
    const { pathname, searchParams } = new URL(request.url!, "http://here");
    const name = pathname.split("/").at(-1)!;
    const found = this.things.get(pathname);
    if (this.forbidden?.test(pathname)) return { status: 403, body: { kind: "Status", code: 403, message: "no" } };
    const kinds = discovery[pathname];
    if (kinds) {
      this.discoveries.push(pathname);
      return { status: 200, body: { resources: kinds } };
    }
    const notFound = { status: 404, body: { kind: "Status", code: 404, message: `${pathname} not found` } };
    if (request.method === "GET") {
      this.reads.push(pathname);
      if (found) return { status: 200, body: found };
      if (!collections.test(pathname)) return notFound;
      const isSelected = selection(searchParams.get("labelSelector") ?? "");
      const items = [...this.things].filter(
        ([path, { metadata }]) =>
          path.startsWith(`${pathname}/`) && isSelected((metadata.labels ?? {}) as Record<string, string>),
      );
      return { status: 200, body: { items: items.map(([, thing]) => thing) } };
    }
    const body = JSON.parse((await textOf(request)) || "{}") as Record<string, unknown>;
    if (request.method === "POST" && collections.test(pathname)) {
      const { name: own } = (body.metadata ?? {}) as { name: string };
      const path = `${pathname}/${own}`;
      if (this.things.has(path))
        return { status: 409, body: { kind: "Status", code: 409, message: `${path} is there` } };
      const made = this.put(path, body);
      this.written(`create ${own}`);
      return { status: 201, body: made };
    }
    if (!found) return notFound;
    if (request.method === "PATCH" && request.headers["content-type"] === "application/merge-patch+json") {
      const merged = merge(found, body) as Thing;
      if (searchParams.has("dryRun")) return { status: 200, body: this.normalized(merged) };
      this.things.set(pathname, merged);
      this.written(`merge ${name}`);
      return { status: 200, body: merged };
    }
    if (request.method === "PATCH") {
      for (const { op, path, value } of body as unknown as { op: string; path: string; value: unknown }[]) {
        if (op !== "replace" && op !== "add") throw new Error(`cannot ${op}`);
        const keys = path
          .slice(1)
          .split("/")
          .map((key) => key.replaceAll("~1", "/"));
        const parent = keys
          .slice(0, -1)
          .reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, found);
        parent[keys.at(-1)!] = value;
      }
      this.written(`patch ${name}`);
      return { status: 200, body: found };
    }
    if (request.method === "DELETE") {
      this.things.delete(pathname);
      // As a real one: a body hides what the query says.
      const policy = Object.keys(body).length ? body.propagationPolicy : searchParams.get("propagationPolicy");
      this.written(`delete ${name} ${(policy as string | null) ?? "Background"}`);
      return { status: 200, body: found };
    }
    throw new Error(`${request.method} ${pathname} is not known here`);
  }

  /** What an API server makes of an object before it keeps it. */
  normalized: (thing: Thing) => Thing = (thing) => thing;

  private written(write: string): void {
    this.writes.push(write);
    this.onWrite(this, write);
  }
}

/** Kinds by API version, as a client discovers them. */
const discovery: Record<string, { kind: string; name: string; namespaced: boolean }[]> = {
  "/api/v1": [
    { kind: "Namespace", name: "namespaces", namespaced: false },
    { kind: "Secret", name: "secrets", namespaced: true },
    { kind: "Service", name: "services", namespaced: true },
    { kind: "ConfigMap", name: "configmaps", namespaced: true },
  ],
  "/apis/apps/v1": [{ kind: "StatefulSet", name: "statefulsets", namespaced: true }],
  "/apis/networking.k8s.io/v1": [{ kind: "NetworkPolicy", name: "networkpolicies", namespaced: true }],
  "/apis/policy/v1": [{ kind: "PodDisruptionBudget", name: "poddisruptionbudgets", namespaced: true }],
};

/** What can be listed. */
const collections =
  /\/(nodes|storageclasses|pods|events|statefulsets|secrets|services|configmaps|poddisruptionbudgets|networkpolicies)$/;

/** `a=b` and `a in (b,c)`, all of which have to hold. */
function selection(text: string): (labels: Record<string, string>) => boolean {
  const parts = [...text.matchAll(/([^\s,=]+)(?:=([^,]*)| in \(([^)]*)\))/g)].map(([, key, value, values]) => ({
    key: key!,
    values: values?.split(",") ?? [value],
  }));
  return (labels) => parts.every(({ key, values }) => values.includes(labels[key]));
}

/** RFC 7386. */
function merge(into: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const base = typeof into === "object" && into !== null && !Array.isArray(into) ? into : {};
  const merged = Object.entries(patch).map(([key, value]) => [
    key,
    merge((base as Record<string, unknown>)[key], value),
  ]);
  return { ...base, ...(Object.fromEntries(merged) as object) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
