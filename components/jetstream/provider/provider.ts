import { isDeepStrictEqual } from "node:util";
import type * as dynamic from "@pulumi/pulumi/dynamic";
import type { Declared } from "../../../config/assets/declared";
import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { fromWire, unknownFields } from "../../../jetstream/wire";
import type { AssetArgs } from "../../../jetstream/schemas";
import { withWriteSlot } from "../../../jetstream/api";
import { mistakes, refusals, replaced } from "./check";
import { allowance, replace } from "../../../jetstream/costs";
import { type AssetKind, consumerKind, idOf, streamKind } from "../../../jetstream/kinds";
import type { Account } from "../../../jetstream/account";
import { ensure } from "../../../jetstream/ensure";
import { nonceKey } from "../../../jetstream/ownership";
import { waitForFilters } from "../../../jetstream/other-durables";
import { remove, type Removal, removeAbsent } from "../../../jetstream/remove";
import { logProgress, Session } from "./session";
import { hasStepsLeft } from "../../../jetstream/steps";
import { connectionKey, type ConnectionSettings, declaredKey } from "./settings";
import { unknownValue } from "../../../config/unknown-value";

const shimKey = "__provider";

/** One per process, whatever the number of resources. */
let session: Session | undefined;

function required(): Session {
  if (!session) throw new Error("the provider has no connection: pass the resource the stack's JetStream provider");
  return session;
}

const servers = {
  facts: () => required().facts(),
  account: (args: AssetArgs) => required().accountIfReachable(args),
  accountAtOnce: (args: AssetArgs) => required().accountAtOnce(args),
};

/** Replacements that diff approved, by id, and how many messages each may cost: delete sees only the old arguments. */
const approved = new Map<string, number>();

/** The dynamic provider of one kind of asset. */
export function provider(kind: AssetKind): dynamic.ResourceProvider {
  return {
    async configure({ config }) {
      session ??= new Session(
        JSON.parse(config.require(connectionKey)) as ConnectionSettings,
        JSON.parse(config.get(declaredKey) ?? "{}") as Record<string, Declared>,
      );
    },

    async check(olds: AssetArgs, news: AssetArgs) {
      const args = withoutShim(news);
      const deployed = withoutShim(olds);
      if (hasUnknown(args)) return { inputs: args, failures: [] };
      const failures = mistakes(kind, args);
      // The engine checks a replacement as a new resource, before the old one is deleted.
      const isApproved = isEmpty(deployed) && approved.has(idOf(kind, args));
      if (failures.length === 0 && !isApproved)
        failures.push(...(await refusals(kind, isEmpty(deployed) ? undefined : deployed, args, servers)));
      return { inputs: args, failures };
    },

    async diff(id: string, olds: AssetArgs, news: AssetArgs) {
      const [deployed, args] = [withoutShim(olds), withoutShim(news)];
      if (hasUnknown(args) || args.absent) return {};
      const replaces = await replaced(kind, deployed, args, servers);
      if (replaces.length === 0)
        return isUnfinished(kind, deployed, args) || isDeletedWithItsStream(kind, args) ? { changes: true } : {};
      approved.set(id, allowance(args, replace)!);
      return { replaces, deleteBeforeReplace: true };
    },

    async create(args: AssetArgs) {
      return { id: idOf(kind, args), outs: await apply(args) };
    },

    async update(_id: string, olds: AssetArgs, args: AssetArgs) {
      return { outs: await apply(args, withoutShim(olds)) };
    },

    async read(id: string, props: AssetArgs) {
      const { [nonceKey]: nonce, ...args } = withoutShim(props);
      // An absent asset must not exist; its account may not exist any more either.
      if (args.absent) return { id, props };
      try {
        const found = await required().find(kind, args);
        if (!found) return { id: "", props: {} };
        const unknown = unknownFields(kind.fields, found.config, args);
        if (unknown.length) logProgress(diagnosticLine(diagnostics.unknownFields, id, unknown.join(", ")));
        const inputs = fromWire(kind.fields, found.config, args);
        return { id, props: { ...inputs, ...(nonce !== undefined && { [nonceKey]: nonce }) }, inputs };
      } catch (error) {
        // Unknown is not missing: the stored state is kept, and nothing is created or deleted.
        logProgress(diagnosticLine(diagnostics.stateKept, id, (error as Error).message));
        return { id, props };
      }
    },

    async delete(id: string, props: AssetArgs) {
      const last = withoutShim(props);
      if (last.absent) return;
      const account = await required().account(last);
      const removal = await withWriteSlot(() => remove(kind, last, account, approved.get(id))).finally(() =>
        required().forget(last),
      );
      logIfKept(id, removal);
    },
  };

  async function apply(news: AssetArgs, last?: AssetArgs): Promise<AssetArgs> {
    const args = withoutShim(news);
    const account = await required().account(args);
    try {
      if (args.absent) return await withWriteSlot(() => removeAsset(args, account, last));
      await waitForFilters(kind, args, account, last);
      const state = await withWriteSlot(() => ensure(kind, args, account, last));
      return kind.what === "stream" ? await withMovedSubjects(state, args, account) : state;
    } finally {
      required().forget(args);
    }
  }

  /** The state once subjects that move between streams have moved. It waits without a write slot: others need them. */
  async function withMovedSubjects(state: AssetArgs, args: AssetArgs, { moves }: Account): Promise<AssetArgs> {
    if (!moves || isDeepStrictEqual(state.subjects, args.subjects)) return state;
    if (await moves.settled(args.name)) return { ...state, subjects: args.subjects };
    logProgress(
      `${idOf(kind, args)} keeps its subjects: they change together with those of ` +
        `${moves.partnersOf(args.name).join(", ")}, which did not change in this run`,
    );
    return state;
  }

  async function removeAsset(args: AssetArgs, account: Account, last?: AssetArgs): Promise<AssetArgs> {
    logIfKept(idOf(kind, args), await removeAbsent(kind, args, account, last));
    return args;
  }
}

function logIfKept(id: string, removal: Removal): void {
  if (removal === "not owned")
    logProgress(`${id} now belongs to another stack: it is kept on the server, and only removed from this state`);
}

const isEmpty = (args: AssetArgs): boolean => Object.keys(args).length === 0;
const hasUnknown = (args: AssetArgs): boolean => JSON.stringify(args).includes(unknownValue);

/** Whether less was applied than asked for: limits that are lowered in steps, subjects that another stream had. */
const isUnfinished = ({ what, fields }: AssetKind, applied: AssetArgs, args: AssetArgs): boolean =>
  hasStepsLeft(fields, applied, args) || (what === "stream" && !isDeepStrictEqual(applied.subjects, args.subjects));

/** Recreating a stream deletes its consumers; the engine, which sees no change in them, would not create them again. */
const isDeletedWithItsStream = ({ what }: AssetKind, { account, stream }: AssetArgs): boolean =>
  what === "consumer" && approved.has(idOf(streamKind, { account, name: stream! }));

const withoutShim = ({ [shimKey]: _, ...args }: AssetArgs): AssetArgs => args;

export const Stream = provider(streamKind);
export const Consumer = provider(consumerKind);
