import { readFileSync } from "node:fs";
import * as path from "node:path";
import { listenerTable } from "../../config/listeners";
import { type Comment, commentsOf } from "./comments";

/** docs/listeners.md, whole. */
export const listenersPage = (): string =>
  `${[introduction, fields, onKubernetes, ofUsers, ofMonitoring, example].map((part) => part()).join("\n\n")}\n`;

const introduction = (): string => `<!-- Written by \`npm run docs\`: change the comments in config/schema/, or
docs/generator/listeners.ts. -->

# Listeners beside NATS's own protocol

Servers listen for NATS's own protocol, and for nothing else unless \`listeners\` of an environment asks for it. It is
the same on one machine and on Kubernetes: the certificate that clients see, on a port of its own, with the accounts,
users and permissions of tenants. Who may connect by it is said user by user; everybody else is refused there, with the
right password too.

| Listener | URL on Kubernetes | Server's port | Port on one machine | Variable of connections |
| --- | --- | --- | --- | --- |
${rows()}

On one machine the first port is \`listenersBasePort\` (\`basePort\` + 200 unless it is set), 15 a region. Adding,
changing or removing a listener restarts the servers, one after another, and the identity stack issues certificates with
its name. \`npm run status\` lists its URLs, \`npm run verify\` connects to each by TLS, the stack output
\`region.listenerUrls\` has them, and so has the connection of each user that may use it.`;

const rows = (): string =>
  Object.entries(listenerTable)
    .map(([name, { what, scheme, host, outside, port, local, variable }]) => {
      const url = `${scheme}://${host}.<region>.<domain>${scheme === "wss" && outside === 443 ? "" : `:${outside}`}`;
      const ofMachine = local === 0 ? "the first" : `the first + ${local}`;
      return cells([`\`${name}\`: ${what}`, `\`${url}\``, String(port), ofMachine, `\`${variable}\``]);
    })
    .join("\n");

const fields = (): string => `## Settings

Of an environment in Pulumi.yaml, below \`listeners\`. Every mistake is reported at once, with its path.

${table(flattened(commentsOf("config/schema/listeners.ts").listeners!))}`;

const onKubernetes = (): string => `## On Kubernetes

Each listener has a load balancer of its own (Service \`nats-<listener>\`, for AWS a Network Load Balancer, with its
security group and records where settings ask for those), and the servers' NetworkPolicy opens its port, to those who
may connect as clients. What differs from \`kubernetes.loadBalancers\` stands below its \`listeners.<listener>\`:

${table(commentsOf("config/schema/kubernetes.ts").ofListener!)}`;

const ofUsers = (): string => `## Users

\`listeners: ["websocket"]\` of a user of a tenant lets it connect so too; its permissions are the same as by NATS's
own protocol. Users of this program (\`provisioner\`, \`admin\`, ...) never can.

| Field of a user | What it is |
| --- | --- |
${ofUser.map((name) => cells([`\`${name}\``, textOf(name)])).join("\n")}

**Leaf nodes** carry to the supercluster what their user may publish, and from it what the user may subscribe to.
Clients of the leaf node that ask a service of the supercluster take \`_INBOX_<user>\` as their \`inboxPrefix\`, which
is the only inbox that the user may hear. Its JetStream needs a domain of its own; it goes on while the line is cut, and
copies catch up afterwards. Its configuration, with the user's password in a file that only the server reads:

\`\`\`
jetstream { domain: hall, store_dir: /data }
leafnodes {
  remotes: [
    { urls: ["nats-leaf://factory-hall:<password>@leafnodes.iad.nats.example.com:7422"], tls { ca_file: ca.crt } }
  ]
}
\`\`\`

**MQTT** needs no rights beside the subjects: topic \`orders/stop\` is \`orders.stop\`, \`orders/+\` is
\`orders.*\`; \`orders/#\` is \`orders.>\` and \`orders\` itself, so it needs both. A subscription that is refused
is answered with 128; what may not be published is dropped, with an acknowledgement, as MQTT 3.1.1 has no refusal. What
servers keep for it (streams \`$MQTT_...\`) counts against the account, for which \`limits.mqtt\` of the tenant makes
room; each subscription of QoS 1 or 2 is a consumer of \`$MQTT_msgs\` (\`limits.consumers\`). These streams do not
fail over: sessions and retained messages are lost with the region where they are.`;

const ofMonitoring = (): string => `## Monitoring over TLS

Servers serve monitoring without a login, over HTTP, to nothing outside their pod or machine but KEDA where it scales
workers. \`monitoring\` of an environment has it served over TLS only:

${table(commentsOf("config/schema/monitoring.ts").monitoring!)}

A request by plain HTTP is answered with 400. The output \`region.monitorUrls\` has the URLs, and the certificate is of
the environment's CA (output \`ca\`): \`curl --cacert ca.crt https://127.0.0.1:14237/healthz\` on one machine. Probes,
exporters, NetworkPolicy and rollouts follow, also while half of the servers still serve HTTP. An exporter reads the CA
when it starts, so a change of the trusted CAs (docs/runbooks/rotate.md) replaces the pods. KEDA's operator does not
know the CA by itself: register it as KEDA's page on security says, before the setting is changed.`;

const ofUser = ["listeners", "copies"];
const textOf = (name: string): string =>
  commentsOf("config/schema/tenant.ts").userSpec!.find((comment) => comment.name === name)!.text;

const example = (): string => `## Example

A file of [docs/examples/tenants](examples/tenants), by which tests/local/listeners.test.ts runs real servers.

\`\`\`ts
${readFileSync(path.join(__dirname, "..", "examples", "tenants", "listeners.ts"), "utf8").trim()}
\`\`\`

WebSocket, in a page, with the official client; origins keep other sites' pages away, not programs, so what a user may
do is still what its permissions say:

\`\`\`ts
import { wsconnect } from "@nats-io/nats-core";

const nc = await wsconnect({ servers: "wss://websocket.iad.nats.example.com", user, pass, inboxPrefix });
\`\`\``;

/** Settings with those below them, dotted. */
const flattened = (comments: Comment[], above = ""): { name: string; text: string }[] =>
  comments.flatMap(({ name, text, properties }) => [
    { name: above + name, text },
    ...flattened(properties, `${above}${name}.`),
  ]);

const table = (all: { name: string; text: string }[]): string =>
  ["| Setting | What it is |", "| --- | --- |", ...all.map(({ name, text }) => cells([`\`${name}\``, text]))].join(
    "\n",
  );

const cells = (texts: string[]): string => `| ${texts.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
