import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { deadLetterNames } from "../../workers/messaging/contract";
import { calloutSystem } from "../../config/assets/auth-callout";
import { probe } from "../../config/assets/probe";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { type ServerAddresses, serversOf } from "../../config/topology";
import { loginOf } from "../../config/assets/standard";
import { type WorkerAsset, workerKey } from "../../config/assets/workers";
import { accountsConf } from "../security/accounts-conf";
import { connections } from "../security/connections";
import { LocalDatabase } from "./database";
import { databaseUrl } from "./database-layout";
import { serverDescription, serverFiles } from "./layout";
import { LocalServer } from "./server";
import { LocalWorker } from "./worker";
import { workerDescription } from "./worker-layout";

export interface LocalRegionArgs {
  region: RegionSpec;
  /** The region's part of the identity; its keys stay secret. */
  identity: pulumi.Input<RegionIdentity>;
  /** Workers that run beside the servers. Default: none. */
  workers?: readonly WorkerAsset[];
}

/** The PostgreSQL server of a region's workers, a database for each account. */
export interface RegionDatabase {
  accounts: string[];
  /** On 127.0.0.1; undefined: this machine has no PostgreSQL, so each worker has a database of its own. */
  port: pulumi.Output<number | undefined>;
  /** By account; none without a server. Secret. */
  urls: pulumi.Output<Record<string, string>>;
}

/**
 * The servers of one region as processes on this machine. Complete when all of them serve; it waits for no other
 * region.
 */
export class LocalRegion extends pulumi.ComponentResource {
  readonly servers: LocalServer[];
  /** Addresses of the servers; known when they serve. */
  readonly addresses: pulumi.Output<ServerAddresses[]>;
  /** Its workers by `<account>/<worker>`. */
  readonly workers: Record<string, LocalWorker>;
  /** Where its workers keep their state; undefined: none has any. */
  readonly database: RegionDatabase | undefined;

  constructor(
    name: string,
    { region, identity, workers = [] }: LocalRegionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:local:Region", name, {}, opts);
    const addresses = serversOf(region.settings, region.name);
    const files = pulumi
      .output(identity)
      .apply((known) => serverFiles(known, accountsConf(region.accounts, known.users), region.settings));
    // Only keys and accounts are secret: the rest of the identity's files may appear in a plan.
    const { certificates, jetstreamKeyFingerprint } = pulumi.unsecret(files);
    this.servers = addresses.map(
      (_, index) =>
        new LocalServer(
          `${name}-${index}`,
          { ...serverDescription(region, index), certificates, jetstreamKeyFingerprint, secrets: files.secrets },
          { parent: this },
        ),
    );
    this.addresses = pulumi.all(this.servers.map((server) => server.name)).apply(() => addresses);
    const logins = pulumi.secret(pulumi.output(identity).apply((known) => connections(region, known)));
    this.database = databaseOf(name, region, workers, this);
    this.workers = Object.fromEntries(
      workers.map((worker) => {
        const description = workerDescription({ environment: region.environment, region: region.name }, worker);
        const connection = logins.apply((all) => all[loginOf(worker.account, worker.user!)]!);
        const database = keepsState(worker) ? this.database?.urls.apply((urls) => urls[worker.account]!) : undefined;
        const args = { ...description, connection, ...(database && { database }) };
        // Stopped before the servers.
        const options = { parent: this, dependsOn: this.servers };
        return [workerKey(worker), new LocalWorker(`${name}-${description.name}`, args, options)];
      }),
    );
    this.registerOutputs({ addresses: this.addresses });
  }
}

/** The collector of dead letters and the probe have streams only, the auth callout nothing. */
const stateless: readonly string[] = [deadLetterNames.collector, probe, calloutSystem];
const keepsState = ({ system }: WorkerAsset): boolean => !stateless.includes(system);

function databaseOf(
  name: string,
  { environment, name: region }: RegionSpec,
  workers: readonly WorkerAsset[],
  parent: pulumi.Resource,
): RegionDatabase | undefined {
  const accounts = [...new Set(workers.filter(keepsState).map(({ account }) => account))];
  if (accounts.length === 0) return undefined;
  const passwordOf = (account: string) =>
    new random.RandomPassword(`${name}-database-${account}`, { length: 32, special: false }, { parent }).result;
  const passwords = pulumi.secret(Object.fromEntries(accounts.map((account) => [account, passwordOf(account)])));
  const { port } = new LocalDatabase(`${name}-database`, { environment, region, passwords }, { parent });
  const urls = pulumi
    .all([port, passwords])
    .apply(([known, all]) =>
      Object.fromEntries(
        known === undefined
          ? []
          : Object.entries(all).map(([account, password]) => [account, databaseUrl(account, password, known)]),
      ),
    );
  return { accounts, port, urls };
}
