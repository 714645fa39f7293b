import type { Draft, User } from "./draft";

/**
 * Ways in which real stacks were, or would be, broken: what users of NATS report, and what the systems' own documents
 * say. Each is one mistake in what a stack registers, also where settings would have refused it.
 */
export interface Accident {
  what: string;
  /** Where it is from: mistakes in the systems' documents (C...), issues, or what servers were seen to do. */
  from: string;
  /** Stacks of tests/support/registered-stacks.ts that it happens in. */
  stacks: readonly string[];
  change(draft: Draft): void;
}

const release = "helm.sh/v3:Release";
const server = "local:Server";
const service = "core/v1:Service";
const networkPolicy = "v1:NetworkPolicy";
const deployment = "apps/v1:Deployment";
const stream = "nats:Stream";
const consumer = "nats:Consumer";

/** One property of the chart's release in iad. */
const chart = (what: string, from: string, at: string, value: unknown): Accident => ({
  what,
  from,
  stacks: ["iad"],
  change: (draft) => draft.set(release, "iad", at, value),
});
/** One property of a local server in iad. */
const local = (what: string, from: string, at: string, value: unknown): Accident => ({
  what,
  from,
  stacks: ["local-iad"],
  change: (draft) => draft.set(server, "iad-1", at, value),
});
/** One property of a resource in some stack. */
const of =
  (stack: string, type: string, name: string) =>
  (what: string, from: string, at: string, value: unknown): Accident => ({
    what,
    from,
    stacks: [stack],
    change: (draft) => draft.set(type, name, at, value),
  });
const ofServers = of("iad", networkPolicy, "iad-servers");
const ofStream = (name: string) => of("jetstream", stream, name);
const ofConsumer = (name: string) => of("jetstream", consumer, name);
const ofOther = (type: string, name: string) => of("jetstream of another tenant", type, name);
const ofNew = (type: string, name: string) => of("iad on a new cluster", type, name);
const sms = "iad-irisx-sms-worker";
const ofWorker = of("production-kubernetes-iad", deployment, sms);
const ofScaler = of("production-kubernetes-iad", "HorizontalPodAutoscaler", sms);
const ofKeda = of("iad with workers by KEDA", "ScaledObject", sms);
const pod = "spec/template/spec";
const ofBackup = ofNew("batch/v1:CronJob", "iad-backup-backup");
const jobSpec = "spec/jobTemplate/spec";
const users = (what: string, from: string, change: Parameters<Draft["accounts"]>[0]): Accident => ({
  what,
  from,
  stacks: ["iad"],
  change: (draft) => draft.accounts(change),
});
/** A user that logs in by nkey instead, as the accounts file has it. */
const byNkey = (user: User): void => {
  delete user.user;
  delete user.password;
  user.nkey = `U${"A".repeat(55)}`;
};
const unprotected = (what: string, from: string, stack: string, type: string, name: string): Accident => ({
  what,
  from,
  stacks: [stack],
  change: (draft) => void (draft.one(type, name).protect = false),
});

const gateways = (name: string, count = 3) =>
  Array.from({ length: count }, (_, index) => `tls://gateway-${index}.${name}.nats.example.com:7222`);
const values = "values/config";

/** By the rule that stops them. */
export const accidents: Readonly<Record<string, readonly Accident[]>> = {
  "client-port-has-tls": [
    chart("clients without TLS", "C002-12", `${values}/nats/tls/enabled`, false),
    chart(
      "a TLS section without its Secret",
      "k8s#846: keys that the chart does not know do nothing",
      `${values}/nats/tls/secretName`,
      undefined,
    ),
    local("a local server without TLS for clients", "C004-14", "config/tls", undefined),
    chart("WebSocket without TLS, by a value of the chart", "the chart's own default", `${values}/websocket`, {
      enabled: true,
    }),
    local("a local server that listens for MQTT without TLS", "the server's own default", "config/mqtt", {
      listen: "127.0.0.1:1883",
    }),
  ],
  "peers-have-mutual-tls": [
    chart("routes without TLS", "C002-12", `${values}/cluster/tls/enabled`, false),
    chart("gateways that verify no certificate", "nats.docs#397", `${values}/gateway/tls/merge/verify`, false),
    chart(
      "gateways that trust every CA of the system",
      "nats.docs#397",
      `${values}/gateway/tls/merge/ca_file`,
      undefined,
    ),
    chart(
      "a region that is dialled without TLS",
      "nats.docs#397",
      `${values}/gateway/merge/gateways/1/urls/0`,
      "nats://gateway-0.ams.nats.example.com:7222",
    ),
    local(
      "verification that was switched off because names were missing",
      "cozystack#2684",
      "config/cluster/tls/insecure",
      true,
    ),
  ],
  "clients-log-in": [
    chart(
      "accounts that are not included",
      "C002-13: no accounts at all",
      `${values}/merge/accounts$include`,
      undefined,
    ),
    chart(
      "a user without a login",
      "C002-13: default_user, no_auth_user",
      `${values}/merge/no_auth_user`,
      "arrakis-worker",
    ),
    chart("no system account", "C002-13", `${values}/merge/system_account`, undefined),
    local("a local server that lets everybody in", "C003-9", "config/no_auth_user", "irisx-api"),
  ],
  "box-has-no-administrator": [
    {
      what: "a nats-box that starts as the system account's user",
      from: "the chart's box, with contexts of all users",
      stacks: ["iad"],
      change(draft) {
        draft.set(release, "iad", "values/natsBox/enabled", true);
        draft.set(release, "iad", "values/natsBox/defaultContextName", "sys-admin");
      },
    },
    of("iad", "core/v1:Secret", "iad-nats-client-tls")(
      "a provisioner's context in a Secret",
      "the chart's box, with contexts of all users",
      "data",
      { "covenant-provisioner.json": "e30=" },
    ),
  ],
  "secret-is-in-its-place": [
    ofWorker("a token among a worker's variables", "C003: .env", `${pod}/containers/0/env/0`, {
      name: "TWILIO_AUTH_TOKEN",
      value: "0123456789abcdef",
    }),
    chart(
      "a password for routes, which the chart writes into its ConfigMap",
      "k8s#1168",
      `${values}/cluster/routeURLs/password`,
      "s3cret",
    ),
    chart(
      "credentials in the URL of a gateway",
      "what the documentation asks for",
      `${values}/gateway/merge/gateways/1/urls/0`,
      "tls://supercluster:s3cret@gateway-0.ams.nats.example.com:7222",
    ),
    chart("a password in nats-box's context", "k8s#1168", "values/natsBox/contexts", {
      default: { merge: { user: "sys-admin", password: "s3cret" } },
    }),
    of("iad", "core/v1:ConfigMap", "iad-prometheus")("a token in a ConfigMap", "C004-13", "data/NATS_TOKEN", "s3cret"),
    of("iad", "core/v1:ConfigMap", "iad-prometheus")(
      "a private key in a ConfigMap",
      "k8s#1168",
      "data/ca.pem",
      "-----BEGIN EC PRIVATE KEY-----\nMHcC\n",
    ),
    ofStream("irisx-SMS")(
      "a password in a description",
      "C003-9: one token for all",
      "description",
      "published by nats://api:s3cret@nats:4222",
    ),
    local("a password hash in the configuration itself", "k8s#1168", "config/cluster/authorization", {
      user: "route",
      password: "$2a$05$abcdefghijklmnopqrstuv",
    }),
  ],
  "store-is-encrypted": [
    chart("no cipher", "C002-6: encryption as a field of streams", `${values}/jetstream/merge/cipher`, undefined),
    local("a local server without its key", "C002-6", "config/jetstream/key$include", undefined),
  ],
  "volume-is-encrypted": [
    ofNew("v1:StorageClass", "iad-storage")("volumes in the open", "C002-6", "parameters/encrypted", "false"),
    ofNew("launchTemplate:LaunchTemplate", "iad-cluster-eks-nodes")(
      "disks of nodes in the open",
      "C002-6",
      "blockDeviceMappings/0/ebs/encrypted",
      "false",
    ),
    ofNew("launchTemplate:LaunchTemplate", "iad-cluster-eks-nodes")(
      "a second disk in the open",
      "C002-6",
      "blockDeviceMappings/1",
      { deviceName: "/dev/xvdb", ebs: { volumeSize: 50 } },
    ),
  ],
  "volume-outlives-its-claim": [
    ofNew("v1:StorageClass", "iad-storage")("volumes that go with their claims", "nack#303", "reclaimPolicy", "Delete"),
    ofNew("v1:StorageClass", "iad-storage")("volumes that cannot grow", "k8s#723", "allowVolumeExpansion", false),
    ofNew("v1:StorageClass", "iad-storage")(
      "volumes in another zone than their servers",
      "C000-4",
      "volumeBindingMode",
      "Immediate",
    ),
  ],
  "store-fits-its-server": [
    chart(
      "a file store as large as its volume",
      "k8s#716, C002-10",
      `${values}/jetstream/fileStore/maxSize`,
      String(100 * 1024 ** 3),
    ),
    chart(
      "a memory store as large as the container",
      "C002-10",
      `${values}/jetstream/memoryStore/maxSize`,
      String(2 * 1024 ** 3),
    ),
    chart("a container without a memory limit", "C000-5", "values/container/resources/limits/memory", undefined),
    chart("a memory store without a limit", "C000-5", `${values}/jetstream/memoryStore/maxSize`, undefined),
  ],
  "inner-port-is-private": [
    of("iad", service, "iad-nats-clients")("monitoring on the load balancer", "C002-12, C003-9", "spec/ports/1", {
      name: "monitor",
      port: 8222,
    }),
    of("iad", service, "iad-nats-clients")(
      "monitoring on a load balancer, by another port",
      "C002-12",
      "spec/ports/0",
      {
        name: "https",
        port: 443,
        targetPort: "monitor",
      },
    ),
    of("iad", service, "iad-nats-gateways")(
      "routes on the load balancer",
      "C002-3: one cluster over three regions",
      "spec/ports/1",
      { name: "cluster", port: 6222 },
    ),
    of("iad", service, "iad-nats-clients")("monitoring over TLS on the load balancer", "C002-12", "spec/ports/1", {
      name: "monitoring",
      port: 8223,
    }),
    chart("monitoring in the Service of clients", "C002-26: Prometheus at 8222", "values/service/ports", {
      monitor: { enabled: true },
    }),
    ofNew("SecurityGroupIngressRule", "iad-load-balancers-gateways-10.0.0.0/8")(
      "a range of ports",
      "C002-12",
      "fromPort",
      6222,
    ),
    {
      what: "monitoring in a security group",
      from: "C002-12",
      stacks: ["iad on a new cluster"],
      change: (draft) =>
        ["fromPort", "toPort"].forEach((port) =>
          draft.set("SecurityGroupIngressRule", "iad-load-balancers-clients-10.0.0.0/8", port, 8222),
        ),
    },
    local(
      "monitoring of a local server for the whole network",
      "C004: --http_port=8222",
      "config/http",
      "0.0.0.0:14236",
    ),
    local("monitoring over TLS for the whole network", "C004: --http_port=8222", "config/https", "0.0.0.0:14236"),
  ],
  "inner-port-has-a-network-policy": [
    {
      what: "servers without a NetworkPolicy",
      from: "C003-9",
      stacks: ["iad"],
      change: (draft) => draft.remove(networkPolicy, "iad-servers"),
    },
    ofServers("a policy of another namespace", "C003-9", "metadata/namespace", "default"),
    ofServers("a policy of outgoing connections only", "C003-9", "spec/policyTypes", ["Egress"]),
    ofServers(
      "a policy of nats-box",
      "C003-9",
      "spec/podSelector/matchLabels/app.kubernetes.io~1component",
      "nats-box",
    ),
    ofServers("monitoring for a namespace", "C002-26: Prometheus at 8222", "spec/ingress/4", {
      ports: [{ port: 8222 }],
      from: [{ namespaceSelector: {} }],
    }),
    ofServers("monitoring over TLS for a namespace", "C002-26: Prometheus at 8222", "spec/ingress/4", {
      ports: [{ port: 8223 }],
      from: [{ namespaceSelector: {} }],
    }),
    ofServers("monitoring in a range of ports", "C002-12", "spec/ingress/2/ports/0", { port: 7222, endPort: 8222 }),
    ofServers("every port for one address", "C002-12", "spec/ingress/4", {
      from: [{ ipBlock: { cidr: "10.0.0.0/8" } }],
    }),
    {
      what: "monitoring for another namespace than KEDA's",
      from: "the scaler reads 8222 without a login",
      stacks: ["iad with workers by KEDA"],
      change: (draft) =>
        draft.set(networkPolicy, "iad-servers", "spec/ingress/4/from/0/namespaceSelector/matchExpressions/0/values", [
          "keda",
          "shop",
        ]),
    },
    {
      what: "monitoring for all pods beside KEDA's",
      from: "the scaler reads 8222 without a login",
      stacks: ["iad with workers by KEDA"],
      change: (draft) => draft.set(networkPolicy, "iad-servers", "spec/ingress/4/from/1", { podSelector: {} }),
    },
    ofServers("routes for every pod", "C002-3: one cluster over three regions", "spec/ingress/1/from", undefined),
    ofServers("routes for all pods of the namespace", "C002-3", "spec/ingress/1/from/0/podSelector", {}),
  ],
  "gateway-port-has-an-allow-list": [
    of("syd without AWS", service, "syd-nats-gateways")(
      "gateways on the internet for everyone",
      "C002-12",
      "spec/loadBalancerSourceRanges",
      undefined,
    ),
    {
      what: "one load balancer for clients and gateways, for everyone",
      from: "C003-9: public address",
      stacks: ["syd without AWS"],
      change(draft) {
        draft.set(service, "syd-nats-clients", "spec/ports/1", { name: "gateway", port: 7222 });
        draft.set(service, "syd-nats-clients", "spec/loadBalancerSourceRanges", undefined);
      },
    },
    of("iad", service, "iad-nats-gateways")("a range that is everyone", "C002-12", "spec/loadBalancerSourceRanges", [
      "10.0.0.0/8",
      "0.0.0.0/0",
    ]),
    ofNew("SecurityGroupIngressRule", "iad-load-balancers-gateways-10.0.0.0/8")(
      "a security group that lets everyone in",
      "C003-9: public address",
      "cidrIpv4",
      "0.0.0.0/0",
    ),
  ],
  "cluster-has-its-regions-name": [
    chart("regions that are all called like their release", "k8s#567", "values/statefulSet/name", undefined),
    chart(
      "a gateway of another name than its cluster",
      "k8s#567: fatal, and -t calls it valid",
      `${values}/gateway/merge/name`,
      "IAD",
    ),
    local("a local cluster of another name", "k8s#567", "config/cluster/name", "nats"),
  ],
  "gateway-mesh-is-complete": [
    chart(
      "a list that leaves the region itself out",
      "nats-server#4502: the meta group counts addresses",
      `${values}/gateway/merge/gateways/0/name`,
      "jnb",
    ),
    chart(
      "one address for all servers of a region",
      "equal addresses count once",
      `${values}/gateway/merge/gateways/1/urls`,
      Array(3).fill(gateways("ams")[0]),
    ),
    chart(
      "a region with too few addresses",
      "nats-server#3089",
      `${values}/gateway/merge/gateways/2/urls`,
      gateways("syd", 2),
    ),
    chart(
      "addresses of one region under the name of another",
      "k8s#567",
      `${values}/gateway/merge/gateways/2/urls`,
      gateways("ams"),
    ),
    chart("a region that is listed twice", "k8s#567", `${values}/gateway/merge/gateways/3`, {
      name: "ams",
      urls: gateways("ams"),
    }),
    chart(
      "a private address that is gossiped",
      "nats-server#1495",
      "values/container/env/SERVER_GATEWAY",
      "10.0.3.7:7222",
    ),
  ],
  "gateway-mesh-is-symmetric": [
    {
      what: "a new region that one of the others knows",
      from: "gateways change by a restart alone",
      stacks: ["iad", "ams", "syd"],
      change: (draft) =>
        draft.set(release, "ams", `${values}/gateway/merge/gateways/3`, { name: "sin", urls: gateways("sin") }),
    },
    {
      what: "another domain in one region",
      from: "nats.docs#551",
      stacks: ["iad", "ams", "syd"],
      change: (draft) =>
        draft.set(
          release,
          "ams",
          `${values}/gateway/merge/gateways/2/urls`,
          gateways("syd").map((url) => url.replace("example.com", "example.org")),
        ),
    },
    {
      what: "two clusters that are called like one region",
      from: "0.4: cluster names are unique",
      stacks: ["iad", "ams"],
      change: (draft) => draft.copy(release, "iad", "iad-again", {}),
    },
    local(
      "one server of three with an older list",
      "any change of gateways needs a restart",
      "config/gateway/gateways/2/urls/0",
      "tls://127.0.0.1:14299",
    ),
  ],
  "supercluster-outlives-a-region": [
    chart(
      "two regions",
      "nats-server#3089: half of a meta group elects no leader",
      `${values}/gateway/merge/gateways`,
      ["iad", "ams"].map((name) => ({ name, urls: gateways(name) })),
    ),
  ],
  "image-is-pinned": [
    ofWorker("workers of whatever was built last", "C003", `${pod}/containers/0/image`, "example/workers:latest"),
    ofWorker("workers without a tag", "C003", `${pod}/containers/0/image`, "example/workers"),
    chart("latest", "C004: floating tag of a minor", "values/container/image/tag", "latest"),
    chart(
      "a tag of a minor, which moves",
      "nats:2.10-alpine in three documents",
      "values/container/image/tag",
      "2.14-alpine",
    ),
    chart("a reloader without a tag", "k8s#571", "values/reloader/image/tag", undefined),
    chart(
      "an init container of latest",
      "C004: floating tag of a minor",
      "values/podTemplate/merge/spec/initContainers/0/image",
      "natsio/nats-box:latest",
    ),
    chart("no version of the chart", "a bump of the chart replaces every pod", "version", undefined),
  ],
  "release-keeps-data": [
    chart("the release that can lose a stream", "nats-server#8449", "values/container/image/tag", "2.14.4-alpine"),
    chart("the chart's own default", "nats-server 956c125", "values/container/image/tag", "2.14.2-alpine"),
    chart(
      "the older line's release that can lose a stream",
      "nats-server#8449",
      "values/container/image/tag",
      "2.12.14",
    ),
  ],
  "pod-is-restricted": [
    ofWorker("a worker as root", "Kubernetes", `${pod}/securityContext/runAsUser`, 0),
    ofWorker(
      "a worker that may gain rights",
      "Kubernetes",
      `${pod}/containers/0/securityContext/allowPrivilegeEscalation`,
      undefined,
    ),
    chart("no security context of the pod", "k8s#904", "values/podTemplate/merge/spec/securityContext", undefined),
    chart("a pod as root", "k8s#904", "values/podTemplate/merge/spec/securityContext/runAsUser", 0),
    chart(
      "a pod that may make any system call",
      "k8s#904",
      "values/podTemplate/merge/spec/securityContext/seccompProfile/type",
      "Unconfined",
    ),
    chart(
      "a server that may gain rights",
      "k8s#686",
      "values/container/merge/securityContext/allowPrivilegeEscalation",
      true,
    ),
    chart(
      "a server that keeps what root may",
      "k8s#686",
      "values/container/merge/securityContext/capabilities/drop",
      [],
    ),
    {
      what: "a nats-box that is given more than it needs",
      from: "k8s#686",
      stacks: ["iad"],
      change(draft) {
        draft.set(release, "iad", "values/natsBox/enabled", true);
        draft.set(release, "iad", "values/natsBox/container/merge/securityContext/capabilities/add", ["NET_ADMIN"]);
      },
    },
    chart("a reloader that may gain rights", "k8s#686", "values/reloader/merge", undefined),
    chart(
      "an init container as root",
      "k8s#686",
      "values/podTemplate/merge/spec/initContainers/0/securityContext/runAsUser",
      0,
    ),
    of("iad", "core/v1:Namespace", "iad")(
      "a namespace that takes any pod",
      "k8s#904",
      "metadata/labels/pod-security.kubernetes.io~1enforce",
      "privileged",
    ),
  ],
  "pods-are-spread": [
    chart(
      "all servers in one zone",
      "C000-4",
      "values/podTemplate/topologySpreadConstraints/topology.kubernetes.io~1zone",
      undefined,
    ),
    chart("all servers on one host", "C002-2", "values/podTemplate/merge/spec/affinity", undefined),
    chart("two servers on one host where two hosts are free", "C002-2", "values/podTemplate/merge/spec/affinity", {
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] },
    }),
    {
      what: "a spread over hosts that counts only those that are free",
      from: "three servers on two eligible nodes",
      stacks: ["iad"],
      change(draft) {
        draft.set(release, "iad", "values/podTemplate/merge/spec/affinity", undefined);
        draft.set(release, "iad", "values/podTemplate/topologySpreadConstraints/kubernetes.io~1hostname", {
          maxSkew: 1,
          whenUnsatisfiable: "DoNotSchedule",
        });
      },
    },
  ],
  "pods-are-evicted-one-by-one": [
    chart("no PodDisruptionBudget", "k8s#614", "values/podDisruptionBudget/enabled", false),
    chart("a budget of two servers", "nats-server#4875", "values/podDisruptionBudget/merge", {
      spec: { maxUnavailable: 2 },
    }),
  ],
  "pods-wait-for-the-rollout": [
    chart(
      "Kubernetes replaces pods by itself",
      "k8s#614",
      "values/statefulSet/merge/spec/updateStrategy/type",
      "RollingUpdate",
    ),
    chart(
      "a startup probe that needs a meta leader",
      "pods of a lost supercluster are killed every 15 minutes",
      "values/container/merge/startupProbe/httpGet/path",
      "/healthz",
    ),
    chart("the chart's own startup probe", "C002-8", "values/container/merge/startupProbe", undefined),
  ],
  "chart-values-are-settings": [
    of("iad", "kubernetes:Rollout", "iad")(
      "a value of the chart that a policy does not read",
      "patches of containers",
      "overrides",
      ["container.patch"],
    ),
  ],
  "user-may-not-do-everything": [
    users(
      "a user who may publish everything",
      "C002: publish >",
      ({ covenant }) => (covenant!.users.at(-1)!.permissions!.publish = { allow: [">"] }),
    ),
    users(
      "a user without permissions",
      "C003-9: one token for all",
      ({ irisx }) => delete irisx!.users.at(-1)!.permissions,
    ),
    users(
      "an empty list, which is everything",
      "to a server nothing allowed means all",
      ({ irisx }) => (irisx!.users.at(-1)!.permissions!.subscribe = { allow: [] }),
    ),
    users("a worker who may make and purge streams", "C001-8", ({ arrakis }) =>
      arrakis!.users.at(-1)!.permissions!.publish!.allow!.push("$JS.API.>"),
    ),
    users("one by nkey who may publish everything", "C002: publish >", ({ covenant }) => {
      byNkey(covenant!.users.at(-1)!);
      covenant!.users.at(-1)!.permissions!.publish = { allow: [">"] };
    }),
    users("a user who asks for consumers in other accounts", "docs/sharing.md: copies of streams", ({ arrakis }) =>
      arrakis!.users.at(-1)!.permissions!.publish!.allow!.push("$JS.ACCOUNTS.irisx.API.>"),
    ),
    {
      what: "a local user who may publish everything",
      from: "C002: publish >",
      stacks: ["local-iad"],
      change(draft) {
        const secrets = draft.one(server, "iad-1").props.secrets as Record<string, string>;
        const permissions = { publish: { allow: ["*.>"] }, subscribe: { deny: [">"] } };
        const accounts = { irisx: { users: [{ user: "irisx-api", permissions }] } };
        secrets["accounts.conf"] = `accounts: ${JSON.stringify(accounts)}`;
      },
    },
  ],
  "login-is-of-one-account": [
    users(
      "one login in two accounts",
      "logins are global to a server",
      ({ arrakis, irisx }) => (arrakis!.users.at(-1)!.user = irisx!.users.at(-1)!.user),
    ),
    users("one nkey in two accounts", "logins are global to a server", ({ arrakis, irisx }) =>
      [arrakis!, irisx!].forEach((account) => byNkey(account.users.at(-1)!)),
    ),
  ],
  "user-has-an-inbox-of-its-own": [
    users(
      "a user who reads all inboxes",
      "answers of other users",
      ({ arrakis }) => (arrakis!.users.at(-1)!.permissions!.subscribe = { allow: ["_INBOX.>"] }),
    ),
    users("one by nkey who does", "answers of other users", ({ arrakis }) => {
      byNkey(arrakis!.users.at(-1)!);
      arrakis!.users.at(-1)!.permissions!.subscribe = { allow: ["_INBOX.>"] };
    }),
  ],
  "export-is-to-named-tenants": [
    users(
      "a service that every account may ask",
      "what one tenant was meant to have",
      ({ arrakis }) => (arrakis!.exports = [{ service: "price.get" }]),
    ),
    users("a stream that every account may hear", "what one tenant was meant to have", ({ arrakis, irisx }) => {
      arrakis!.exports = [{ stream: "orders.>", accounts: ["irisx"] }];
      irisx!.exports = [{ stream: "news" }];
    }),
  ],
  "identity-is-protected": [
    unprotected(
      "a JetStream key that can be deleted",
      "C002-6: key loss is data loss",
      "identity",
      "RandomPassword",
      "iad-jetstream-key",
    ),
    {
      what: "keys that can be deleted, where certificates do not say whose machine they are for",
      from: "what is not known to be local is production",
      stacks: ["local-identity"],
      change: (draft) =>
        draft.resources
          .filter(({ type }) => type.endsWith("CertRequest"))
          .forEach(({ props }) => delete props.dnsNames),
    },
    {
      what: "a key that can be deleted, beside a certificate for this machine alone",
      from: "what is not known to be local is production",
      stacks: ["identity"],
      change(draft) {
        draft.set("CertRequest", "iad-server-request", "dnsNames", ["localhost"]);
        draft.one("RandomPassword", "iad-jetstream-key").protect = false;
      },
    },
    unprotected("a CA that can be deleted", "a new one locks everybody out", "identity", "PrivateKey", "peer-ca-key"),
  ],
  "certificate-is-renewed": [
    of("identity", "LocallySignedCert", "iad-server-cert")(
      "a certificate that ends unnoticed",
      "k8s#571, nack#199",
      "earlyRenewalHours",
      0,
    ),
    of("local-identity", "LocallySignedCert", "iad-peer-cert")(
      "a certificate for dialling alone",
      "nats.docs#397: both usages",
      "allowedUses",
      ["digital_signature", "client_auth"],
    ),
  ],
  "stream-is-bounded": [
    {
      what: "limits that were written in camel case, and ignored",
      from: "C004-1, C002-5",
      stacks: ["jetstream"],
      change: (draft) =>
        ["maxAge", "maxBytes", "maxMsgs"].forEach((limit) =>
          draft.set(stream, "covenant-COVENANT_USERS", limit, undefined),
        ),
    },
    {
      what: "limits of 0, which mean none",
      from: "C004-1",
      stacks: ["local-jetstream"],
      change: (draft) =>
        ["maxAge", "maxBytes"].forEach((limit) =>
          draft.set(stream, "aigentflow-TASK_EVENTS", limit, limit === "maxAge" ? "0s" : "0B"),
        ),
    },
  ],
  "unlimited-has-a-reason": [
    ofStream("irisx-SMS")("a stream that may fill the disks, without a reason", "C003-1", "maxBytes", "unlimited"),
    ofStream("covenant-COVENANT_USERS-syd")("a mirror that keeps everything", "C002-4", "maxAge", "unlimited"),
    ofConsumer("irisx-SMS-sms-worker")("a worker that gets all there is", "C000-9", "maxAckPending", "unlimited"),
  ],
  "memory-stream-is-bounded-in-bytes": [
    ofStream("arrakis-EVENTS")("a memory stream that an age alone bounds", "C000-5", "maxBytes", undefined),
    of("local-jetstream", stream, "arrakis-INTERNAL")("the same on a laptop", "C000-5", "maxBytes", undefined),
  ],
  "file-stream-has-three-replicas": [
    ofStream("aigentflow-AUDIT_EVENTS")("an audit trail on one disk", "C004-10", "replicas", 1),
    ofStream("irisx-SMS")("replicas that were left out, which is one", "C003-8", "replicas", undefined),
    ofStream("irisx-EMAIL")("two replicas, which outlive nothing", "C002-1", "replicas", 2),
    ofStream("covenant-COVENANT_USERS-syd")("a mirror on one disk", "C004-10", "replicas", 1),
  ],
  "memory-stream-has-three-replicas": [
    ofStream("arrakis-COMMANDS")("commands that every restart loses", "C000-6", "replicas", 1),
  ],
  "replicas-fit-the-region": [
    ofStream("irisx-SMS")("five replicas in a region of three servers", "error 10005", "replicas", 5),
    ofConsumer("irisx-SMS-sms-worker")("a consumer of five", "error 10126", "replicas", 5),
    {
      what: "three replicas in a region that has fewer servers than the others",
      from: "error 10005",
      stacks: ["jetstream"],
      change: (draft) =>
        resize(draft, { byRegion: { syd: { servers: 1 } }, storage: { file: "900GiB", memory: "9GiB" } }),
    },
  ],
  "store-holds-what-is-reserved": [
    {
      what: "streams that reserve more than there is",
      from: "C003-1: 25 GB of streams in 10 GB, error 10047",
      stacks: ["jetstream"],
      change: (draft) => resize(draft, { storage: { file: "40GiB", memory: "1GiB" } }),
    },
    {
      what: "memory streams that reserve more than there is",
      from: "C000-5",
      stacks: ["local-jetstream"],
      change: (draft) => resize(draft, { storage: { file: "90GiB", memory: "200MiB" } }),
    },
    {
      what: "streams that reserve more than one region has",
      from: "error 10047",
      stacks: ["jetstream"],
      change: (draft) => resize(draft, { byRegion: { ams: { storage: { file: "1GiB" } } } }),
    },
  ],
  "streams-do-not-overlap": [
    ofStream("aigentflow-AUDIT_EVENTS")(
      "a subject that two streams take in",
      "error 10065",
      "subjects/1",
      "agent.audit",
    ),
    {
      what: "one stream in two regions' code",
      from: "error 10058",
      stacks: ["jetstream"],
      change: (draft) => draft.copy(stream, "irisx-SMS", "irisx-SMS-again", { region: "ams" }),
    },
  ],
  "mirror-is-of-a-limits-stream": [
    {
      what: "a mirror of a work queue, which empties it",
      from: "C003-4",
      stacks: ["jetstream"],
      change: (draft) =>
        draft.copy(stream, "arrakis-COMMANDS", "arrakis-COMMANDS-ams", {
          name: "COMMANDS-ams",
          region: "ams",
          mirror: "COMMANDS",
          retention: "limits",
          subjects: undefined,
        }),
    },
    ofOther(stream, "shop-RETURNS-iad")("a mirror of an interest stream", "C002-20", "mirror", "ORDERS"),
    ofOther(stream, "shop-ALL")("a source that is a work queue", "C003-4", "sources", ["TASKS"]),
    ofStream("covenant-COVENANT_USERS-syd")(
      "a mirror of a stream that was renamed",
      "nack#120",
      "mirror",
      "COVENANT_PEOPLE",
    ),
  ],
  "interest-stream-has-a-consumer": [
    {
      what: "an interest stream without a consumer",
      from: "C002-20: acknowledged, and nothing kept",
      stacks: ["jetstream of another tenant"],
      change: (draft) => draft.remove(consumer, "shop-ORDERS-billing"),
    },
  ],
  "data-is-protected": [
    unprotected("a stream that goes when its line goes", "nack#303, nack#89", "jetstream", stream, "irisx-SMS"),
    unprotected("a key that can be deleted", "C002-6", "iad on a new cluster", "kms/key:Key", "iad-key"),
    unprotected(
      "backups that can be deleted",
      "C002: backup strategy",
      "iad on a new cluster",
      "s3/bucket:Bucket",
      "iad-backups",
    ),
    unprotected(
      "a cluster that can be deleted",
      "nack#303",
      "iad on a new cluster",
      "eks/cluster:Cluster",
      "iad-cluster-eks",
    ),
  ],
  "stream-size-is-expected": [
    ofStream("aigentflow-AUDIT_EVENTS")("a stream of 30 GiB", "C004-11", "maxBytes", "30GiB"),
  ],
  "consumer-has-a-stream": [
    ofConsumer("irisx-SMS-sms-worker")("stream and subject in one", "C003-5: SMS.sms.send", "stream", "SMS.sms.send"),
    {
      what: "a durable that is made twice",
      from: "nats-server#8491",
      stacks: ["jetstream"],
      change: (draft) => draft.copy(consumer, "irisx-SMS-sms-worker", "irisx-SMS-sms-worker-again", { ackWait: "60s" }),
    },
  ],
  "consumer-filters-are-of-its-stream": [
    ofConsumer("covenant-COVENANT_COUNTRIES-AUDIT_LOGGER")(
      "a filter of another stream, which delivers nothing",
      "C002-16",
      "filterSubject",
      "alerts.>",
    ),
    ofConsumer("irisx-EMAIL-email-worker")("a filter with a mistake in it", "C002-19", "filterSubject", "email.sent"),
    ofConsumer("irisx-WEBHOOKS-webhook-worker")(
      "one of two filters with a mistake in it",
      "C001-5",
      "filterSubjects/1",
      "webhook.retry",
    ),
    ofStream("irisx-SMS")(
      "subjects that are renamed while their worker asks for the old ones",
      "C003-5",
      "subjectTransform",
      {
        src: "sms.>",
        dest: "texts.>",
      },
    ),
    ofStream("arrakis-ELIGIBILITY")("a subject that was taken out while its worker stays", "C002-19", "subjects", [
      "eligibility.sync.>",
    ]),
  ],
  "consumer-acknowledges": [
    ofConsumer("covenant-COVENANT_USERS-ANALYTICS")("no ack policy, which is none", "C002-17", "ackPolicy", undefined),
    ofConsumer("irisx-SMS-sms-worker")("one acknowledgement for all before it", "error 10098", "ackPolicy", "all"),
  ],
  "consumer-gives-up": [
    {
      what: "a poison message for seven days",
      from: "C000-8",
      stacks: ["jetstream"],
      change: (draft) => {
        for (const limit of ["maxDeliver", "attempts"])
          draft.set(consumer, "arrakis-ELIGIBILITY-sync-worker", limit, undefined);
      },
    },
    ofOther(consumer, "shop-RENAMED-clean")("-1 deliveries, which is no limit", "C004-5", "maxDeliver", -1),
  ],
  "given-up-message-stays": [
    ofOther(stream, "shop-RENAMED")("thirty days in milliseconds, read as nanoseconds", "C002-4", "maxAge", "2592ms"),
    {
      what: "messages that expire before they are given up, and no advisory is kept",
      from: "C000-9",
      stacks: ["jetstream"],
      change: (draft) => {
        draft.set(stream, "arrakis-ELIGIBILITY", "maxAge", "20m");
        draft.set(stream, "arrakis-DEAD_LETTER_EVENTS", "subjects", ["any.other"]);
      },
    },
    ofOther(consumer, "shop-RENAMED-clean")(
      "deliveries that go on for longer than the stream keeps",
      "C003-3",
      "maxDeliver",
      100_000,
    ),
  ],
  "work-queue-consumers-share-nothing": [
    ofOther(consumer, "shop-TASKS-usual")(
      "two workers for one subject of a queue",
      "error 10100",
      "filterSubject",
      "tasks.>",
    ),
    ofOther(consumer, "shop-TASKS-usual")(
      "one of two filters that another worker has",
      "error 10100",
      "filterSubjects",
      ["tasks.rare", "tasks.urgent.now"],
    ),
    ofOther(consumer, "shop-TASKS-urgent")(
      "one of two filters that a later worker has",
      "error 10100",
      "filterSubjects",
      ["tasks.rare", "tasks.usual.now"],
    ),
    ofOther(consumer, "shop-TASKS-usual")(
      "a second worker without a filter",
      "error 10099",
      "filterSubject",
      undefined,
    ),
    ofOther(consumer, "shop-TASKS-urgent")(
      "a worker who leaves what was there before it",
      "error 10101, C002-23",
      "deliverPolicy",
      "new",
    ),
  ],
  "backups-are-safe": [
    ofNew("BucketVersioning", "iad-backups-versioning")(
      "a bucket without versions",
      "one command overwrites all",
      "versioningConfiguration/status",
      "Suspended",
    ),
    ofNew("BucketPublicAccessBlock", "iad-backups-access")(
      "a bucket that may be made public",
      "C002-12",
      "blockPublicPolicy",
      false,
    ),
    {
      what: "a bucket in the open",
      from: "C002-6",
      stacks: ["iad on a new cluster"],
      change: (draft) => draft.remove("BucketServerSideEncryptionConfiguration", "iad-backups-encryption"),
    },
  ],
  "kubernetes-api-is-not-open": [
    ofNew("eks/cluster:Cluster", "iad-cluster-eks")(
      "an API for everyone",
      "EKS's own default",
      "vpcConfig/publicAccessCidrs",
      ["0.0.0.0/0"],
    ),
    ofNew("eks/cluster:Cluster", "iad-cluster-eks")(
      "an API without a list",
      "EKS's own default",
      "vpcConfig/publicAccessCidrs",
      undefined,
    ),
  ],
  "node-group-is-small": [
    ofNew("NodeGroup", "iad-cluster-eks-nodes-us-east-1a")(
      "twenty nodes a zone",
      "a host takes one server",
      "scalingConfig/desiredSize",
      20,
    ),
  ],
  "worker-answers-probes": [
    ofWorker("a worker that nothing restarts", "C003: PM2", `${pod}/containers/0/livenessProbe`, undefined),
    ofWorker("a worker that is always ready", "C003: PM2", `${pod}/containers/0/readinessProbe`, undefined),
    ofWorker(
      "a worker that is killed in an outage of what it calls",
      "liveness by the path of readiness",
      `${pod}/containers/0/livenessProbe/httpGet/path`,
      "/readyz",
    ),
  ],
  "worker-finishes-its-messages": [
    ofWorker("30 s to stop, which is the default", "Kubernetes", `${pod}/terminationGracePeriodSeconds`, undefined),
    ofWorker("a worker that is not told how long it has", "its own default", `${pod}/containers/0/env`, []),
  ],
  "worker-writes-no-files": [
    ofWorker(
      "files that can be changed",
      "Kubernetes",
      `${pod}/containers/0/securityContext/readOnlyRootFilesystem`,
      false,
    ),
    ofWorker("a token of the API", "Kubernetes", `${pod}/automountServiceAccountToken`, undefined),
  ],
  "workers-outlive-a-node": [
    {
      what: "a worker without a budget",
      from: "Kubernetes",
      stacks: ["production-kubernetes-iad"],
      change: (draft) => draft.remove("PodDisruptionBudget", sms),
    },
    of("production-kubernetes-iad", "PodDisruptionBudget", sms)(
      "a budget of another worker",
      "Kubernetes",
      "spec/selector/matchLabels/app.kubernetes.io~1name",
      "email-worker",
    ),
    ofWorker("all workers on one node", "Kubernetes", `${pod}/topologySpreadConstraints`, []),
  ],
  "workers-have-a-maximum": [
    ofScaler("any number of workers", "Kubernetes", "spec/maxReplicas", undefined),
    ofKeda("a hundred workers, which is KEDA's default", "KEDA", "spec/maxReplicaCount", undefined),
    ofKeda("no worker while nothing waits", "KEDA: from 0 the first message waits", "spec/minReplicaCount", 0),
    ofWorker("a number that undoes the scaler's", "Kubernetes", "spec/replicas", 2),
    ofScaler("a scaler of nothing", "Kubernetes", "spec/scaleTargetRef/name", "smsworker"),
  ],
  "push-worker-is-alone": [
    {
      what: "two readers of one push durable",
      from: "JetStream: each gets every message",
      stacks: ["production-kubernetes-iad"],
      change(draft) {
        draft.set(deployment, "iad-irisx-api", "spec/strategy", { type: "Recreate" });
      },
    },
    ofWorker("a reader of a push durable that is scaled", "JetStream: each gets every message", "spec/strategy", {
      type: "Recreate",
    }),
  ],
  "job-runs-alone": [
    ofBackup("two backups at once", "each copies every stream", "spec/concurrencyPolicy", "Allow"),
    ofBackup("a backup that hangs for good", "no later one starts", `${jobSpec}/activeDeadlineSeconds`, undefined),
    ofBackup(
      "a backup whose log is lost",
      "containers replaced",
      `${jobSpec}/template/spec/restartPolicy`,
      "OnFailure",
    ),
  ],
};

function resize(draft: Draft, sizes: object): void {
  for (const { provider } of draft.resources) {
    if (provider)
      provider.props["supercluster:environment"] = JSON.stringify({
        ...(JSON.parse(String(provider.props["supercluster:environment"])) as object),
        ...sizes,
      });
  }
}
