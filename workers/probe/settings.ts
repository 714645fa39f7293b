import * as z from "zod";
import { durationSetting } from "../messaging";

/** Environment variables of its own; docs/monitoring.md lists them. */
export const settings = z.object({
  /** Login of the system account, which alone may ask servers about themselves. */
  NATS_SYSTEM_USER: z.string({ error: "expected the login of the system account's user probe" }),
  NATS_SYSTEM_PASSWORD: z.string({ error: "expected the password of NATS_SYSTEM_USER" }),
  NATS_SYSTEM_INBOX_PREFIX: z.string({ error: "expected the inbox prefix of NATS_SYSTEM_USER" }),
  /** Between two readings of the servers. */
  READING_INTERVAL: durationSetting.default(15_000),
  /** The least between two readings of accounts, of which servers of all regions are asked. */
  ACCOUNTS_INTERVAL: durationSetting.default(60_000),
  /** All regions, separated by commas: a message is published to the stream of each. */
  PROBE_REGIONS: z
    .string({ error: 'expected names of regions, such as "iad,ams"' })
    .transform((text) => text.split(",").flatMap((part) => part.trim() || [])),
  /** Between two messages to each region. */
  CANARY_INTERVAL: durationSetting.default(5_000),
  /**
   * Within which a message must be acknowledged. The default is more than an election or a lost gateway takes; at most
   * the streams' `duplicate_window`, JetStream's own.
   */
  CANARY_TIMEOUT: durationSetting.refine((ms) => ms >= 1_000 && ms <= 120_000, "expected 1s to 2m").default(10_000),
});
