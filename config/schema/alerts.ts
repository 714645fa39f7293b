import * as z from "zod";
import { strictObject } from "../problems";
import { assetName, duration, token } from "./values";

/** What an environment says of its alerts: `alerts` of the environment in Pulumi.yaml. docs/monitoring.md. */

interface Kind {
  /** What the threshold counts. Absent: the alert has none. */
  unit?: "messages" | "percent" | "seconds" | "hours" | "days" | "servers" | "logins";
  /** Its default; absent where it follows from the environment. */
  threshold?: number;
  /** Whose threshold can be set one by one, by `of`. */
  each?: "stream" | "consumer";
}

/** Every alert, with what settings can change of it. What it means: observability/alerts/. */
export const alertKinds = {
  // Under the names and thresholds of the source systems.
  NATSConsumerLagHigh: { unit: "messages", threshold: 1000, each: "consumer" },
  NATSConsumerProcessingErrors: { unit: "percent", threshold: 10 },
  NATSClusterQuorumLost: { unit: "servers" },
  NATSCommandStreamDepthHigh: { unit: "messages", threshold: 10_000 },

  NATSServerDown: {},
  NATSExporterDown: {},
  NATSServerUnhealthy: {},
  NATSRouteLost: {},
  NATSGatewayLost: {},
  NATSRegionLost: {},
  NATSMetaLeaderMissing: {},
  NATSMetaGroupSizeWrong: {},

  NATSStreamWithoutLeader: { each: "stream" },
  NATSConsumerWithoutLeader: { each: "consumer" },
  NATSStreamMissing: { each: "stream" },
  NATSConsumerMissing: { each: "consumer" },
  NATSInterestStreamUnconsumed: { each: "stream" },
  NATSMirrorLagHigh: { unit: "messages", threshold: 1000, each: "stream" },
  NATSMirrorStalled: { unit: "seconds", threshold: 60, each: "stream" },

  NATSStreamNearFull: { unit: "percent", threshold: 80, each: "stream" },
  NATSAccountStorageNearFull: { unit: "percent", threshold: 80 },
  NATSServerStorageNearFull: { unit: "percent", threshold: 80 },
  NATSServerConnectionsNearFull: { unit: "percent", threshold: 80 },
  NATSStreamConsumersNearFull: { unit: "percent", threshold: 80, each: "stream" },
  NATSConsumerAckPendingNearLimit: { unit: "percent", threshold: 80, each: "consumer" },

  NATSSlowConsumers: {},
  NATSApiErrors: { unit: "percent", threshold: 10 },
  NATSDeadLetters: { each: "stream" },
  NATSDeadLettersWaiting: { each: "stream" },
  NATSDeadLetterNotStored: {},
  NATSConsumerBreakerOpen: {},
  NATSWorkerDown: {},
  NATSWorkerDisconnected: {},

  // Where the environment has an auth callout.
  NATSAuthCalloutDown: {},
  NATSAuthCalloutFailing: {},
  NATSLoginsRefused: { unit: "logins", threshold: 100 },

  // Where the probe runs.
  NATSCertificateExpiring: { unit: "days", threshold: 30 },
  NATSMetaPeerBehind: {},
  NATSReplicaBehind: { each: "stream" },
  NATSMirrorLate: { unit: "seconds", threshold: 60, each: "stream" },
  NATSConsumerMessageOld: { unit: "seconds", threshold: 3600, each: "consumer" },
  NATSMaxDeliveries: { each: "consumer" },
  NATSAccountConnectionsNearFull: { unit: "percent", threshold: 80 },
  NATSAccountStreamsNearFull: { unit: "percent", threshold: 80 },
  NATSFailoverMappingsDiffer: {},
  // Which part of messages is to be acknowledged.
  NATSPublishFailing: { unit: "percent", threshold: 99.99 },
  NATSPublishFailingSlowly: { unit: "percent", threshold: 99.99 },
  NATSProbeBlind: {},

  // Where backups are made on a schedule.
  NATSBackupTooOld: { unit: "hours", threshold: 26 },
  NATSBackupNotVerified: { unit: "days", threshold: 8 },
  NATSBackupUnwatched: {},

  // Of single systems.
  ArrakisInteractionsUnanswered: { unit: "percent", threshold: 5 },
  ArrakisDeferralsSlow: { unit: "seconds", threshold: 2.5 },
} as const satisfies Record<string, Kind>;

export type AlertName = keyof typeof alertKinds;

export const alertNames = Object.keys(alertKinds) as AlertName[];

/** What settings can change of an alert. */
export const alertKind = (name: AlertName): Kind => alertKinds[name];

/** Why an alert is not wanted, in words. */
const reason = z
  .string()
  .trim()
  .min(10, 'write the reason in words, of 10 characters or more, e.g. "rolls over by design: see ADR 12"');

const threshold = z.number().positive({ error: "write a number above 0" });

const setting = strictObject({
  /** At which it fires, in the alert's unit (docs/monitoring.md). */
  threshold: threshold.optional(),
  /** How long its condition must hold before it fires. */
  for: duration.optional(),
  /** Makes no such alert, for the reason that is written here. */
  silence: reason.optional(),
  /**
   * Of single streams or durables. `stream` is the name on the servers, of a mirror `<STREAM>-<region>`; without it all
   * of the account. The last entry that fits counts.
   */
  of: z
    .array(
      strictObject({
        account: token,
        stream: assetName.optional(),
        consumer: assetName.optional(),
        threshold: threshold.optional(),
        silence: reason.optional(),
      }),
    )
    .min(1)
    .optional(),
});

export type AlertSetting = z.output<typeof setting>;

const each = Object.fromEntries(alertNames.map((name) => [name, setting.optional()])) as Record<
  AlertName,
  z.ZodOptional<typeof setting>
>;

/** By the alert's name. A change restarts nothing. */
export const alerts = strictObject(each);
