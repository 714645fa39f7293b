import type { NatsConnection } from "@nats-io/transport-node";
import { provisioner } from "../../config/assets/standard";
import { read, withReadSlot } from "../../jetstream/api";
import type { ConsumerDetail } from "../../jetstream/monitoring";
import { type Access, connectToAny } from "../access/access";
import type { Snapshot } from "./snapshot";

/** Milliseconds for an answer: what does not answer is left out. */
const answerMs = 2_000;

/**
 * Finds out since when the oldest message waits of each durable that has one. Servers report how many wait, not since
 * when, so the message itself is looked up, by its account's provisioner: one small read for each such durable.
 */
export class OldestWaiting {
  private readonly connections = new Map<string, NatsConnection>();

  constructor(private readonly access: Access) {}

  /** Writes it into the durables of a snapshot. What cannot be read is left out. Never rejects. */
  async addTo({ streams }: Pick<Snapshot, "streams">): Promise<void> {
    await Promise.all(
      Object.entries(streams).map(async ([account, own]) => {
        const waiting = Object.values(own).flatMap(({ name, consumer_detail = [] }) =>
          consumer_detail.filter(isWaiting).map((durable) => ({ stream: name, durable })),
        );
        if (waiting.length === 0 || !(account in this.access.accounts)) return;
        const connection = await this.connected(account).catch(() => undefined);
        if (!connection) return;
        await Promise.all(
          waiting.map(async ({ stream, durable }) => {
            durable.oldest_waiting = await withReadSlot(() => oldestOf(connection, stream, durable));
          }),
        );
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.connections.values()].map((connection) => connection.close()));
  }

  private async connected(account: string): Promise<NatsConnection> {
    const known = this.connections.get(account);
    if (known && !known.isClosed()) return known;
    const connection = await connectToAny(this.access, account, provisioner);
    this.connections.set(account, connection);
    return connection;
  }
}

const isWaiting = ({ num_pending, num_ack_pending }: ConsumerDetail): boolean => num_pending + num_ack_pending > 0;

/** When the first message was stored that is behind the durable's floor and that it wants; undefined: not known. */
async function oldestOf(
  connection: NatsConnection,
  stream: string,
  { config, ack_floor }: ConsumerDetail,
): Promise<string | undefined> {
  const filters = (config.filter_subjects ?? [config.filter_subject ?? ">"]) as string[];
  const seq = (ack_floor?.stream_seq ?? 0) + 1;
  const times = await Promise.all(
    filters.map((next_by_subj) =>
      read<{ message: { time: string } }>(connection, `STREAM.MSG.GET.${stream}`, { seq, next_by_subj }, answerMs).then(
        ({ message }) => message.time,
        () => undefined,
      ),
    ),
  );
  return times.filter((time) => time !== undefined).sort((one, other) => Date.parse(one) - Date.parse(other))[0];
}
