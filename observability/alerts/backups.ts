import type { AlertName } from "../../config/schema/alerts";
import { absent, compare, max, secondsSince } from "../promql";
import type { Alert, Condition, Site } from "./alert";

/** Alerts about backups on a schedule (workers/backup); none in a region that does not make them. */

const hour = 3_600;
const day = 24 * hour;

const whereMade =
  (conditions: Alert["conditions"]): Alert["conditions"] =>
  (site): Condition[] =>
    site.makesBackups ? conditions(site) : [];

const age = (site: Site, name: "backup_last_begun_timestamp_seconds" | "backup_last_verified_timestamp_seconds") =>
  secondsSince(max(["region"], site.series(name)));

export const backupAlerts = {
  NATSBackupTooOld: {
    severity: "critical",
    for: "15m",
    conditions: whereMade((site) => [
      {
        expr: compare(age(site, "backup_last_begun_timestamp_seconds"), ">", site.threshold("NATSBackupTooOld") * hour),
      },
    ]),
    summary: "The last backup began {{ $value | humanizeDuration }} ago",
    description:
      "What was published since then would be lost with the supercluster. The value is the time since 1970 where " +
      "there is no finished backup at all.",
  },
  NATSBackupNotVerified: {
    severity: "warning",
    for: "15m",
    conditions: whereMade((site) => [
      {
        expr: compare(
          age(site, "backup_last_verified_timestamp_seconds"),
          ">",
          site.threshold("NATSBackupNotVerified") * day,
        ),
      },
    ]),
    summary: "The last backup that was restored as a proof was restored {{ $value | humanizeDuration }} ago",
    description: "Backups are made, but whether they can be read and are whole is not known.",
  },
  NATSBackupUnwatched: {
    severity: "warning",
    for: "15m",
    conditions: whereMade((site) => [
      { expr: max(["region"], absent(site.series("backup_last_begun_timestamp_seconds"))) },
    ]),
    summary: "It is not known how old the backups are",
    description:
      "Nothing reports their age, or what reports it cannot read where they are: the jobs, too, may not reach it.",
  },
} satisfies Partial<Record<AlertName, Alert>>;
