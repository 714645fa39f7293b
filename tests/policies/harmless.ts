import type { Draft } from "./draft";

/** Changes of good stacks that are as good. */
export interface Harmless {
  what: string;
  stack: string;
  change(draft: Draft): void;
}

const release = "helm.sh/v3:Release";
const stream = "nats:Stream";
const consumer = "nats:Consumer";

const chart = (what: string, at: string, value: unknown): Harmless => ({
  what,
  stack: "iad",
  change: (draft) => draft.set(release, "iad", at, value),
});
const of =
  (stack: string, type: string, name: string) =>
  (what: string, at: string, value: unknown): Harmless => ({
    what,
    stack,
    change: (draft) => draft.set(type, name, at, value),
  });

const digest = `sha256:${"ab".repeat(32)}`;

/** A certificate of an authority, valid for a hundred years. */
const ownAuthority = [
  "-----BEGIN CERTIFICATE-----",
  "MIIBgTCCASegAwIBAgIUWp61Xa5WXmzy/ta3QIoWmqYJo/UwCgYIKoZIzj0EAwIw",
  "FTETMBEGA1UEAwwKb3VyIG93biBDQTAgFw0yNjExMjcwMDA3NDhaGA8yMTI2MTEw",
  "MzAwMDc0OFowFTETMBEGA1UEAwwKb3VyIG93biBDQTBZMBMGByqGSM49AgEGCCqG",
  "SM49AwEHA0IABKNTrcxwV0c+5RnCFA03Ipgf50UbQVK0qaU881j4nEyxgB4+m9IC",
  "PcFlesCcIlt25UCIUNhUGunYqCir+NGn3gOjUzBRMB0GA1UdDgQWBBR4JjEuczUi",
  "9AcxIvAavate6ugpnTAfBgNVHSMEGDAWgBR4JjEuczUi9AcxIvAavate6ugpnTAP",
  "BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIDMEBFMKMTCadpzksK3w",
  "l2FuBhJ9kKlWMq+Sde7F5mQ9AiEAwWcxM+1sdx7joowwBfjjp2+icigZyJJhQUBA",
  "q2Yqe84=",
  "-----END CERTIFICATE-----",
].join("\n");

export const harmless: readonly Harmless[] = [
  chart("a digest beside a tag that moves", "values/container/image", { repository: "nats", tag: "alpine", digest }),
  chart(
    "an init container by its digest, from a registry with a port",
    "values/podTemplate/merge/spec/initContainers/0/image",
    `registry.example.com:5000/natsio/nats-box@${digest}`,
  ),
  chart("the release before the one that loses streams", "values/container/image/tag", "2.14.3-alpine"),
  chart("a password that is a variable", "values/container/env/ROUTE_PASSWORD", "$ROUTE_PASSWORD"),
  chart(
    "a file store that is exactly what is left of the volume",
    "values/config/jetstream/fileStore/maxSize",
    String(95 * 1024 ** 3),
  ),
  {
    what: "hosts kept apart by a spread that needs three of them",
    stack: "iad",
    change(draft) {
      draft.set(release, "iad", "values/podTemplate/merge/spec/affinity", undefined);
      draft.set(release, "iad", "values/podTemplate/topologySpreadConstraints/kubernetes.io~1hostname", {
        maxSkew: 1,
        minDomains: 3,
        whenUnsatisfiable: "DoNotSchedule",
      });
    },
  },
  {
    what: "no value of the chart overridden",
    stack: "iad",
    change: (draft) => draft.set("kubernetes:Rollout", "iad", "overrides", []),
  },
  {
    what: "authorities that sign nothing any more, beside one that was not made here",
    stack: "identity while an authority is replaced",
    change(draft) {
      for (const name of ["peer-ca-2", "client-ca-2"]) {
        draft.remove("privateKey:PrivateKey", `${name}-key`);
        draft.remove("selfSignedCert:SelfSignedCert", `${name}-cert`);
      }
      for (const { type, name } of [...draft.resources])
        if (type.endsWith(":LocallySignedCert")) draft.set(type, name, "caCertPem", ownAuthority);
    },
  },
  chart("no nats-box", "values/natsBox", { enabled: false }),
  chart("no exporter", "values/promExporter", { enabled: false }),
  chart("no reloader", "values/reloader", { enabled: false }),
  of("jetstream", stream, "covenant-COVENANT_USERS-syd")("a mirror that says from when", "mirror", {
    name: "COVENANT_USERS",
    optStartSeq: 1,
  }),
  of("jetstream", stream, "covenant-COVENANT_USERS-syd")("a mirror of another domain's stream", "mirror", {
    name: "PEOPLE",
    external: { api: "$JS.hub.API" },
  }),
  of("iad", "core/v1:Service", "iad-nats-clients")("monitoring on a Service of the cluster alone", "spec", {
    type: "ClusterIP",
    ports: [{ port: 8222 }],
  }),
  of("iad on a new cluster", "SecurityGroupIngressRule", "iad-load-balancers-clients-10.0.0.0/8")(
    "clients from everywhere, who log in",
    "cidrIpv4",
    "0.0.0.0/0",
  ),
  of("iad on a new cluster", "v1:StorageClass", "iad-storage")(
    "another driver, which has no such parameter",
    "provisioner",
    "ebs.example.com",
  ),
  of("iad on a new cluster", release, "iad-cluster-load-balancer-controller")(
    "another chart, which has its own pods",
    "values/podDisruptionBudget",
    { maxUnavailable: 2 },
  ),
  of("local-jetstream", stream, "aigentflow-AUDIT_EVENTS")("one replica on a laptop", "replicas", 1),
  of("local-jetstream", stream, "arrakis-COMMANDS")("one replica in a laptop's memory", "replicas", 1),
  of("jetstream", stream, "irisx-SMS")("a stream that an age alone bounds", "maxBytes", undefined),
  of("jetstream", consumer, "covenant-COVENANT_USERS-ANALYTICS")(
    "a filter that is wider than the stream",
    "filterSubject",
    ">",
  ),
  of("jetstream of another tenant", consumer, "shop-TASKS-usual")(
    "two filters of a queue that share nothing",
    "filterSubject",
    "tasks.rare",
  ),
  of("jetstream of another tenant", stream, "shop-RENAMED")(
    "messages that stay for an hour after they were given up",
    "maxAge",
    "63m",
  ),
  {
    what: "messages that expire soon, where the advisories of what is given up are kept",
    stack: "jetstream of another tenant",
    change(draft) {
      draft.set(stream, "shop-RENAMED", "maxAge", "5m");
      draft.set(stream, "shop-RETURNS", "subjects/1", "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>");
    },
  },
  {
    what: "a stream that may be deleted when it is empty",
    stack: "jetstream",
    change(draft) {
      draft.one(stream, "irisx-SMS").protect = false;
      draft.set(stream, "irisx-SMS", "deletionPolicy", "delete-if-empty");
    },
  },
  {
    what: "equal names and subjects in two accounts",
    stack: "jetstream",
    change: (draft) => draft.copy(stream, "irisx-SMS", "arrakis-SMS", { account: "arrakis" }),
  },
];
