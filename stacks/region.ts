import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config/load";
import type { Tenants } from "../config/assets/asset";
import { calloutWorkers } from "../config/assets/auth-callout";
import type { RegionIdentity, RegionSpec } from "../config/assets/region";
import { type WorkerAsset, workerKey, workersOfRegion } from "../config/assets/workers";
import { backup, withBackups } from "../config/assets/backups";
import { statedConnections } from "../config/assets/account-limits";
import { declaredReservations } from "../config/assets/reservations";
import type { KubernetesEnvironment } from "../config/schema/settings";
import { isAskedFor, type LocalParts } from "../config/local-parts";
import { stackName } from "../config/stacks";
import { listenersOf } from "../config/listeners";
import { clientUrls, listenerUrls, serversOf, workersNamespaceOf } from "../config/topology";
import { warningsOf } from "../config/rules/warnings";
import { rulesFile, rulesOf } from "../observability/rules";
import { awsLocationOf } from "../components/aws/location";
import type { LocalRegion } from "../components/local/region";
import { accountsOf } from "../components/security/accounts";
import { runsWith } from "../components/supercluster/pod-parts";
import { deployBackups } from "./backups";
import { declaredFailovers } from "./declared-failovers";
import { coveredConnections, coveredReservations } from "./account-limits";
import { refuseDroppedOwners } from "./dropped-accounts";
import { askedOnce, connectionsInUse } from "./held-streams";
import { login } from "./logins";
import type { RegionOutputs, WorkerOutputs } from "./outputs";
import { identityInStore, regionIdentity } from "./read-identity";
import { fullName, outputsOf } from "./references";
import { refuseForgottenServers, refuseStoppingHolders } from "./removed-servers";
import type { Deployed } from "./system-connection";
import { deployWorkers, type Workers, workersIn } from "./workers";

/** The servers of one region and all they need. Complete when they serve; it waits for no other region. */
export async function region({ name, environment, stack, tenants }: Settings<"region">): Promise<pulumi.Inputs> {
  const known = { name: stack.region, environment: name, settings: environment };
  const before = await deployedRegion(stackName(stack));
  if (before) await refuseStoppingHolders(known, before);
  else refuseForgottenServers(known);
  const deployed = before ?? (await deployedElsewhere(known));
  const declared = declaredReservations(environment, tenants);
  const ask = deployed && askedOnce(known, deployed);
  const reservations = ask ? await coveredReservations(tenants, declared, deployed.reservations, ask) : declared;
  const connections = deployed
    ? await coveredConnections(tenants, deployed.connections, (names) => connectionsInUse(known, deployed, names))
    : statedConnections(tenants);
  const failovers = declaredFailovers(name, environment, tenants);
  const accounts = accountsOf(environment, tenants, { reservations, connections, failovers });
  const spec: RegionSpec = { ...known, accounts };
  if (before) await refuseDroppedOwners(spec, Object.keys(before.accounts), ask!);
  for (const warning of warningsOf({ environment, tenants })) await pulumi.log.warn(warning);
  const { identity, outputs } = await servers(spec, tenants, before);

  const addresses = serversOf(environment, stack.region);
  return {
    region: {
      name: stack.region,
      servers: addresses.map((server) => server.name),
      clientUrls: clientUrls(environment, stack.region),
      monitorUrls: addresses.map(({ monitor }) => monitor),
      gatewayUrls: addresses.map(({ gateway }) => gateway),
      ...(listenersOf(environment).length > 0 && { listenerUrls: listenerUrls(environment, stack.region) }),
    },
    runsWith: runsWith(spec),
    reservations,
    connections,
    // The engine warns about each undefined output.
    ...Object.fromEntries(Object.entries(outputs).filter(([, value]) => value !== undefined)),
    // Every client gets the certificate; only the rest of the identity is secret.
    ca: pulumi.unsecret(identity.clientCa),
    accounts: Object.fromEntries(
      spec.accounts.map((account) => [
        account.name,
        {
          users: Object.fromEntries(
            account.users.map((user) => [user.name, userOutputs(spec, identity, account.name, user.name)]),
          ),
        },
      ]),
    ),
  } satisfies Record<RequiredOutput, unknown>;
}

/** A region as it was deployed last; undefined where it was not. */
async function deployedRegion(stack: string): Promise<Deployed | undefined> {
  const found = ((await outputsOf(fullName(stack))) ?? {}) as Partial<RegionOutputs>;
  const { region: deployed, ca, accounts, reservations, connections, workers, monitoring } = found;
  return ca && accounts
    ? { region: deployed, ca, accounts, reservations, connections, workers, monitoring }
    : undefined;
}

/** Another region of the environment: accounts are the same in all, so a new region begins with their limits. */
async function deployedElsewhere({ name, environment, settings }: Omit<RegionSpec, "accounts">) {
  for (const region of settings.regions.filter((other) => other !== name)) {
    const found = await deployedRegion(stackName({ environment, kind: "region", region }));
    if (found) return found;
  }
  return undefined;
}

/** Whether a part of a local region runs: as this run was asked to, else as it was deployed last. */
const runsLocally = (part: keyof LocalParts, before: Deployed | undefined): boolean =>
  isAskedFor(part) ?? before?.[part] !== undefined;

/** Where local workers are found. */
const reported = ({ workers: running }: LocalRegion, workers: readonly WorkerAsset[]) =>
  Object.fromEntries(
    workers.map(workerKey).map((key) => {
      const { health, url } = running[key]!;
      return [
        key,
        pulumi.all([health, url]).apply(([healthUrl, served]): WorkerOutputs => ({
          health: healthUrl,
          ...(served !== undefined && { url: served }),
        })),
      ];
    }),
  );

/** Outputs of every region; the others depend on its target. */
type RequiredOutput = {
  [Key in keyof RegionOutputs]-?: undefined extends RegionOutputs[Key] ? never : Key;
}[keyof RegionOutputs];

function userOutputs(
  spec: RegionSpec,
  identity: pulumi.Output<RegionIdentity>,
  account: string,
  user: string,
): pulumi.Inputs {
  const known = spec.accounts.find(({ name }) => name === account)!.users.find(({ name }) => name === user)!;
  const found = identity.users.apply((users) => login(spec.accounts, users, account, user));
  return {
    login: pulumi.unsecret(found.apply((one) => one.login)),
    inboxPrefix: known.inboxPrefix,
    ...(known.byNkey && { byNkey: true }),
    ...(known.byCallout && { byCallout: known.byCallout }),
    ...(known.byCallout === "certificate" && { certificate: found.apply(({ certificate }) => certificate) }),
    password: pulumi.secret(found.apply(({ password }) => password)),
  };
}

interface Servers {
  identity: pulumi.Output<RegionIdentity>;
  /** Outputs that only this target has. */
  outputs: Partial<Record<Exclude<keyof RegionOutputs, RequiredOutput>, pulumi.Input<unknown>>>;
}

/** The only place that knows the targets. Each loads only what it needs: the cloud's SDKs take seconds to load. */
async function servers(spec: RegionSpec, tenants: Tenants, before: Deployed | undefined): Promise<Servers> {
  const { settings } = spec;
  if (settings.target === "kubernetes") return onKubernetes({ ...spec, settings }, tenants, before);
  const identity = await regionIdentity(spec);
  return { identity, outputs: onThisMachine(spec, { identity, tenants, before }) };
}

function onThisMachine(
  region: RegionSpec,
  { identity, tenants, before }: { identity: pulumi.Output<RegionIdentity>; tenants: Tenants; before?: Deployed },
): Servers["outputs"] {
  const { LocalRegion } = require("../components/local/region") as typeof import("../components/local/region");
  const runsWorkers = runsLocally("workers", before);
  const ofTenants = runsWorkers ? workersOfRegion(tenants, region.name) : [];
  // Users by token and certificate need it, whether workers run or not.
  const services = calloutWorkers(region.settings);
  const workers = [...ofTenants, ...services];
  const local = new LocalRegion(region.name, { region, identity, workers });
  return {
    ...(runsWorkers && { workers: reported(local, ofTenants), database: local.database }),
    ...(services.length > 0 && { services: reported(local, services) }),
    ...(runsLocally("monitoring", before) && {
      monitoring: monitoringOf(region, { local, ca: pulumi.unsecret(identity.clientCa), workers, tenants }),
    }),
  };
}

function monitoringOf(
  region: RegionSpec,
  { tenants, ...parts }: { local: LocalRegion; ca: pulumi.Output<string>; workers: WorkerAsset[]; tenants: Tenants },
) {
  const { LocalMonitoring } =
    require("../components/local/monitoring") as typeof import("../components/local/monitoring");
  const rules = rulesFile(rulesOf(region.settings, tenants, region.name, parts));
  return new LocalMonitoring(region.name, { region, ...parts, rules }).urls;
}

async function onKubernetes(
  region: RegionSpec & { settings: KubernetesEnvironment },
  tenants: Tenants,
  before: Deployed | undefined,
): Promise<Servers> {
  const { name, environment, settings } = region;
  const workers: Workers = settings.kubernetes.workers ? workersIn(settings, tenants, name) : new Map();
  type Kubernetes = typeof import("../components/supercluster/kubernetes-region");
  const { KubernetesRegion } = require("../components/supercluster/kubernetes-region") as Kubernetes;
  type Balancers = typeof import("../components/supercluster/load-balancers");
  const { mapUses } = require("../components/supercluster/load-balancers") as Balancers;
  const location = awsLocationOf(environment, settings, name);
  const aws =
    location &&
    new (require("../components/aws/region") as typeof import("../components/aws/region")).AwsRegion(name, {
      location,
      region,
    });
  const fromAws = aws?.readIdentity();
  const isInStore = settings.kubernetes.identitySecret !== undefined && !fromAws;
  const servers = new KubernetesRegion(name, {
    region,
    identity: isInStore ? await identityInStore(region) : await regionIdentity(region, fromAws),
    cluster: aws?.cluster ? { kubeconfig: aws.cluster.kubeconfig } : settings.kubernetes.clusters[name]!,
    rules: rulesOf(settings, tenants, name),
    kmsKeyId: aws?.key,
    annotations: aws?.annotations,
    workerNamespaces: [...workers.keys(), ...(withBackups(settings, name) ? [backup] : [])].map((tenant) =>
      workersNamespaceOf(settings, name, tenant)!,
    ),
  });
  const { identity } = servers;
  const host = (hosts: pulumi.Output<string[]>) => hosts.apply(([first]) => first!);
  aws?.records(mapUses(servers.loadBalancers, host));
  deployBackups(region, { provider: servers.provider, identity, aws });
  return {
    identity,
    outputs: {
      loadBalancers: servers.loadBalancers,
      scrapeConfig: servers.scrapeConfig,
      objects: servers.objects,
      connectionSecrets: aws?.connectionSecrets(identity),
      backups: aws?.backups,
      natAddresses: aws?.cluster?.natAddresses,
      kubeconfig: aws?.cluster?.kubeconfig,
      workers: await deployWorkers(region, workers, { provider: servers.provider, identity, before }),
    },
  };
}
