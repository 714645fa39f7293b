import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { type ServerAddresses, serversOf } from "../../config/topology";
import { loginOf } from "../../config/assets/standard";
import { type WorkerAsset, workerKey } from "../../config/assets/workers";
import { accountsConf } from "../security/accounts-conf";
import { connections } from "../security/connections";
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

  constructor(
    name: string,
    { region, identity, workers = [] }: LocalRegionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:local:Region", name, {}, opts);
    const addresses = serversOf(region.settings, region.name);
    const files = pulumi
      .output(identity)
      .apply((known) => serverFiles(known, accountsConf(region.accounts, known.users)));
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
    this.workers = Object.fromEntries(
      workers.map((worker) => {
        const description = workerDescription({ environment: region.environment, region: region.name }, worker);
        const connection = logins.apply((all) => all[loginOf(worker.account, worker.user!)]!);
        const args = { ...description, connection };
        // Stopped before the servers.
        const options = { parent: this, dependsOn: this.servers };
        return [workerKey(worker), new LocalWorker(`${name}-${description.name}`, args, options)];
      }),
    );
    this.registerOutputs({ addresses: this.addresses });
  }
}
