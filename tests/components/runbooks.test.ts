import * as assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import * as path from "node:path";
import { runtime } from "@pulumi/pulumi";
import type { Failovers } from "../../config/schema/failover";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import type { Tenants } from "../../config/assets/asset";
import { suppliedKeys } from "../../config/supplied-keys";
import { formatsOf } from "../../tools/offline/plugins/keys";
import { validateTenants } from "../../config/rules/validate";
import { makeAuthority } from "../support/certificates";
import { stepsOf } from "../support/engine-steps";
import { serversMs } from "../support/limits";
import type { Registration } from "../support/mocks";
import { projectFolder } from "../support/project-copy";
import { type AnySettings, everything, others as imported, registrationsOf } from "../support/registered-stacks";
import { stackSettings } from "../support/stack-settings";

/** What a person changes of a deployed environment. */
interface Release {
  environment?: (deployed: KubernetesEnvironment) => Partial<KubernetesEnvironment>;
  tenants?: (tenants: Tenants) => Tenants;
  failovers?: Failovers;
  /** Time goes by: the certificates of servers are within their last 120 days, or past them. */
  isRenewal?: true;
  /** Protected resources that the runbook tells to unprotect. */
  unprotect?: string[];
}

interface Change {
  what: string;
  /** Deployed one after another. */
  releases: Release[];
}

const rotation = (whose: "clients" | "peers", supplied: number[] = []): Release[] => {
  const first = { trusted: [1], signing: 1 };
  const step = (trusted: number[], signing: number): Release => ({
    environment: () => ({ authorities: { clients: first, peers: first, [whose]: { trusted, signing, supplied } } }),
  });
  const [one, two, three] = [step([1, 2], 1), step([1, 2], 2), step([2], 2)];
  return [one, two, one, two, three];
};

const withUser = (user: string) => (tenants: Tenants) => ({
  ...tenants,
  irisx: { ...tenants.irisx!, users: { ...tenants.irisx!.users, [user]: { publishes: ["sms.send"] } } },
});

/** A fourth region. */
const withRegion = ({ regions, kubernetes }: KubernetesEnvironment): Partial<KubernetesEnvironment> => ({
  regions: [...regions, "sin"],
  kubernetes: { ...kubernetes, clusters: { ...kubernetes.clusters, sin: { context: "nats-sin" } } },
});

const withServer = (
  kubernetes: KubernetesEnvironment["kubernetes"],
  tag: string,
): KubernetesEnvironment["kubernetes"] => ({
  ...kubernetes,
  images: { ...kubernetes.images, nats: { ...kubernetes.images.nats, tag, digest: undefined } },
});

const withoutTenant =
  (account: string) =>
  ({ [account]: _, ...tenants }: Tenants): Tenants =>
    tenants;

/** Environment variables of workers are of tenants that are there. */
const withoutVariablesOf =
  (account: string) =>
  ({ kubernetes }: KubernetesEnvironment): Partial<KubernetesEnvironment> => {
    const { [account]: _, ...environment } = kubernetes.workers?.environment ?? {};
    return kubernetes.workers ? { kubernetes: { ...kubernetes, workers: { ...kubernetes.workers, environment } } } : {};
  };

/** Stream SMS of irisx and its durable may be deleted. */
const withDeletableSms = ({ irisx, ...tenants }: Tenants): Tenants => {
  const deletable = { deletionPolicy: "delete" } as const;
  const sms = irisx!.streams.SMS!;
  const SMS = { ...sms, ...deletable, mirrors: { ams: { ...sms.mirrors!.ams!, ...deletable } } };
  const consumers = { ...irisx!.consumers, "sms-worker": { ...irisx!.consumers["sms-worker"]!, ...deletable } };
  return { ...tenants, irisx: { ...irisx!, streams: { ...irisx!.streams, SMS }, consumers } };
};

/** irisx without SMS, its lanes, durable and worker, and what users do with them. */
const withoutSms = (tenants: Tenants): Tenants => {
  const { streams, consumers, users, workers, lanes: _lanes, ...irisx } = tenants.irisx!;
  const { SMS: _, ...otherStreams } = streams;
  const without = <T>({ "sms-worker": __, ...others }: Record<string, T>) => others;
  return {
    ...tenants,
    irisx: {
      ...irisx,
      users: { ...without(users), api: { publishes: ["email.send", "webhooks.deliver"] } },
      streams: otherStreams,
      consumers: without(consumers),
      workers: without(workers!),
    },
  };
};

/** What each runbook has a person change in the settings, outside local environments. */
const changes: Record<string, Change[]> = {
  "rotate.md": [
    { what: "the authority of clients: each step, and back", releases: rotation("clients") },
    { what: "the authority of servers: each step, and back", releases: rotation("peers") },
    { what: "syncInterval, and back", releases: [{ environment: () => ({ syncInterval: "3m" }) }, {}] },
    { what: "server certificates are renewed", releases: [{ isRenewal: true }] },
    {
      what: "a second user, then without the first",
      releases: [{ tenants: withUser("api-2") }, { tenants: withUser("api-3") }],
    },
  ],
  "own-authority.md": (["clients", "peers"] as const).map((whose) => ({
    what: `the authority of ${whose} is replaced by one that is supplied`,
    // There and back is among those of rotate.md.
    releases: rotation(whose, [2]).slice(2),
  })),
  "remove-servers.md": [{ what: "five servers, and three", releases: [{ environment: () => ({ servers: 5 }) }, {}] }],
  "add-a-region.md": [
    {
      what: "a fourth region",
      releases: [{ environment: withRegion }],
    },
  ],
  "remove-a-region.md": [
    {
      what: "the fourth region leaves",
      releases: [{ environment: withRegion }, { unprotect: ["sin-jetstream-key"] }],
    },
  ],
  "remove-a-tenant.md": [
    {
      what: "both releases",
      releases: [
        {
          tenants: (tenants) => ({
            ...tenants,
            covenant: {
              ...tenants.covenant!,
              state: "leaving",
              allowDataLoss: [{ change: "delete", maxMessages: 6 }],
            },
          }),
        },
        { tenants: withoutTenant("covenant"), environment: withoutVariablesOf("covenant") },
      ],
    },
  ],
  "grow-volumes.md": [
    {
      what: "larger volumes",
      releases: [
        {
          environment: ({ kubernetes, storage }) => ({
            storage: { ...storage, file: "180GiB" as never },
            kubernetes: { ...kubernetes, volume: { ...kubernetes.volume, size: "200GiB" } },
          }),
        },
      ],
    },
  ],
  "upgrade-nats.md": [
    {
      what: "another server, then another chart",
      releases: [
        { environment: ({ kubernetes }) => ({ kubernetes: withServer(kubernetes, "2.15.4-alpine") }) },
        {
          environment: ({ kubernetes }) => ({
            kubernetes: {
              ...withServer(kubernetes, "2.15.4-alpine"),
              chart: { ...kubernetes.chart, version: "2.14.3", path: undefined },
            },
          }),
        },
      ],
    },
  ],
  "failover.md": [
    {
      what: "a mirror takes over, and the stream comes home",
      releases: [{ failovers: { "covenant/COVENANT_USERS": { to: "ams", consumers: { ANALYTICS: "new" } } } }, {}],
    },
  ],
  "move-subjects.md": [
    { what: "a stream is deleted: both releases", releases: [{ tenants: withDeletableSms }, { tenants: withoutSms }] },
  ],
  "import.md": [
    {
      what: "a tenant more",
      releases: [{ tenants: (tenants) => ({ ...tenants, ...(imported as unknown as Tenants) }) }],
    },
  ],
};

/** Those that change no settings of what is deployed. */
const others = [
  "alerts",
  "README.md",
  "first-deployment.md",
  "jetstream-key.md",
  "lost-volume.md",
  "migrate.md",
  "pending-release.md",
  "rebuild.md",
  "replace-a-node.md",
  "restore-objects.md",
  "stale-lock.md",
];

const environments: Record<string, { name: string; environment: () => KubernetesEnvironment }> = {
  "production-kubernetes": {
    name: "production-kubernetes",
    environment: () => stackSettings("production-kubernetes-identity").environment as KubernetesEnvironment,
  },
  "an environment with all of AWS": { name: "staging", environment: onAws },
};

/** With nodes for five servers a region. */
function onAws(): KubernetesEnvironment {
  const { aws, ...environment } = structuredClone(everything);
  aws!.regions.iad!.cluster!.create!.nodes.perZone = 2;
  return { ...environment, aws };
}

/** Settings of every stack of an environment, by kind and region, as a release has them. */
function stacksOf(name: string, base: KubernetesEnvironment, release: Release): Record<string, AnySettings> {
  const { tenants: deployed, ...settings } = stackSettings("identity");
  const wanted = release.tenants?.(deployed) ?? deployed;
  const environment = {
    ...base,
    ...release.environment?.(base),
    jetstream: { jetstream: Object.keys(wanted) },
  };
  const tenants = validateTenants(wanted, environment);
  const stack = (kind: string, region?: string) =>
    ({
      ...settings,
      ...{ name, environment, tenants, degraded: [], failovers: release.failovers ?? {} },
      stack: { environment: name, kind, region },
    }) as unknown as AnySettings;
  return {
    identity: stack("identity"),
    jetstream: stack("jetstream"),
    ...Object.fromEntries(environment.regions.map((region) => [region, stack("region", region)])),
  };
}

const isServerCertificate = ({ type }: Registration): boolean => type.endsWith(":LocallySignedCert");

const keyOf = (settings: AnySettings, replaced: ReadonlySet<string> = new Set()): string =>
  JSON.stringify([settings, [...replaced].sort()]);

/** What the stacks of deployed environments register: every change starts from one of these. */
const deployedFirst = new Map<string, Registration[]>();

/** What the engine would refuse in any stack of the environment, release after release: `<release>: <op> <name>`. */
async function refusedBy(name: string, base: KubernetesEnvironment, releases: Release[]): Promise<string[]> {
  const refused: string[] = [];
  let before = stacksOf(name, base, {});
  for (const settings of Object.values(before)) {
    const key = keyOf(settings);
    if (!deployedFirst.has(key)) deployedFirst.set(key, await registrationsOf(settings));
  }
  // Asked once: each release starts from what the one before it left. Not kept for the next change, which has others.
  const registered = new Map(deployedFirst);
  const register = async (settings: AnySettings, replaced?: ReadonlySet<string>): Promise<Registration[]> => {
    const key = keyOf(settings, replaced);
    const known = registered.get(key) ?? (await registrationsOf(settings, { replaced }));
    registered.set(key, known);
    return known;
  };
  for (const [index, release] of releases.entries()) {
    const after = stacksOf(name, base, release);
    for (const stack of Object.keys(before).filter((each) => each in after)) {
      const deployed = await register(before[stack]!);
      const isProtected = new Set(
        deployed.filter(({ options }) => options.protect).map(({ type, name: own }) => `${type}::${own}`),
      );
      const steps = await stepsOf(
        deployed,
        (replaced) => register(after[stack]!, replaced),
        release.isRenewal && isServerCertificate,
      );
      for (const { op, resource, name: own, because } of steps)
        if (isProtected.has(resource)) refused.push(`${index + 1}: ${op} ${own} (${because.join(", ")})`);
    }
    before = after;
  }
  return refused;
}

describe("runbooks: the engine refuses none of their changes, outside local environments", function () {
  // Loads the SDKs of Kubernetes and AWS.
  this.timeout(serversMs);

  before(async () => {
    const { cert, key } = await makeAuthority("our own CA", 3650);
    for (const whose of ["clients", "peers"]) {
      const keys = suppliedKeys(whose, 2);
      runtime.setConfig(`supercluster:${keys.cert}`, cert);
      runtime.setConfig(`supercluster:${keys.key}`, formatsOf(key).privateKeyPem);
    }
  });

  it("each is here, unless it changes no settings of what is deployed", () => {
    const runbooks = readdirSync(path.join(projectFolder, "docs", "runbooks"));
    assert.deepEqual([...Object.keys(changes), ...others].sort(), runbooks.sort());
  });

  for (const [environment, { name, environment: base }] of Object.entries(environments))
    for (const [runbook, list] of Object.entries(changes))
      for (const { what, releases } of list)
        it(`${runbook}: ${what}, in ${environment}`, async () => {
          const expected = releases.flatMap(({ unprotect = [] }, index) =>
            unprotect.map((one) => `${index + 1}: delete ${one} (is not registered)`),
          );
          assert.deepEqual(await refusedBy(name, base(), releases), expected, `docs/runbooks/${runbook}`);
        });
});
