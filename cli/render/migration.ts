import { table } from "./table";
import { isCopier } from "../../operations/stream/copiers";
import type { MigrationState } from "../../operations/migrate/observe";

/** What streams and durables hold, as tables: message counts, bytes and sequences. */
export function countsOf({ home, shadow, consumers }: MigrationState): string {
  const streams = [home, shadow].flatMap((info) => {
    if (!info) return [];
    const { config, state } = info;
    const { messages, bytes, first_seq, last_seq } = state;
    return [[config.name, config.retention, messages, bytes, first_seq, last_seq].map(String)];
  });
  const durables = consumers
    .filter(({ config }) => !isCopier(config))
    .map(({ name, num_pending = 0, num_ack_pending = 0, num_redelivered = 0 }) => [
      name,
      ...[num_pending, num_ack_pending, num_redelivered].map(String),
    ]);
  return [
    ...(streams.length
      ? [table(["STREAM", "RETENTION", "MESSAGES", "BYTES", "FIRST", "LAST"], streams)]
      : ["no stream"]),
    ...(durables.length ? [table(["DURABLE", "TO DELIVER", "NOT ACKNOWLEDGED", "REDELIVERED"], durables)] : []),
  ].join("\n\n");
}
