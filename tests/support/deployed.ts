import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Declared } from "../../config/assets/declared";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import type { Args } from "../../jetstream/wire";
import type { Supercluster } from "./nats";
import type { ProviderProcess, Resource } from "./provider-process";

/** How the provider reaches a supercluster with `defaultAccounts`. */
export function connectionSettings(
  cluster: Supercluster,
  change: Partial<ConnectionSettings> = {},
): ConnectionSettings {
  const servers = Object.values(cluster.inputs());
  return {
    owner: "supercluster/one",
    regions: [...new Set(servers.map(({ region }) => region))].map((name) => ({
      name,
      servers: servers.filter(({ region }) => region === name).map((server) => server.name),
      clientUrls: cluster.urls(name),
      degraded: false,
    })),
    ca: cluster.identity.clientCa,
    provisioners: { app: { login: "app", password: "app", inboxPrefix: "_INBOX_app" } },
    system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
    ...change,
  };
}

/** The same as the provider's configuration, with what the stack declares of account `app`. */
export const connectionTo = (
  cluster: Supercluster,
  change: Partial<ConnectionSettings> = {},
  declared?: Declared,
): Record<string, string> => ({
  "supercluster:connection": JSON.stringify(connectionSettings(cluster, change)),
  ...(declared && { "supercluster:declared": JSON.stringify({ app: declared }) }),
});

/** What a check found, when a resource is brought up all the same. */
export class CheckFailed extends Error {
  constructor(readonly failures: { property: string; reason: string }[]) {
    super(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  }
}

/** One resource in a stack's state, brought up with the calls that an engine makes, in its order. */
export class Deployed {
  private constructor(
    public provider: ProviderProcess,
    private readonly resource: Resource,
    readonly id: string,
    /** As they were given. */
    public inputs: Args,
    /** What the provider returned. */
    public state: Args,
  ) {}

  static async create(provider: ProviderProcess, resource: Resource, args: Args): Promise<Deployed> {
    const { failures } = await provider.check(resource, args);
    if (failures.length) throw new CheckFailed(failures);
    const { id, props } = await provider.create(resource, args);
    return new Deployed(provider, resource, id, args, props);
  }

  async check(args: Args): Promise<{ property: string; reason: string }[]> {
    return (await this.provider.check(this.resource, args, this.inputs)).failures;
  }

  /** Whether the engine would plan something. */
  async hasChanges(args = this.inputs): Promise<boolean> {
    const { changes } = await this.provider.diff(this.resource, this.id, this.state, args);
    return changes ?? !isDeepStrictEqual(args, this.inputs);
  }

  async up(args: Args): Promise<"same" | "updated" | "replaced"> {
    const failures = await this.check(args);
    if (failures.length) throw new CheckFailed(failures);
    const { changes, replaces, deleteBeforeReplace } = await this.provider.diff(
      this.resource,
      this.id,
      this.state,
      args,
    );
    if (replaces.length) {
      assert.ok(deleteBeforeReplace, "one name cannot be there twice");
      const again = await this.provider.check(this.resource, args);
      if (again.failures.length) throw new CheckFailed(again.failures);
      await this.delete();
      this.store(args, (await this.provider.create(this.resource, args)).props);
      return "replaced";
    }
    if (!(changes ?? !isDeepStrictEqual(args, this.inputs))) return "same";
    return this.update(args);
  }

  /** Without a check before it: what is there has changed since. */
  async update(args: Args): Promise<"updated"> {
    this.store(args, await this.provider.update(this.resource, this.id, this.state, args));
    return "updated";
  }

  async refresh(): Promise<void> {
    const { inputs, props } = await this.provider.read(this.resource, this.id, this.state);
    this.store(inputs ?? this.inputs, props);
  }

  delete = (): Promise<void> => this.provider.delete(this.resource, this.id, this.state);

  private store(inputs: Args, state: Args): void {
    [this.inputs, this.state] = [inputs, state];
  }
}
