import type * as dynamic from "@pulumi/pulumi/dynamic";
import { type Args, fromWire } from "../wire";
import { changing, looking } from "./api";
import { allows, mistakes, refusals, replaced } from "./check";
import { type AssetKind, consumerKind, idOf, streamKind } from "./kinds";
import { ensure, nonceKey, observe, remove } from "./reconcile";
import { look, say, Session } from "./session";
import { connectionKey, type ConnectionSettings } from "./settings";

/** What the engine sends for a value that a preview does not know yet. `unknownValue` of @pulumi/pulumi/runtime/rpc. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const shimKey = "__provider";

/** One a process, whatever the number of resources. */
let session: Session | undefined;

function required(): Session {
  if (!session) throw new Error(`the provider has no connection: give the resource the stack's JetStream provider`);
  return session;
}

const servers = {
  facts: () => required().facts(),
  account: (args: Args) => required().accountIfReachable(args),
};

/** The dynamic provider of one kind of asset. */
export function provider(kind: AssetKind): dynamic.ResourceProvider {
  /** Replacements that a plan approved, by id, and how many messages each may cost: a deletion sees only the old arguments. */
  const approved = new Map<string, number>();

  return {
    async configure({ config }) {
      session ??= new Session(JSON.parse(config.require(connectionKey)) as ConnectionSettings);
    },

    async check(olds: Args, news: Args) {
      const args = withoutShim(news);
      const deployed = withoutShim(olds);
      if (hasUnknown(args)) return { inputs: args, failures: [] };
      const failures = mistakes(kind, args);
      if (failures.length === 0) failures.push(...(await refusals(kind, isEmpty(deployed) ? undefined : deployed, args, servers)));
      return { inputs: args, failures };
    },

    async diff(id: string, olds: Args, news: Args) {
      const [deployed, args] = [withoutShim(olds), withoutShim(news)];
      if (hasUnknown(args)) return {};
      const replaces = allows(args, "replace") ? await replaced(kind, deployed, args, servers) : [];
      if (replaces.length === 0) return isStep(deployed, args) ? { changes: true } : {};
      approved.set(id, allowedMessages(args));
      return { replaces, deleteBeforeReplace: true };
    },

    async create(args: Args) {
      return { id: idOf(kind, args), outs: await apply(args) };
    },

    async update(_id: string, olds: Args, args: Args) {
      return { outs: await apply(args, withoutShim(olds)) };
    },

    async read(id: string, props: Args) {
      const { [nonceKey]: nonce, ...args } = withoutShim(props);
      try {
        const account = await required().account(args, look);
        const found = await looking(() => observe(kind, args, account, 5_000));
        if (!found) return { id: "", props: {} };
        const inputs = fromWire(kind.fields, found.config, args);
        return { id, props: { ...inputs, ...(nonce !== undefined && { [nonceKey]: nonce }) }, inputs };
      } catch (error) {
        // Unknown is not missing: what was known is kept, and nothing is created or deleted for it.
        say(`${id} could not be read, its last known state is kept: ${(error as Error).message}`);
        return { id, props };
      }
    },

    async delete(id: string, props: Args) {
      const last = withoutShim(props);
      const account = await required().account(last);
      const removal = await changing(() => remove(kind, last, account, approved.get(id)));
      if (removal === "somebody else's") say(`${id} belongs to somebody else by now: it stays, and is only forgotten here`);
    },
  };

  async function apply(news: Args, last?: Args): Promise<Args> {
    const args = withoutShim(news);
    const account = await required().account(args);
    return changing(() => ensure(kind, args, account, last));
  }
}

const isEmpty = (args: Args): boolean => Object.keys(args).length === 0;
const hasUnknown = (args: Args): boolean => JSON.stringify(args).includes(unknown);

const allowedMessages = ({ allowDataLoss }: Args): number =>
  (allowDataLoss as { change: string; maxMessages: number }[]).find(({ change }) => change === "replace")!.maxMessages;

/** Whether a limit that is lowered step by step has steps left. */
const isStep = (applied: Args, { lowerBy, ...args }: Args): boolean => Object.keys((lowerBy as Args | undefined) ?? {}).some((key) => applied[key] !== args[key]);

const withoutShim = ({ [shimKey]: _, ...args }: Args): Args => args;

export const Stream = provider(streamKind);
export const Consumer = provider(consumerKind);
