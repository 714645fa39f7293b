import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets/assets";
import { provisioner } from "../../config/assets/standard";
import { ofAccounts } from "../../config/rules/validate";
import { type Wire } from "../../jetstream/fields";
import type { Info } from "../../jetstream/info";
import { streamKind } from "../../jetstream/kinds";
import { ownerOf } from "../../jetstream/ownership";
import type { Account } from "../../jetstream/account";
import { apply } from "../../jetstream/ensure";
import { observe } from "../../jetstream/observe";
import { withTimeouts } from "../../jetstream/timeouts";
import { connectTo, readAccess } from "../access/access";
import { asFailure, Failure } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem } from "../supercluster/snapshot";
import { logProgress } from "../../engine/terminal";

/** One stream of an account. */
export interface StreamRef {
  account: string;
  stream: string;
}

/** What servers report of a stream, with fields that the provider does not read. */
export type StreamInfo = Info & {
  state: NonNullable<Info["state"]>;
  sources?: { name: string; lag: number; active: number }[];
  mirror?: { name: string; lag: number; active: number };
};

/** What servers report of a consumer, with fields that the provider does not read. */
export type ConsumerInfo = Info & {
  name: string;
  ack_floor: { stream_seq: number };
  num_redelivered?: number;
  paused?: boolean;
};

/** An account as its jetstream stack reconciles it, connected to the servers of one region. */
export interface StackAccount {
  stack: string;
  account: Account;
  /** Connection of the system account. */
  system: NatsConnection;
  assets: ReturnType<typeof assetsOf>;
}

/**
 * The jetstream stack that reconciles an account.
 * @throws {Failure} when none does
 */
export function stackOf(
  { name, environment, stacks }: Pick<CheckedEnvironment, "name" | "environment" | "stacks">,
  account: string,
): string {
  const index = Object.values(environment.jetstream).findIndex((accounts) => accounts.includes(account));
  if (index < 0) throw new Failure(`no jetstream stack of environment ${name} reconciles account ${account}`);
  return stacks.jetstream[index]!;
}

/**
 * Runs an action with an account, connected through the servers of a region, and closes the connections.
 * @throws {Failure} for every error, with its message
 */
export const withStackAccount = <T>(
  checked: CheckedEnvironment,
  account: string,
  region: string,
  action: (own: StackAccount) => Promise<T>,
): Promise<T> => connected(checked, [account], { region: () => region }, ([own]) => action(own!));

/**
 * The same with several accounts, all connected through the first region that answers.
 * @param regions in the order in which they are tried
 */
export const withStackAccounts = <T>(
  checked: CheckedEnvironment,
  accounts: readonly string[],
  regions: readonly string[],
  action: (own: StackAccount[]) => Promise<T>,
): Promise<T> => connected(checked, accounts, { regions, region: (system) => system.info!.cluster! }, action);

async function connected<T>(
  checked: CheckedEnvironment,
  accounts: readonly string[],
  { regions, region }: { regions?: readonly string[]; region: (system: NatsConnection) => string },
  action: (own: StackAccount[]) => Promise<T>,
): Promise<T> {
  const { environment, tenants, project } = checked;
  const stacks = accounts.map((account) => stackOf(checked, account));
  const access = await readAccess(checked);
  const open = [await connectToSystem(access, regions)];
  const [system] = open as [NatsConnection];
  try {
    const own = await Promise.all(
      accounts.map(async (account, index): Promise<StackAccount> => {
        const connection = await connectTo(access, region(system), account, provisioner);
        open.push(connection);
        const stack = stacks[index]!;
        return {
          stack,
          account: { connection, owner: `${project.name}/${stack}`, logProgress },
          system,
          assets: assetsOf(environment, ofAccounts(tenants, [account])),
        };
      }),
    );
    // Without a meta leader no request is answered; a short timeout lets the next attempt find a new one.
    return await withTimeouts({ requestMs: 5_000 }, () => action(own));
  } catch (error) {
    throw asFailure(error);
  } finally {
    await Promise.all(open.map((connection) => connection.close()));
  }
}

/**
 * A stream of this stack; undefined only when a meta leader reports that it does not exist.
 * @throws {Failure} when another stack owns it
 */
export async function ownStream(account: Account, name: string, deadline?: number): Promise<StreamInfo | undefined> {
  const info = await observe(streamKind, { name }, account, deadline);
  if (info && ownerOf(info.config) !== account.owner) {
    throw new Failure(
      `${name} does not belong to ${account.owner}: ` +
        `its metadata names ${ownerOf(info.config) ?? "no owner"}. Nothing was changed.`,
    );
  }
  return info as StreamInfo | undefined;
}

/**
 * A stream of this stack that must exist.
 * @throws {Failure} when it does not exist, or another stack owns it
 */
export async function requiredStream(account: Account, name: string): Promise<StreamInfo> {
  const info = await ownStream(account, name);
  if (!info)
    throw new Failure(`${name} no longer exists. Nothing more was done; run the command again to see its state.`);
  return info;
}

/**
 * Updates a stream: reads its configuration and writes what `change` makes of it.
 * @throws {Failure} as `requiredStream`
 */
export async function changeStream(account: Account, name: string, change: (config: Wire) => Wire): Promise<void> {
  await apply(streamKind, change((await requiredStream(account, name)).config), { name }, account);
}
