import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerInfo, ConsumerMessages, JsMsg, PushConsumer } from "@nats-io/jetstream";
import type { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import type { Source, SourceEvents } from "./source";

/**
 * A client that is connected to another region shows after this time, in milliseconds (measured: 1,013; the server
 * looks once a second).
 */
const untilSeen = 1_500;

/** Before a message is delivered again whose durable is not bound yet, in milliseconds. */
const untilBound = 1_000;

type Member = Pick<ConsumerInfo, "stream_name" | "name" | "push_bound" | "config">;

/**
 * Subscribes to what the durables of one consumer push. The server decides how many messages come: at most the
 * `max_ack_pending` of each durable. Durables that push to the same subject share one subscription: each of several
 * would get the messages of all.
 *
 * A durable without a group takes one client: another one, which would get every message too, is refused. Two that
 * start within the same second may both find it free: run one replica, and end it before its successor starts.
 */
export class PushSubscriptions {
  private readonly bySubject = new Map<string, PushSubscription>();

  constructor(private readonly client: JetStreamClientImpl) {}

  /** @throws Error where another client is bound */
  async join(info: ConsumerInfo, events: SourceEvents): Promise<Source> {
    const subject = info.config.deliver_subject!;
    const subscription = this.bySubject.get(subject) ?? new PushSubscription(this.client);
    this.bySubject.set(subject, subscription);
    const leave = async () => {
      if (subscription.remove(info)) this.bySubject.delete(subject);
      await subscription.closeIfUnused();
    };
    subscription.add(info, events);
    try {
      await subscription.opened();
    } catch (error) {
      await leave();
      throw error;
    }
    return {
      refill() {
        // The server sends by itself.
      },
      renew() {
        // The subscription is to a subject, whatever durable sends there.
      },
      stop: leave,
    };
  }
}

/** One subscription, and the durables that push to it. */
class PushSubscription {
  private readonly members = new Map<string, { info: Member; events: SourceEvents }>();
  private opening?: Promise<ConsumerMessages>;
  private isClosed = false;

  constructor(private readonly client: JetStreamClientImpl) {}

  add(info: Member, events: SourceEvents): void {
    this.members.set(keyOf(info.stream_name, info.name), { info, events });
  }

  /** @returns whether it was the last one */
  remove({ stream_name: stream, name }: Member): boolean {
    this.members.delete(keyOf(stream, name));
    return this.members.size === 0;
  }

  async opened(): Promise<void> {
    await (this.opening ??= this.open());
  }

  async closeIfUnused(): Promise<void> {
    if (this.members.size > 0 || this.isClosed) return;
    this.isClosed = true;
    await (await this.opening?.catch(() => undefined))?.close();
  }

  private async open(): Promise<ConsumerMessages> {
    // Those that join at the same time.
    await Promise.resolve();
    const members = [...this.members.values()].map(({ info }) => info);
    // The lookup that led here may be too old, and the next one has to be new.
    if (members.some(({ push_bound, config }) => !push_bound && !config.deliver_group)) await sleep(untilSeen);
    const consumers: PushConsumer[] = [];
    for (const { stream_name: stream, name, config } of members) {
      const consumer = await this.client.consumers.getPushConsumer(stream, name);
      const { push_bound } = await consumer.info(true);
      if (push_bound && !config.deliver_group) throw isTaken(stream, name);
      consumers.push(consumer);
    }
    const messages = await consumers[0]!.consume({ callback: (message) => this.received(message) });
    void this.watch(messages);
    return messages;
  }

  private received(message: JsMsg): void {
    const { stream, consumer } = message.info;
    const member = this.members.get(keyOf(stream, consumer));
    if (member) member.events.message(message);
    else message.nak(untilBound);
  }

  private async watch(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status())
      if (!this.isClosed && (type === "consumer_deleted" || type === "heartbeats_missed"))
        for (const { events } of this.members.values()) events.doubt(type);
  }
}

const keyOf = (stream: string, durable: string): string => `${stream} ${durable}`;

const isTaken = (stream: string, name: string): Error =>
  new Error(
    `cannot bind to push durable ${name} of stream ${stream}: consumer is already bound. ` +
      "Each of two workers would process every message: stop the other one, or make it a pull durable",
  );
