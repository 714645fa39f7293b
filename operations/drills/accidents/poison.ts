import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import type { TenantSpec } from "../../../config/schema/tenant";
import { plural } from "../../../config/plural";
import { CannotSimulate, Failure } from "../../../engine/failure";
import { deadLetterNames } from "../../../workers/messaging/contract";
import { connectTo, connectToAny } from "../../access/access";
import { type AccountLetters, lettersOf } from "../../dead-letters/account-letters";
import { deadLetterStore } from "../../dead-letters/store";
import { planOf, takes } from "../../verify/plan";
import { type WorkerStatus, workerStatuses } from "../../workers/worker-status";
import type { DrillContext, Prepare } from "../drill";
import { wait } from "../wait";

const idPrefix = "drill-poison-";
/** Longer than any first delivery takes. */
const givenUpMs = 60_000;

/** Where an account's message is published. */
interface Target {
  tenant: TenantSpec;
  stream: string;
  subject: string;
  user: string;
  durable: string;
}

export const poisonMessage: Prepare = async (context) => {
  const { checked } = context;
  const workers = await workerStatuses(checked);
  const targets = Object.values(checked.tenants).flatMap((tenant) => targetOf(context, tenant, workers));
  if (targets.length === 0)
    throw new CannotSimulate("no worker of an account that keeps dead letters is ready: npm start -- --with-workers");
  const ids = new Map(targets.map((target) => [target, `${idPrefix}${randomUUID()}`]));
  let publishedAt = 0;
  const drop = (target: Target) => withLetters(context, target.tenant, (letters) => dropPoison(letters));
  return {
    async begin() {
      await Promise.all(targets.map(drop));
      publishedAt = Date.now();
      await Promise.all(targets.map((target) => publish(context, target, ids.get(target)!)));
    },
    async last() {
      const left = new Map(ids);
      while (left.size > 0 && !context.signal.aborted && Date.now() - publishedAt < givenUpMs) {
        await wait(context, 250);
        for (const target of [...left.keys()]) {
          const found = await withLetters(context, target.tenant, poisonIn);
          if (found.length === 0) continue;
          left.delete(target);
          const seconds = ((Date.now() - publishedAt) / 1_000).toFixed(1);
          context.note(
            `${target.tenant.name}/${target.durable}: given up as "${found[0]!.reason}" within ${seconds} s`,
          );
        }
      }
      const names = [...left.keys()].map(({ tenant, durable }) => `${tenant.name}/${durable}`);
      if (names.length > 0 && !context.signal.aborted)
        throw new Failure(`no dead letter within ${givenUpMs / 1_000} s of ${names.join(", ")}`);
      await wait(context, publishedAt + context.holdMs - Date.now());
    },
    async undo() {
      const dropped = await Promise.all(targets.map(drop));
      context.note(`dropped: ${plural(dropped.flat().length, "dead letter")}`);
    },
  };
};

/** The first durable of an account that a worker pulls from. */
function targetOf({ checked }: DrillContext, tenant: TenantSpec, workers: readonly WorkerStatus[]): Target[] {
  if (!tenant.deadLetters) return [];
  const ready = new Set(workers.flatMap((one) => (one.account === tenant.name && one.isReady ? [one.name] : [])));
  for (const { stream, messages, durables } of planOf(checked, tenant).streams)
    for (const { consumer } of durables) {
      if (consumer.spec.mode !== "pull" || !ready.has(consumer.name)) continue;
      const { subject, publisher } = messages.find((message) => takes(consumer, message.subject))!;
      return [{ tenant, stream, subject, user: publisher, durable: consumer.name }];
    }
  return [];
}

async function publish({ access, home }: DrillContext, { tenant, subject, user }: Target, id: string): Promise<void> {
  const connection = await connectTo(access, home, tenant.name, user);
  try {
    await jetstream(connection).publish(subject, '{ "poison"', { msgID: id, retries: 10, timeout: 2_000 });
  } finally {
    await connection.close();
  }
}

async function withLetters<T>(
  { access }: DrillContext,
  tenant: TenantSpec,
  work: (letters: AccountLetters) => Promise<T>,
): Promise<T> {
  const connection = await connectToAny(access, tenant.name, deadLetterNames.cli);
  try {
    return await work(lettersOf(await deadLetterStore(connection), tenant));
  } finally {
    await connection.close();
  }
}

/** Those of this drill and of one that was killed. */
async function poisonIn(letters: AccountLetters) {
  const { letters: all } = await letters.list({ reason: "invalid" }, Number.MAX_SAFE_INTEGER);
  return all.filter(({ messageId }) => messageId?.startsWith(idPrefix));
}

async function dropPoison(letters: AccountLetters): Promise<string[]> {
  const ids = (await poisonIn(letters)).map(({ id }) => id);
  return ids.length === 0 ? [] : (await letters.drop({ ids }, () => Promise.resolve())).done;
}
