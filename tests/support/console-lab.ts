import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { assetsOf } from "../../config/assets/assets";
import { loginOf } from "../../config/assets/standard";
import { stackName, stacksOf } from "../../config/stacks";
import { stateFolder } from "../../engine/environment";
import type { RegionOutputs } from "../../stacks/outputs";
import type { LocalEnvironment } from "../../config/schema/settings";
import type { Tenants } from "../../config/assets/asset";
import { accountsOf } from "../../components/security/accounts";
import { inboxPrefixOf } from "../../components/security/permissions";
import { type RunningConsole, startConsole } from "../../console/server/serve";
import type { ConsoleOptions } from "../../console/server/serve";
import type { Access } from "../../operations/access/access";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";
import { accountsText, createAssets, localEnvironment } from "./accounts";
import { Supercluster } from "./nats";

/** What a console looks at: real servers with the streams and durables of tenants, and their users. */
export class ConsoleLab {
  private constructor(
    readonly cluster: Supercluster,
    readonly checked: CheckedEnvironment,
    readonly access: Access,
  ) {}

  static async start(tenants: Tenants, shape: { regions: string[]; servers: 1 | 3 }): Promise<ConsoleLab> {
    const storage = { file: "200GiB", memory: "2GiB" } as const;
    const jetstream = { jetstream: Object.keys(tenants) };
    const settings = localEnvironment({ ...shape, storage, jetstream });
    const cluster = await Supercluster.prepare({
      ...shape,
      accounts: accountsText(settings, tenants),
      settings: { storage },
    });
    try {
      await cluster.ensure();
      await cluster.ready();
      const environment: LocalEnvironment = { ...settings, basePort: cluster.options.basePort };
      const lab = new ConsoleLab(cluster, checkedOf(environment, tenants), {
        name: "local",
        environment,
        ca: cluster.identity.clientCa,
        accounts: accessOf(environment, tenants),
      });
      const assets = assetsOf(environment, tenants);
      for (const account of Object.keys(tenants)) {
        const provisioner = await lab.as(account, "provisioner");
        await createAssets(provisioner, assets, account);
        await provisioner.close();
      }
      return lab;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** What the stack of a region would have as outputs, e.g. workers and what monitors it. */
  writeOutputs(region: string, outputs: Partial<RegionOutputs>): void {
    const { project, environment, name } = this.checked;
    const stack = stackName({ environment: name, kind: "region", region });
    assert.ok(environment.regions.includes(region));
    const folder = path.join(stateFolder(), ".pulumi", "stacks", project.name);
    fs.mkdirSync(folder, { recursive: true });
    const resources = [{ urn: "", type: "pulumi:pulumi:Stack", outputs }];
    fs.writeFileSync(path.join(folder, `${stack}.json`), JSON.stringify({ checkpoint: { latest: { resources } } }));
  }

  /** Connects as a user of a tenant, with its permissions. */
  as(account: string, user: string) {
    return this.cluster.connect(loginOf(account, user), {
      inboxPrefix: inboxPrefixOf(user),
      maxReconnectAttempts: -1,
    });
  }

  console(options: ConsoleOptions = {}): Promise<RunningConsole> {
    return startConsole(this.checked, { access: this.access, ...options });
  }
}

const checkedOf = (environment: LocalEnvironment, tenants: Tenants): CheckedEnvironment => ({
  project: { name: "supercluster", environments: {}, declared: [], stacks: {} },
  ...{ name: "local", environment, tenants, accounts: tenants, failovers: {}, rotations: {} },
  stacks: stacksOf("local", environment),
});

/** Every password is the user's login. */
function accessOf(environment: LocalEnvironment, tenants: Tenants): Access["accounts"] {
  return Object.fromEntries(
    accountsOf(environment, tenants).map(({ name, users }) => [
      name,
      {
        users: Object.fromEntries(
          users.map((user) => [
            user.name,
            { login: user.login, password: user.login, inboxPrefix: inboxPrefixOf(user.name) },
          ]),
        ),
      },
    ]),
  );
}
