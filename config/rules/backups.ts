import { backup, backupPlaceOf } from "../assets/backups";
import { unknownName } from "../problems";
import { toBytes } from "../units";
import type { ValidationContext } from "./context";
import { onKubernetes } from "./kubernetes";
import { text } from "./messages";
import { type Rule, rule } from "./rule";
import { tenants } from "./scopes";

/** Rules about `kubernetes.backups`. */

const scheduled = (context: ValidationContext) =>
  onKubernetes(context).flatMap(({ path, ...environment }) => {
    const { backups, workers } = environment.kubernetes;
    if (!backups) return [];
    return [
      {
        path: [...path, "kubernetes", "backups"],
        ...{ backups, workers, regions: environment.regions },
        place: backupPlaceOf(context.name, environment),
        hasRole: backups.to === undefined && environment.aws?.regions[backups.region]?.cluster !== undefined,
      },
    ];
  });

/** Servers end a snapshot of which a chunk is acknowledged later (workers/backup/pace.ts). */
const slowest = 256 * 1024;

export const backupRules: Rule[] = [
  rule({
    each: scheduled,
    when: ({ workers }) => workers === undefined,
    message: () => "needs kubernetes.workers, whose image runs the jobs; write it, or remove this",
  }),
  rule({
    each: scheduled,
    at: ["region"],
    when: ({ backups, regions }) => !regions.includes(backups.region),
    message: ({ backups, regions }) => unknownName(backups.region, "a region of the environment", regions),
  }),
  rule({
    each: scheduled,
    at: ["to"],
    when: ({ place, backups, regions }) => place === undefined && regions.includes(backups.region),
    message: ({ backups }) =>
      `is missing, and aws.regions.${backups.region} makes no bucket; write s3://<bucket>/<prefix>, ` +
      "or backups: {} there",
  }),
  rule({
    each: scheduled,
    at: ["secrets"],
    when: ({ place, backups, hasRole }) => place !== undefined && backups.secrets.length === 0 && !hasRole,
    message: () =>
      "has no login of S3, and no role can be given; name a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
  }),
  rule({
    each: scheduled,
    at: ["endpoint"],
    when: ({ backups }) => backups.endpoint !== undefined && backups.to === undefined,
    message: () => "has no effect on a bucket of AWS; write to, with the bucket there, or remove it",
  }),
  rule({
    each: scheduled,
    at: ["rate"],
    when: ({ backups }) => toBytes(backups.rate) < slowest,
    message: ({ backups }) => `${text(backups.rate)} is so slow that servers end a snapshot; write 256KiB or more`,
  }),
  rule({
    each: tenants,
    at: ["users", backup],
    when: ({ tenant }) => backup in tenant.users,
    message: () => "is the name of a user that this program makes, to copy streams; choose another",
  }),
];
