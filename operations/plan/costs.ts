import type { NatsConnection } from "@nats-io/transport-node";
import { changesOf, reasonOf } from "../../jetstream/changes";
import { withReadSlot } from "../../jetstream/api";
import { type Cost, costOfDeletion, costOfReplacement, lossesOf } from "../../jetstream/costs";
import type { Info } from "../../jetstream/info";
import { isOwn, refusalOf } from "../../jetstream/ownership";
import type { Account } from "../../jetstream/account";
import { observe } from "../../jetstream/observe";
import { claimOf, nonceKey } from "../../jetstream/ownership";
import { stepDown } from "../../jetstream/steps";
import { type Difference, differences, toWire } from "../../jetstream/wire";
import { provisioner } from "../../config/assets/standard";
import { type Access, connectToAny, isDeployed } from "../access/access";
import type { PlannedChange } from "./preview";

/** What the servers answer now about one planned change. */
export interface Found {
  /** Absent: it does not exist. */
  info?: Info;
  costs: Cost[];
  /** Of a creation: how what exists already differs from what is wanted. */
  differences: Difference[];
  /** Of a creation: why what exists already would not be taken over. Of an update: why it would not be changed. */
  refusals: string[];
  /** It has another owner's mark by now. */
  isForeign: boolean;
}

export type Answer = Found | { unknown: string };

/** Asks the servers about planned changes, by one connection per account. */
export class Servers {
  private readonly open = new Map<string, Promise<NatsConnection>>();

  constructor(
    private readonly access: Access,
    private readonly owner: string,
  ) {}

  async answer(change: PlannedChange): Promise<Answer> {
    if (!isWorthAsking(change)) return nothing;
    const { account } = (change.wanted ?? change.deployed)!;
    // Servers hold nothing of an account that they do not know.
    if (!isDeployed(this.access, account)) return nothing;
    try {
      return await withReadSlot(async () => answerTo(change, await this.account(account)));
    } catch (error) {
      return { unknown: (error as Error).message };
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.open.values()].map(async (connection) => (await connection).close()));
  }

  private async account(name: string): Promise<Account> {
    let connection = this.open.get(name);
    if (!connection) {
      connection = connectToAny(this.access, name, provisioner);
      this.open.set(name, connection);
    }
    return { connection: await connection, owner: this.owner, logProgress: () => undefined };
  }
}

const nothing: Found = { costs: [], differences: [], refusals: [], isForeign: false };

/** Whether the change depends on what exists on the servers now. */
export const isWorthAsking = ({ action, isCarried }: PlannedChange): boolean =>
  action !== "state" && action !== "refused" && !isCarried;

async function answerTo(change: PlannedChange, account: Account): Promise<Found> {
  const { kind, action, deployed, wanted } = change;
  const info = await observe(kind, (wanted ?? deployed)!, account);
  if (!info) return nothing;
  switch (action) {
    case "create":
      return existing(change, info, account);
    case "update": {
      const claim = claimOf(wanted!, account, { ...deployed, [nonceKey]: change.nonce });
      if (!isOwn(info.config, claim)) return { ...nothing, info, refusals: [refusalOf(info.config, claim)] };
      return { ...nothing, info, costs: await lossesOf(kind, info, toWire(kind.fields, wanted!), wanted!, account) };
    }
    default:
      return {
        ...nothing,
        info,
        costs: wanted?.absent
          ? await costsOfDeletion(change, info, account)
          : [await costOfReplacement(kind, info, deployed!, account)],
        isForeign: !isOwn(info.config, claimOf({ ...deployed, [nonceKey]: change.nonce }, account)),
      };
  }
}

async function costsOfDeletion({ kind, wanted }: PlannedChange, info: Info, account: Account): Promise<Cost[]> {
  const cost = await costOfDeletion(kind, info, wanted!, account);
  return cost ? [cost] : [];
}

/** Whether what exists already would be taken over or refused, by the provider's own rules. */
async function existing({ kind, wanted }: PlannedChange, info: Info, account: Account): Promise<Found> {
  const args = stepDown(kind.fields, wanted!, info.config);
  const config = toWire(kind.fields, args);
  const claim = claimOf(args, account);
  const refused = changesOf(kind.fields, info.config, config).flatMap(({ field, refusal }) =>
    refusal && !refusal.until ? [`${field} ${reasonOf(refusal)}`] : [],
  );
  return {
    ...nothing,
    info,
    differences: differences(kind.fields, args, info.config),
    refusals: isOwn(info.config, claim) ? refused : [refusalOf(info.config, claim)],
    costs: await lossesOf(kind, info, config, args, account),
  };
}
