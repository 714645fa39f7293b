import type * as dynamic from "@pulumi/pulumi/dynamic";
import { insteadOf } from "../../../config/problems";
import { type Args, fromWire, toWire } from "../wire";
import { changing, looking } from "./api";
import { Connections } from "./connections";
import { waitUntilReady } from "./gate";
import { type AssetKind, consumerKind, idOf, streamKind } from "./kinds";
import { ensure, observe, type Account, remove } from "./reconcile";
import { consumerRules, type ImmutableRule, streamRules } from "./rules";
import { connectionKey, type ConnectionSettings } from "./settings";

/** What the engine sends for a value that a preview does not know yet. `unknownValue` of @pulumi/pulumi/runtime/rpc. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const shimKey = "__provider";

const waits = { unreachableMs: 15_000, deadlineMs: 120_000 };
/** A refresh may be part of a preview on a machine that sees no servers: it only looks. */
const look = { unreachableMs: 3_000, deadlineMs: 15_000 };

const say = (line: string) => process.stderr.write(`${line}\n`);

/** One a process, whatever the number of resources. */
class Session {
  private readonly connections: Connections;
  private ready: Promise<void> | undefined;

  constructor(private readonly settings: ConnectionSettings) {
    this.connections = new Connections(settings);
  }

  async account(args: Args, patience = waits): Promise<Account> {
    const region = this.settings.regions.find(({ name }) => name === args.region);
    if (region?.degraded) throw new Error(`region ${region.name} is named in supercluster:degraded; what lives there is left alone`);
    await this.whenReady(patience);
    return { connection: await this.connections.account(args.account as string), owner: this.settings.owner };
  }

  /** The gate stands before the first request of the process; a failed wait is not remembered, so that a later one may succeed. */
  private whenReady(patience: typeof waits): Promise<void> {
    this.ready ??= waitUntilReady(this.settings.regions, () => this.connections.system(), patience, say).catch((error: unknown) => {
      this.ready = undefined;
      throw error;
    });
    return this.ready;
  }
}

let session: Session | undefined;

function connect(config: dynamic.Config): void {
  session ??= new Session(JSON.parse(config.require(connectionKey)) as ConnectionSettings);
}

function required(): Session {
  if (!session) throw new Error(`the provider has no connection: give the resource the stack's JetStream provider`);
  return session;
}

/** The dynamic provider of one kind of asset. */
export function provider(kind: AssetKind, immutable: ImmutableRule[]): dynamic.ResourceProvider {
  const known = new Set([...kind.fields.map(({ arg }) => arg), ...kind.addressing]);

  const outputs = async (args: Args) => {
    const account = await required().account(args);
    await changing(() => ensure(kind, args, account));
    return args;
  };

  return {
    configure: async ({ config }) => connect(config),

    async check(olds: Args, news: Args) {
      const args = withoutShim(news);
      const deployed = withoutShim(olds);
      const failures: dynamic.CheckFailure[] = Object.keys(args)
        .filter((key) => !known.has(key))
        .map((key) => ({ property: key, reason: `is not a field of a ${kind.what}; ${insteadOf(key, [...known])}` }));
      if (failures.length === 0 && !Object.values(args).includes(unknown)) {
        failures.push(...conversionFailures(kind, args));
        if (Object.keys(deployed).length > 0) {
          failures.push(...immutable.filter(({ when }) => when(deployed, args)).map(({ property, reason }) => ({ property, reason })));
        }
      }
      return { inputs: args, failures };
    },

    async diff() {
      return {};
    },

    async create(args: Args) {
      return { id: idOf(kind, args), outs: await outputs(withoutShim(args)) };
    },

    async update(_id: string, _olds: Args, args: Args) {
      return { outs: await outputs(withoutShim(args)) };
    },

    async read(id: string, props: Args) {
      const args = withoutShim(props);
      try {
        const account = await required().account(args, look);
        const found = await looking(() => observe(kind, args, account, 5_000));
        if (!found) return { id: "", props: {} };
        const now = { ...fromWire(kind.fields, found, args) };
        return { id, props: now, inputs: now };
      } catch (error) {
        // Unknown is not missing: what was known is kept, and nothing is created or deleted for it.
        say(`${id} could not be read, its last known state is kept: ${(error as Error).message}`);
        return { id, props };
      }
    },

    async delete(id: string, props: Args) {
      const args = withoutShim(props);
      const account = await required().account(args);
      const isGone = await changing(() => remove(kind, args, account));
      if (!isGone) say(`${id} belongs to somebody else by now: it stays, and is only forgotten here`);
    },
  };
}

const withoutShim = ({ [shimKey]: _, ...args }: Args): Args => args;

/** Each argument by itself, so that every one that cannot be converted is named. */
function conversionFailures(kind: AssetKind, args: Args): dynamic.CheckFailure[] {
  return kind.fields.flatMap((field) => {
    try {
      toWire([field], args);
      return [];
    } catch (error) {
      return [{ property: field.arg, reason: (error as Error).message }];
    }
  });
}

export const Stream = provider(streamKind, streamRules);
export const Consumer = provider(consumerKind, consumerRules);
