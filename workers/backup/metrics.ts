import { Counter, Gauge, type Registry } from "prom-client";
import type { BackupAge } from "./age";

/** What is reported of backups. Without one, times are 0: as old as can be. Until the store was read there are none. */
export function backupMetrics(registry: Registry, store: string) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers, labelNames: ["store"] as const });
  const begun = gauge("backup_last_begun_timestamp_seconds", "When the last finished backup began; 0: there is none");
  const verified = gauge(
    "backup_last_verified_timestamp_seconds",
    "When a backup was last restored and compared; 0: never",
  );
  const bytes = gauge("backup_last_stored_bytes", "Size of the last finished backup, as it is stored");
  const failed = new Counter({
    name: "backup_readings_failed_total",
    help: "Looks at the store that failed; the last values stay",
    registers,
  });
  return {
    failed,
    show(age: BackupAge): void {
      begun.set({ store }, age.last ? Date.parse(age.last.begun) / 1000 : 0);
      verified.set({ store }, age.verified ? age.verified.at.getTime() / 1000 : 0);
      bytes.set({ store }, age.last?.entries.reduce((sum, { file }) => sum + file.bytes, 0) ?? 0);
    },
  };
}
