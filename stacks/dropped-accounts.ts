import * as pulumi from "@pulumi/pulumi";
import type { Tenants } from "../config/assets/asset";
import { droppedAccounts, type Owned, refusalOfDropping } from "../config/assets/dropped-accounts";
import type { RegionSpec } from "../config/assets/region";
import type { Held } from "../config/assets/reservations";
import { stackName } from "../config/stacks";
import type { JetstreamOutputs } from "./outputs";
import { fullName, outputsOf } from "./references";

/**
 * Refuses to remove an account that still owns a stream: as the jetstream stacks have deployed it, or as the servers
 * report it, which also know streams that no tenant file declares. Without a removed account no server is asked.
 * Servers that do not answer are named in a warning, not waited for: a region has to start without the others.
 * docs/adr/0016.
 *
 * @param before names of the accounts that the region was deployed with
 * @param ask what the servers hold; throws where none can be reached
 * @throws {pulumi.RunError} with the streams
 */
export async function refuseDroppedOwners(
  region: RegionSpec,
  before: readonly string[],
  ask: () => Promise<Held>,
): Promise<void> {
  const dropped = droppedAccounts(
    before,
    region.accounts.map(({ name }) => name),
  );
  if (dropped.length === 0) return;
  const [deployed, reported] = await Promise.all([deployedStreams(region), reportedStreams(ask)]);
  const refusal = refusalOfDropping(dropped, deployed, reported);
  if (refusal) throw new pulumi.RunError(refusal);
}

/**
 * The same for a jetstream stack, by what it has deployed of tenants that no stack has any more: those were not moved
 * to another stack.
 *
 * @throws {pulumi.RunError} with the streams
 */
export async function refuseDroppedTenants(stack: string, tenants: Tenants): Promise<void> {
  const owned = streamsOf(await outputsOf(fullName(stack)));
  const refusal = refusalOfDropping(droppedAccounts([...owned.keys()], Object.keys(tenants)), owned);
  if (refusal) throw new pulumi.RunError(refusal);
}

const streamsOf = (outputs: Partial<JetstreamOutputs> = {}): Owned =>
  new Map(Object.entries(outputs.accounts ?? {}).map(([account, { streams }]) => [account, streams]));

/** What the environment's jetstream stacks have deployed, as far as they exist. */
async function deployedStreams({ environment, settings }: RegionSpec): Promise<Owned> {
  const stacks = Object.keys(settings.jetstream).map((part) =>
    fullName(stackName({ environment, kind: "jetstream", team: part.split("--")[1] })),
  );
  const outputs = await Promise.all(stacks.map(async (stack) => streamsOf(await outputsOf(stack))));
  return new Map(outputs.flatMap((one) => [...one]));
}

/** Streams by account, as the servers report them; none, with a warning, where no server can be asked. */
async function reportedStreams(ask: () => Promise<Held>): Promise<Owned> {
  try {
    const { reservations, silent } = await ask();
    if (silent.length) await warn(`${silent.join(", ")} did not answer`);
    return new Map(Object.entries(reservations).map(([account, streams]) => [account, Object.keys(streams)]));
  } catch (error) {
    await warn((error as Error).message);
    return new Map();
  }
}

const warn = (reason: string): Promise<void> =>
  pulumi.log.warn(
    `an account is removed, and not all servers report whether it still owns a stream: ${reason}. ` +
      "Only the streams that the jetstream stacks deployed were checked",
  );
