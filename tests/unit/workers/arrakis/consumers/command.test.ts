import assert from "node:assert/strict";
import type { JsMsg } from "@nats-io/jetstream";
import { pino } from "pino";
import { Registry } from "prom-client";
import { arrakis } from "../../../../../tenants/arrakis";
import type { ConsumeResult } from "../../../../../workers/arrakis/bridges";
import { CommandNatsConsumer, type CommandPorts } from "../../../../../workers/arrakis/consumers/command";
import {
  type Deferral,
  DiscordLimited,
  DiscordRefused,
  DiscordUnavailable,
  type Message,
} from "../../../../../workers/arrakis/discord/discord";
import type { HandlerFn, NatsHandler } from "../../../../../workers/arrakis/handlers/registry";
import { registerGlobalHandler } from "../../../../../workers/arrakis/handlers/registry";
import type { DiscordEventPayload, InteractionPayload } from "../../../../../workers/arrakis/messages";
import { interactionPayload } from "../../../../../workers/arrakis/messages";
import { arrakisMetrics } from "../../../../../workers/arrakis/metrics";
import { memoryState } from "../../../../../workers/arrakis/state/memory";
import { DatabaseUnavailable } from "../../../../../workers/database/database";
import { createWorkerMetrics } from "../../../../../workers/messaging";

const payload = interactionPayload.parse({
  event_id: "1",
  timestamp: 0,
  guild_id: "2",
  user_id: "3",
  data: { interaction_id: "600000000000000001", interaction_token: "t", command_name: "position" },
});

/** Dropped without a call of Discord: no sign that it answers. */
const dropped = { success: true, dependencyCalled: false };

/** A message of the stream, by its age in milliseconds and its deliveries. */
const received = (age: number, deliveryCount = 1) =>
  ({ time: new Date(Date.now() - age), info: { deliveryCount } }) as unknown as JsMsg;

interface Given {
  native?: NatsHandler<InteractionPayload>;
  handler?: HandlerFn;
  defer?: () => Promise<"deferred" | "already" | "unknown">;
  edit?: () => Promise<void>;
  data?: object;
  state?: CommandPorts["state"];
}

/** A consumer whose Discord notes what it is called for. */
function consumerOf({ native, handler, defer, edit, data = {}, state = memoryState() }: Given) {
  const deferred: { how: Deferral; within: number }[] = [];
  const replies: Message["content"][] = [];
  const metrics = createWorkerMetrics(new Registry());
  const own = arrakisMetrics(metrics.registry);
  const name = "interaction.command.position";
  const read = { ...payload, data: { ...payload.data, ...data } };
  const consumer = new CommandNatsConsumer(
    { log: pino({ level: "silent" }), metrics },
    {
      discord: {
        defer: async (_ref, how, within) => {
          deferred.push({ how, within });
          return defer ? defer() : "deferred";
        },
        check: () => Promise.resolve(),
        editReply: async (_ref, { content }) => {
          await edit?.();
          replies.push(content);
        },
      },
      handlers: {
        native: new Map(native ? [[name, native]] : []),
        legacy: new Map(handler ? [[name, handler]] : []),
      },
      state,
      metrics: own,
    },
  );
  const process = (age = 0, deliveries = 1) => consumer.processMessage({ payload: read }, received(age, deliveries));
  const outcomes = async () =>
    new Map((await own.interactions.get()).values.map(({ labels, value }) => [labels.outcome, value]));
  const deferTimes = async () =>
    (await own.deferSeconds.get()).values.find(({ metricName }) => metricName?.endsWith("_count"))?.value ?? 0;
  return { process, deferred, replies, outcomes, deferTimes, metrics };
}

const ack: HandlerFn = () => Promise.resolve("ack");

describe("the command consumer", () => {
  it("defers first, within what is left of 3 s, then has the command handled", async () => {
    const order: string[] = [];
    const { process, deferred, outcomes } = consumerOf({
      defer: () => Promise.resolve(order.push("defer")).then(() => "deferred"),
      handler: () => Promise.resolve(order.push("handle")).then(() => "ack"),
    });
    assert.deepEqual(await process(1_000), { success: true });
    assert.deepEqual(order, ["defer", "handle"]);
    assert.equal(deferred[0]!.how, "private");
    assert.ok(deferred[0]!.within <= 2_000 && deferred[0]!.within > 1_000, String(deferred[0]!.within));
    assert.deepEqual(await outcomes(), new Map([["answered", 1]]));
  });

  it("asks native handlers first, with the payload as it is, then injected legacy ones, then global ones", async () => {
    const seen: unknown[] = [];
    const native: NatsHandler<InteractionPayload> = (given) => Promise.resolve({ success: seen.push(given) > 0 });
    const note: HandlerFn = (given) => Promise.resolve(seen.push(given)).then((): ConsumeResult => "ack");
    await consumerOf({ native, handler: note }).process();
    await consumerOf({ handler: note }).process();
    registerGlobalHandler("interaction.command.of-before", note);
    await consumerOf({ data: { command_name: "of-before" } }).process();
    assert.deepEqual(seen[0], payload);
    assert.deepEqual(
      seen.slice(1).map((each) => (each as DiscordEventPayload).eventType),
      ["interaction.command.position", "interaction.command.of-before"],
    );
  });

  it("takes a second deferral that finds it acknowledged as success", async () => {
    const { process, outcomes } = consumerOf({ handler: ack, defer: () => Promise.resolve("already") });
    assert.deepEqual(await process(31_000, 2), { success: true });
    assert.deepEqual(await outcomes(), new Map([["answered", 1]]));
  });

  it("drops and counts what is past 3 s without a deferral, and does not call Discord for it", async () => {
    const { process, deferred, outcomes } = consumerOf({ handler: ack });
    assert.deepEqual(await process(3_000), dropped);
    assert.deepEqual([deferred, await outcomes()], [[], new Map([["late", 1]])]);
  });

  it("drops and counts what Discord knows no longer, or whose 15 minutes are over", async () => {
    const unknown = consumerOf({ handler: ack, defer: () => Promise.resolve("unknown") });
    assert.deepEqual(
      [await unknown.process(), await unknown.outcomes()],
      [{ success: true }, new Map([["unknown", 1]])],
    );
    const old = consumerOf({ handler: ack });
    assert.deepEqual([await old.process(900_000, 4), await old.outcomes()], [dropped, new Map([["expired", 1]])]);
    const refused = consumerOf({ handler: () => Promise.reject(new DiscordRefused("Unknown Webhook", 10015)) });
    assert.deepEqual(
      [await refused.process(), await refused.outcomes()],
      [{ success: true }, new Map([["expired", 1]])],
    );
  });

  it("goes on with what it has deferred, however old it is, and answers nothing twice", async () => {
    let away = true;
    let handled = 0;
    const handler: HandlerFn = () => {
      handled++;
      return away ? Promise.reject(new DiscordUnavailable("away", 7_000)) : Promise.resolve("ack");
    };
    const { process, deferred, outcomes } = consumerOf({ handler });
    const first = await process();
    assert.deepEqual([first.unavailable, first.retryAfter], [true, 7_000]);
    away = false;
    assert.deepEqual(await process(60_000), { success: true });
    assert.deepEqual(await process(61_000, 2), dropped);
    assert.deepEqual([deferred.length, handled, await outcomes()], [1, 2, new Map([["answered", 1]])]);
  });

  it("tries again twice, 5 s apart; then the member is told, and it is a dead letter", async () => {
    const { process, replies, outcomes } = consumerOf({ handler: () => Promise.reject(new Error("a mistake")) });
    for (const delivery of [1, 2]) {
      const { retryable, retryAfter } = await process(0, delivery);
      assert.deepEqual([retryable, retryAfter, replies], [true, 5_000, []]);
    }
    assert.equal((await process(0, 3)).retryable, true);
    assert.match(String(replies), /^That went wrong/);
    assert.deepEqual(await outcomes(), new Map([["failed", 1]]));
    // The durable says so too, by which the server's advisories are read.
    assert.equal(arrakis.consumers["command-worker"]!.attempts, 3);
  });

  it("what a handler refuses, and what nothing handles, is told at once, and is a dead letter", async () => {
    const refused = consumerOf({ handler: () => Promise.resolve("nack") });
    const result = await refused.process();
    assert.deepEqual([result.success, result.retryable, refused.replies.length], [false, undefined, 1]);
    const unknown = consumerOf({});
    assert.equal((await unknown.process()).success, false);
    assert.deepEqual(unknown.replies, ["This command is not known here."]);
    assert.equal((await unknown.metrics.unknownMessages.get()).values[0]?.value, 1);
  });

  it("while the database does not answer, the member is asked to try again: no dead letter", async () => {
    const { process, replies, outcomes } = consumerOf({
      handler: () => Promise.reject(new DatabaseUnavailable("away")),
    });
    assert.equal((await process()).retryable, true);
    assert.deepEqual(await process(0, 3), { success: true });
    assert.match(String(replies), /try again in a few minutes/);
    assert.deepEqual(await outcomes(), new Map([["apology", 1]]));
  });

  it("while Discord does not answer, no other is taken", async () => {
    const away = () => Promise.reject(new DiscordUnavailable("away"));
    assert.equal((await consumerOf({ handler: ack, defer: away }).process()).unavailable, true);
    const telling = consumerOf({ handler: () => Promise.resolve("nack"), edit: away });
    assert.equal((await telling.process()).unavailable, true);
  });

  it("asks Discord again where it is not known whether a deferral has arrived, also after 3 s", async () => {
    const answers = ["late", "already"];
    const { process, deferred, outcomes, deferTimes } = consumerOf({
      handler: ack,
      defer: () => {
        const answer = answers.shift();
        return answer === "already" ? Promise.resolve(answer) : Promise.reject(new DiscordUnavailable("no answer"));
      },
    });
    assert.equal((await process(1_000)).unavailable, true);
    assert.deepEqual(await process(4_000), { success: true });
    assert.deepEqual([deferred.length, await outcomes()], [2, new Map([["answered", 1]])]);
    assert.equal(await deferTimes(), 0, "when it was deferred is not known");
  });

  it("drops after 3 s what was never sent to Discord, because nothing listened there", async () => {
    const defer = () => Promise.reject(new DiscordUnavailable("connect ECONNREFUSED", undefined, { mayBeDone: false }));
    const { process, deferred, outcomes } = consumerOf({ handler: ack, defer });
    assert.equal((await process(1_000)).unavailable, true);
    assert.deepEqual(await process(4_000), dropped);
    assert.deepEqual([deferred.length, await outcomes()], [1, new Map([["late", 1]])]);
  });

  it("a limit on an interaction's calls is its own failure, for as long as Discord asks for", async () => {
    const limited = () => Promise.reject(new DiscordLimited("429", 9_000));
    const handler = consumerOf({ handler: limited });
    const result = await handler.process();
    assert.deepEqual([result.unavailable, result.retryable, result.retryAfter], [undefined, true, 9_000]);
    const deferring = consumerOf({ handler: ack, defer: limited });
    assert.equal((await deferring.process(1_000)).retryable, true);
  });

  it("waits for no shared state: neither before a deferral nor before an answer", async () => {
    const never = () => new Promise<never>(() => undefined);
    const { process, outcomes } = consumerOf({ handler: ack, state: { get: never, set: never } });
    assert.deepEqual(await process(), { success: true });
    assert.deepEqual(await outcomes(), new Map([["answered", 1]]));
    const redelivered = consumerOf({ handler: ack, state: { get: never, set: never } });
    assert.deepEqual(await redelivered.process(500, 2), { success: true });
  });

  it("asks the shared state about one that is delivered again after 3 s, and goes on without it", async () => {
    const state = memoryState();
    assert.deepEqual(await consumerOf({ handler: ack, state }).process(), { success: true });
    const other = consumerOf({ handler: ack, state });
    assert.deepEqual([await other.process(31_000, 2), other.deferred], [dropped, []]);
    const away = () => Promise.reject(new Error("away"));
    const without = consumerOf({ handler: ack, state: { get: away, set: away }, defer: async () => "already" });
    assert.deepEqual(await without.process(31_000, 2), { success: true });
  });

  it("what Discord refuses to defer is a dead letter", async () => {
    const refuse = () => Promise.reject(new DiscordRefused("Invalid Form Body", 50035));
    const { process, outcomes } = consumerOf({ handler: ack, defer: refuse });
    const { success, retryable } = await process();
    assert.deepEqual([success, retryable, await outcomes()], [false, false, new Map([["failed", 1]])]);
  });

  it("what a member types is not deferred, and where it fails nothing is kept", async () => {
    const data = { interaction_type: 4, command_name: "nothing-handles-this" };
    const { process, deferred, replies, outcomes } = consumerOf({ data });
    assert.deepEqual(await process(), dropped);
    assert.deepEqual([deferred, replies, await outcomes()], [[], [], new Map([["failed", 1]])]);
  });
});
