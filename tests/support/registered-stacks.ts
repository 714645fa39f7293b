import { declaredReservations } from "../../config/assets/reservations";
import { aws } from "../../config/schema/aws";
import { listeners } from "../../config/schema/listeners";
import type { Settings } from "../../config/load";
import { partialPlan } from "../../config/partial-plan";
import type { KubernetesEnvironment, StackSettings } from "../../config/schema/settings";
import { stackName } from "../../config/stacks";
import { validateTenants } from "../../config/rules/validate";
import { identity } from "../../stacks/identity";
import { jetstream } from "../../stacks/jetstream";
import { region } from "../../stacks/region";
import { environmentCallout, gallery } from "../../docs/examples/tenants/auth-callout";
import { tenants } from "../../tenants";
import { identityOutputs } from "./identity";
import { kubernetesEnvironment, kubernetesSettings } from "./kubernetes";
import { record, type RecordOptions, type Registration } from "./mocks";
import { type Shown, shownOf } from "./policies";
import { stackSettings } from "./stack-settings";

/** What stacks register, real ones and others with every optional part on: what policies have to let through. */

export type AnySettings = Settings<StackSettings["kind"]>;

const account = "123456789012";
const sourceRanges = ["10.0.0.0/8", "203.0.113.0/24"];
const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

/** Regions on new clusters of AWS, with all that can be made there. */
export const everything = kubernetesEnvironment({
  authCallout: environmentCallout,
  listeners: listeners.parse({ websocket: {}, leafNodes: {}, mqtt: {} }),
  kubernetes: kubernetesSettings({
    clusters: { syd: { context: "nats-syd" } },
    namespace: "nats-<region>",
    chart: { path: "charts/nats-2.14.2.tgz" },
    images: { registry: "registry.example.com:5000", pullSecrets: ["registry"], nats: { digest }, box: { digest } },
    resources: { cpuLimit: "2" },
    volume: { storageClass: { name: "nats" } },
    spread: { zones: "DoNotSchedule" },
    nodeSelector: { pool: "nats" },
    tolerations: [{ key: "nats", operator: "Exists", effect: "NoSchedule" }],
    priorityClassName: "messaging",
    labels: { all: { team: "messaging" }, pods: { mesh: "off" } },
    annotations: { all: { contact: "ops-<region>" } },
    connectionSecrets: { store: { name: "vault" } },
    workers: {
      image: { repository: "messaging/workers", digest },
      scaling: { by: "keda" },
      environment: { irisx: { API_HOST: "0.0.0.0" } },
    },
    backups: {
      region: "iad",
      recipients: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
      verify: { keySecret: "backup-key" },
    },
    networkPolicy: {
      clients: { namespaces: ["shop"], sourceRanges },
      gateways: { sourceRanges },
      metrics: { namespaces: ["monitoring"] },
    },
    loadBalancers: {
      ...{ public: true, sourceRanges, dns: "external-dns" },
      listeners: { websocket: { sourceRanges: ["0.0.0.0/0"] }, mqtt: { port: 8884 } },
    },
    monitoring: {
      ...{ podMonitor: true, prometheusRule: true, labels: { release: "prometheus" } },
      exporter: { jetstream: "streams" },
    },
  }),
  aws: aws.parse({
    tags: { team: "messaging" },
    regions: {
      iad: {
        ...{ region: "us-east-1", account, role: `arn:aws:iam::${account}:role/deploy` },
        cluster: {
          name: "nats-iad",
          create: {
            version: "1.34",
            administrators: [`arn:aws:iam::${account}:role/deploy`],
            cidr: "10.20.0.0/16",
            apiSourceRanges: ["203.0.113.7/32"],
          },
        },
        ...{
          key: {},
          backups: { expireAfter: "365d" },
          connectionSecrets: {},
          identitySecret: {},
          securityGroups: true,
        },
      },
      ams: { region: "eu-west-1", account, cluster: { name: "shared" }, backups: {}, securityGroups: true },
    },
  }),
});

/** Small and plain: one server a region, in memory of the cluster that is there, nothing optional. */
const route53 = kubernetesEnvironment({
  kubernetes: kubernetesSettings({
    clusters: {},
    loadBalancers: { dns: "route53" },
    access: "loadBalancer",
    volume: { storageClass: {} },
  }),
  aws: aws.parse({
    regions: Object.fromEntries(
      ["iad", "ams", "syd"].map((name) => [
        name,
        {
          region: "us-east-1",
          account,
          cluster: { name: `nats-${name}` },
          hostedZone: "Z0123456789",
          key: { arn: `arn:aws:kms:us-east-1:${account}:key/01234567-89ab-cdef-0123-456789abcdef` },
        },
      ]),
    ),
  }),
});

/** Keys come to regions by a secret store. */
export const byStore = kubernetesEnvironment({
  kubernetes: kubernetesSettings({
    identitySecret: { store: { name: "vault" }, cluster: { context: "management" } },
  }),
});

/** What `iad` gave when it was deployed, with streams and durables, before its servers stopped answering. */
const deployedWithWorkers = () => ({
  region: { name: "iad", servers: ["iad-0", "iad-1", "iad-2"] },
  ca: "certificate of the client CA",
  accounts: { sys: { users: { admin: { login: "sys-admin", password: "password", inboxPrefix: "_INBOX_admin" } } } },
  reservations: declaredReservations(everything, tenants),
  connections: {},
  workers: Object.fromEntries(
    Object.keys(tenants.irisx!.workers!).map((name) => [`irisx/${name}`, { namespace: "workers-irisx" }]),
  ),
});

/** Outputs of stacks that are deployed already. */
const deployed: Record<string, () => Record<string, unknown>> = { "iad with workers by KEDA": deployedWithWorkers };

/** Settings of a stack of an environment that is in no file. */
function settingsIn(name: string, environment: KubernetesEnvironment, stack: object): AnySettings {
  return { ...settingsOf("iad"), name, environment, stack: { environment: name, ...stack } } as AnySettings;
}

const settingsOf = (stack: string): AnySettings => ({ ...stackSettings(stack), failovers: {} });

const real = [
  ...["identity", "iad", "ams", "syd", "jetstream"].flatMap((name) => [name, `local-${name}`]),
  "production-kubernetes-iad",
];

/**
 * A tenant that uses what the four do not: sources, interest, a work queue of two workers, a push group, buckets'
 * fields.
 */
export const others = {
  shop: {
    name: "shop",
    home: "ams",
    streams: {
      ORDERS: {
        subjects: ["orders.>"],
        retention: "interest",
        storage: "file",
        replicas: 3,
        maxAge: "7d",
        maxBytes: "1GiB",
        discard: "new",
      },
      ALL: {
        subjects: [],
        sources: ["RETURNS"],
        retention: "limits",
        storage: "file",
        replicas: 3,
        maxAge: "30d",
        maxBytes: "2GiB",
        discard: "old",
      },
      RETURNS: {
        subjects: ["returns.*"],
        retention: "limits",
        storage: "file",
        replicas: 3,
        maxAge: "30d",
        maxBytes: "1GiB",
        discard: "old",
        deletionPolicy: "delete-if-empty",
        mirrors: { iad: { maxAge: "1d", maxBytes: "1GiB" } },
      },
      TASKS: {
        subjects: ["tasks.>"],
        retention: "workqueue",
        storage: "file",
        replicas: 3,
        maxAge: "7d",
        maxBytes: "1GiB",
        discard: "new",
      },
      RENAMED: {
        subjects: ["raw.*"],
        subjectTransform: { src: "raw.*", dest: "clean.{{wildcard(1)}}" },
        retention: "limits",
        storage: "file",
        replicas: 3,
        maxAge: "7d",
        maxBytes: "1GiB",
        discard: "old",
      },
    },
    consumers: {
      billing: { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", maxDeliver: 5, deliverPolicy: "all" },
      report: {
        mode: "pull",
        streams: ["ALL"],
        filterSubjects: ["returns.>"],
        ackPolicy: "explicit",
        maxDeliver: 5,
        deliverPolicy: "all",
      },
      urgent: {
        mode: "pull",
        streams: ["TASKS"],
        filterSubjects: ["tasks.urgent.>"],
        ackPolicy: "explicit",
        maxDeliver: 5,
        deliverPolicy: "all",
      },
      usual: {
        mode: "pull",
        streams: ["TASKS"],
        filterSubjects: ["tasks.usual.>"],
        ackPolicy: "explicit",
        maxDeliver: 5,
        deliverPolicy: "all",
      },
      clean: {
        mode: "pull",
        streams: ["RENAMED"],
        filterSubjects: ["clean.*"],
        ackPolicy: "explicit",
        maxDeliver: 5,
        deliverPolicy: "all",
      },
    },
    users: {
      api: {
        publishes: ["orders.>", "returns.*", "tasks.>", "raw.*"],
        consumes: ["billing", "report", "urgent", "usual", "clean"],
      },
    },
  },
};

const variants: Record<string, () => AnySettings> = {
  ...Object.fromEntries(real.map((stack) => [stack, () => settingsOf(stack)])),
  "iad on a new cluster": () => settingsIn("staging", everything, { kind: "region", region: "iad" }),
  "iad with workers by KEDA": () => settingsIn("staging", everything, { kind: "region", region: "iad" }),
  "ams on a shared cluster": () => settingsIn("staging", everything, { kind: "region", region: "ams" }),
  "syd without AWS": () => settingsIn("staging", everything, { kind: "region", region: "syd" }),
  "iad with Route53": () => settingsIn("staging", route53, { kind: "region", region: "iad" }),
  "identity with a secret": () => settingsIn("staging", everything, { kind: "identity" }),
  "identity to a store": () => settingsIn("staging", byStore, { kind: "identity" }),
  "iad by a store": () => settingsIn("staging", byStore, { kind: "region", region: "iad" }),
  "jetstream by port-forward": () =>
    settingsIn("staging", kubernetesEnvironment({ kubernetes: kubernetesSettings({ access: "portForward" }) }), {
      kind: "jetstream",
    }),
  "jetstream without syd": () => ({ ...settingsOf("jetstream"), degraded: ["syd"] }),
  "jetstream failed over": () => ({
    ...settingsOf("jetstream"),
    failovers: { "covenant/COVENANT_USERS": { to: "ams", consumers: { ANALYTICS: "new" } } },
  }),
  "jetstream with a tenant that leaves": () => leaving(settingsOf("jetstream")),
  "identity with a tenant that leaves": () => leaving(settingsOf("identity")),
  "identity while an authority is replaced": () => {
    const settings = settingsOf("identity");
    const replaced = { trusted: [1, 2], signing: 2 };
    return {
      ...settings,
      environment: { ...settings.environment, authorities: { clients: replaced, peers: replaced } },
    };
  },
  "iad with the probe": () => probed(settingsIn("staging", everything, { kind: "region", region: "iad" })),
  "jetstream with the probe": () => probed(settingsOf("jetstream")),
  "local-iad with an auth callout": () => withCallout(settingsOf("local-iad")),
  "local-identity with an auth callout": () => withCallout(settingsOf("local-identity")),
  "identity with an auth callout": () => withCallout(settingsOf("identity")),
  "jetstream of another tenant": () => {
    const environment = kubernetesEnvironment({ jetstream: { jetstream: ["shop"] } });
    return {
      ...settingsIn("staging", environment, { kind: "jetstream" }),
      tenants: validateTenants(others, environment),
    };
  },
};

function probed(settings: AnySettings): AnySettings {
  const environment = { ...settings.environment, jetstream: { jetstream: [...Object.keys(tenants), "probe"] } };
  return { ...settings, environment, tenants: validateTenants(tenants, environment) };
}

/** Without workers: the service runs nevertheless. */
function withCallout(settings: AnySettings): AnySettings {
  const jetstream = { jetstream: ["gallery"] };
  const environment = { ...settings.environment, authCallout: environmentCallout, jetstream };
  const streams = { TICKETS: { ...gallery.streams.TICKETS!, replicas: 3 as const } };
  return { ...settings, environment, tenants: validateTenants({ gallery: { ...gallery, streams } }, environment) };
}

function leaving(settings: AnySettings): AnySettings {
  const changed = { ...tenants, irisx: { ...tenants.irisx!, state: "leaving" as const } };
  return { ...settings, tenants: changed };
}

export const stackNames: readonly string[] = Object.keys(variants);
/** Those in the files of this project. */
export const realStacks: readonly string[] = real;

const programs = { identity, region, jetstream } as Record<StackSettings["kind"], (settings: AnySettings) => unknown>;

/** What a stack's program registers, and how it is asked for. */
export async function registrationsOf(
  settings: AnySettings,
  {
    before: outputs,
    ...options
  }: Pick<RecordOptions, "preview" | "replaced"> & { before?: Record<string, unknown> } = {},
): Promise<Registration[]> {
  const stack = stackName(settings.stack);
  const identities = identityOutputs(settings.environment, settings.tenants);
  const references = {
    [`organization/supercluster/${stackName({ environment: settings.name, kind: "identity" })}`]: identities,
    // Of itself, for what was there before a region was lost.
    [`organization/supercluster/${stack}`]: outputs ?? {
      accounts: settings.degraded.length ? { covenant: { streams: ["COVENANT_USERS-syd"], consumers: [] } } : {},
    },
  };
  const calls = {
    "aws:secretsmanager/getSecretVersion:getSecretVersion": () => ({ secretString: JSON.stringify(identities.iad) }),
    "aws:eks/getCluster:getCluster": (inputs: Record<string, unknown>) => ({
      ...{ ...inputs, endpoint: "https://there.example.com", certificateAuthorities: [{ data: "Y2E=" }] },
      vpcConfig: { vpcId: "vpc-0", clusterSecurityGroupId: "sg-cluster" },
    }),
  };
  const before = process.env[partialPlan];
  if (options.preview) process.env[partialPlan] = "1";
  try {
    const program = async () => programs[settings.stack.kind](settings);
    return (await record(program, { stack, references, calls, ...options })).registrations;
  } finally {
    if (before === undefined) delete process.env[partialPlan];
    else process.env[partialPlan] = before;
  }
}

/**
 * What a stack registers, as policies see it. With `preview` as on its very first preview: nothing that a provider or
 * another stack has to say is known.
 */
export async function registered(name: string, { preview = false } = {}): Promise<Shown[]> {
  const settings = variants[name]!();
  return shownOf(stackName(settings.stack), await registrationsOf(settings, { preview, before: deployed[name]?.() }));
}
