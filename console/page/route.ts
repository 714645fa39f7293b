/** Every object has an address: the part after `#`. Pure. */

export type Route =
  | { view: "overview" }
  | { view: "streams"; account?: string }
  | { view: "durables"; account?: string }
  | { view: "stream"; account: string; stream: string }
  | { view: "durable"; account: string; stream: string; durable: string }
  | { view: "region"; region: string }
  | { view: "server"; server: string }
  | { view: "workers" }
  | { view: "worker"; account: string; name: string; region: string }
  | { view: "letters"; account?: string }
  | { view: "letter"; account: string; id: string }
  | { view: "events" }
  | { view: "unknown"; path: string };

const patterns: [pattern: RegExp, route: (...parts: string[]) => Route][] = [
  [/^$/, () => ({ view: "overview" })],
  [/^streams$/, () => ({ view: "streams" })],
  [/^durables$/, () => ({ view: "durables" })],
  [/^workers$/, () => ({ view: "workers" })],
  [/^dead-letters$/, () => ({ view: "letters" })],
  [/^events$/, () => ({ view: "events" })],
  [
    /^worker\/([^/]+)\/([^/]+)\/([^/]+)$/,
    (account, name, region) => ({ view: "worker", account: account, name: name, region: region }),
  ],
  [/^region\/([^/]+)$/, (region) => ({ view: "region", region: region })],
  [/^server\/([^/]+)$/, (server) => ({ view: "server", server: server })],
  [/^tenant\/([^/]+)$/, (account) => ({ view: "streams", account })],
  [/^tenant\/([^/]+)\/durables$/, (account) => ({ view: "durables", account })],
  [/^tenant\/([^/]+)\/dead-letters$/, (account) => ({ view: "letters", account })],
  [/^tenant\/([^/]+)\/dead-letter\/([^/]+)$/, (account, id) => ({ view: "letter", account: account, id: id })],
  [/^tenant\/([^/]+)\/stream\/([^/]+)$/, (account, stream) => ({ view: "stream", account: account, stream: stream })],
  [
    /^tenant\/([^/]+)\/stream\/([^/]+)\/durable\/([^/]+)$/,
    (account, stream, durable) => ({ view: "durable", account: account, stream: stream, durable: durable }),
  ],
];

/** @param hash as browsers have it, with `#` */
export function routeOf(hash: string): Route {
  const path = hash.replace(/^#?\/?/, "");
  for (const [pattern, route] of patterns) {
    const found = pattern.exec(path);
    if (!found) continue;
    try {
      return route(...found.slice(1).map(decodeURIComponent));
    } catch {
      break;
    }
  }
  return { view: "unknown", path };
}

const address = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join("/")}`;

export const to = {
  overview: "#/",
  streams: "#/streams",
  durables: "#/durables",
  workers: "#/workers",
  worker: ({ account, name, region }: Record<"account" | "name" | "region", string>) =>
    address("worker", account, name, region),
  letters: "#/dead-letters",
  events: "#/events",
  region: (region: string) => address("region", region),
  server: (server: string) => address("server", server),
  tenant: (account: string) => address("tenant", account),
  tenantDurables: (account: string) => address("tenant", account, "durables"),
  tenantLetters: (account: string) => address("tenant", account, "dead-letters"),
  letter: (account: string, id: string) => address("tenant", account, "dead-letter", id),
  stream: (account: string, stream: string) => address("tenant", account, "stream", stream),
  durable: (account: string, stream: string, durable: string) =>
    address("tenant", account, "stream", stream, "durable", durable),
};

/** The page about what a problem or an event names. */
export function addressOf(about: {
  what: string;
  account?: string;
  stream?: string;
  server?: string;
}): string | undefined {
  const { what, account, stream, server } = about;
  const [kind = "", id = ""] = what.split(" ");
  const parts = id.split("/");
  if (["durable", "consumer"].includes(kind) && parts.length === 3) return to.durable(parts[0]!, parts[1]!, parts[2]!);
  if (kind === "dead" && account) return to.tenantLetters(account);
  if (account && stream === "DEAD_LETTERS") return to.tenantLetters(account);
  if (account && stream) return to.stream(account, stream);
  if (server) return to.server(server);
  if (kind === "region") return to.region(id);
  if (kind === "server") return to.server(id);
  if (kind === "gateway") return to.region(id);
  if (kind === "workers") return to.workers;
  return account ? to.tenant(account) : undefined;
}
