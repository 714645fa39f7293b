import * as z from "zod";
import { strictObject } from "../problems";
import { cpu, objectName } from "./kubernetes-values";
import { count, duration, size, token } from "./values";

/**
 * Backups on a schedule, in the cluster of one region: `kubernetes.backups`. The jobs run the image of
 * `kubernetes.workers`, in its namespace for a tenant `backup`. docs/runbooks/rebuild.md.
 */

/** Least and most of the fields of a schedule: minute, hour, day of the month, month, day of the week. */
const fields = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

function isSchedule(value: string): boolean {
  const parts = value.trim().split(/\s+/);
  return (
    parts.length === fields.length &&
    fields.every(([least, most], index) =>
      parts[index]!.split(",").every((item) => {
        const [, from, to, step = "1"] = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item) ?? [item, "none"];
        const [first, last] = [from === undefined ? least : Number(from), to === undefined ? undefined : Number(to)];
        return (
          first >= least && first <= most && (last ?? first) >= first && (last ?? first) <= most && Number(step) > 0
        );
      }),
    )
  );
}

/** As CronJobs of Kubernetes take it, in numbers. */
const schedule = z.string({ error: 'write a schedule in quotes, e.g. "17 2 * * *"' }).refine(isSchedule, {
  error: ({ input }) =>
    `${JSON.stringify(input)} is not a schedule; write minute, hour, day of the month, month and day of the week in ` +
    'numbers, e.g. "17 2 * * *"',
});

/** Recipient of age with an X25519 key. */
const recipient = z
  .string()
  .regex(/^age1[02-9ac-hj-np-z]{58}$/, "write the recipient that npm run backup-key printed, age1...");

const resources = (memory: z.output<typeof size>) =>
  strictObject({ cpu: cpu.default("100m"), cpuLimit: cpu.optional(), memory: size.default(memory) }).prefault({});

export const backups = strictObject({
  /** Region whose cluster runs the jobs. A backup holds the streams of all regions. */
  region: token,
  /** `s3://<bucket>/<prefix>`. Default: the bucket of `aws.regions.<region>.backups`. */
  to: z
    .string()
    .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[\w!.*'()/-]+)?$/, "write s3://<bucket>/<prefix>")
    .optional(),
  /** Of what speaks S3's protocol and is not AWS, e.g. `https://s3.example.com`. Default: AWS. */
  endpoint: z
    .url({ protocol: /^https$/, error: "write the URL of an S3 service, which begins with https://" })
    .optional(),
  /** Region of the bucket, as S3 names it. Default: that of `aws.regions.<region>`, else `us-east-1`. */
  storeRegion: z
    .string()
    .regex(/^[a-z0-9-]+$/, "write the name of a region of S3, e.g. eu-west-1")
    .optional(),
  /**
   * Secrets of the jobs' namespace whose keys are environment variables, e.g. AWS_ACCESS_KEY_ID and
   * AWS_SECRET_ACCESS_KEY. Default: none; on a cluster of `aws.regions` the pods get a role (EKS Pod Identity).
   */
  secrets: z.array(objectName).default([]),
  /** Whose keys read the backups: what `npm run backup-key` printed. At least one. */
  recipients: z.array(recipient).min(1, "write at least one: a backup holds every message"),
  /** When backups are made. Messages since the last one are what a lost supercluster loses. */
  schedule: schedule.default("17 2 * * *"),
  /** Time zone of schedules, as the IANA names it. */
  timeZone: z
    .string()
    .regex(/^[A-Za-z_+\-0-9]+(\/[A-Za-z_+\-0-9]+)*$/, "write a name such as Europe/Berlin")
    .default("Etc/UTC"),
  /** After how long a job is ended. The next one goes on with what it had. */
  deadline: duration.default("6h"),
  /** Bytes a second that servers send at most, so that publishers keep their bandwidth. */
  rate: size.default("20MiB"),
  /** Finished backups that are kept. */
  keep: count.default(14),
  /** What a job gets. Its memory limit is its request. */
  resources: resources("512MiB"),
  /**
   * Restores the last backup into a nats-server beside the job, compares counts, sequences and checksums, and notes it.
   * Default: this is done elsewhere, with `npm run verify-backup`; the alert NATSBackupNotVerified says whether it is.
   */
  verify: strictObject({
    /** Secret of the jobs' namespace with the key of a recipient, under `key`. Who reads it reads every backup. */
    keySecret: objectName,
    schedule: schedule.default("47 6 * * 0"),
    deadline: duration.default("12h"),
    /** Disk of the node for the largest stream. */
    storage: size.default("20GiB"),
    resources: resources("512MiB"),
  }).optional(),
});

export type KubernetesBackups = z.output<typeof backups>;
