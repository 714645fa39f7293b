import type { NatsConnection } from "@nats-io/transport-node";
import { canary, provisioner } from "../../../config/assets/standard";
import { pollUntil } from "../../../config/poll-until";
import { Failure } from "../../../engine/failure";
import { dynamicProvidersOn } from "../../../engine/provider-processes";
import { StackRunner } from "../../../engine/stack-run";
import { connectTo } from "../../access/access";
import type { Prepare } from "../drill";
import { wait } from "../wait";

const answerMs = 5_000;
const lookEveryMs = 20;
const goneMs = 10_000;

export const providerKilled: Prepare = async (context) => {
  const { access, checked, home } = context;
  const [stack] = checked.stacks.jetstream;
  const [accounts] = Object.values(checked.environment.jetstream);
  const account = accounts?.find((name) => name in checked.tenants);
  if (!stack || !account) throw new Failure("no jetstream stack of this environment reconciles an account");
  const durable = `${account}/${canary.stream}/${canary.durable}`;
  const runner = new StackRunner(checked);
  const connection = await connectTo(access, home, account, provisioner);
  let up: Promise<"succeeded" | "failed"> | undefined;
  return {
    async begin() {
      await askConsumer(connection, "DELETE");
      // Its servers may still answer for a moment.
      if (!(await pollUntil(async () => !(await exists(connection)), goneMs)))
        throw new Failure(`${durable} is still there ${goneMs / 1_000} s after it was deleted`);
      context.note(`deleted ${durable}, and began an up of ${stack}`);
      up = runner.up(stack, "jetstream").then(
        () => "succeeded",
        () => "failed",
      );
    },
    async last() {
      let isOver = false;
      const ended = up!.finally(() => (isOver = true));
      // As soon as the server has created it: the state does not know of it yet.
      while (!isOver && !context.signal.aborted && !(await exists(connection)))
        await Promise.race([ended, wait(context, lookEveryMs)]);
      const providers = isOver ? [] : dynamicProvidersOn(stack);
      for (const pid of providers) process.kill(pid, "SIGKILL");
      const outcome = await ended;
      context.note(
        providers.length > 0
          ? `killed the provider when the durable was there; the up ${outcome}`
          : `the up ${outcome} before its provider was killed`,
      );
      await wait(context, context.holdMs);
    },
    async undo() {
      await up;
      const { summary } = await runner.up(stack, "jetstream");
      context.note(`the next up: ${summary}`);
      if (!(await exists(connection))) throw new Failure(`${durable} is not there again; run: npm start`);
    },
    finish: () => connection.close(),
  };
};

const exists = (connection: NatsConnection): Promise<boolean> => askConsumer(connection, "INFO").catch(() => false);

/** Asks for the durable, or deletes it; false: it does not exist. */
async function askConsumer(connection: NatsConnection, what: "INFO" | "DELETE"): Promise<boolean> {
  const subject = `$JS.API.CONSUMER.${what}.${canary.stream}.${canary.durable}`;
  const answer = await connection.request(subject, "", { timeout: answerMs });
  const { error } = answer.json<{ error?: { description: string; err_code: number } }>();
  if (error && error.err_code !== 10_014) throw new Failure(`${subject}: ${error.description}`);
  return !error;
}
