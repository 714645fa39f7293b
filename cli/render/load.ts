import { plural } from "../../config/plural";
import type { LoadReport } from "../../operations/load/load";
import { table } from "./table";

/** Missing messages that are printed; `--json` has all. */
const mostMissing = 20;

export function renderLoad({ accounts, drained }: LoadReport, style?: (head: string) => string): string {
  const heads = [
    ...["ACCOUNT", "PUBLISHED", "ACKNOWLEDGED", "P50 MS", "P95 MS", "P99 MS", "PROCESSED", "WAITING", "UNREAD"],
    ...["DEAD LETTERS", "MISSING"],
  ];
  const rows = accounts.map((one) => [
    one.account,
    String(one.published),
    String(one.acknowledged),
    ...[one.publish?.p50, one.publish?.p95, one.publish?.p99].map((ms) => ms?.toFixed(1) ?? ""),
    ...[one.processed, one.waiting, one.unread, one.deadLetters, one.missing.length].map(String),
  ]);
  const missing = accounts.flatMap(({ account, missing }) =>
    missing.map(({ id, stream, seq, why }) => `  ${account} ${id} (${stream}, sequence ${seq}): ${why}`),
  );
  const waiting = accounts.some((account) => account.waiting > 0);
  return [
    table(heads, rows, style),
    "",
    `${waiting ? "no durable came any further" : "all was processed"} ${drained.toFixed(1)} s after the last publish`,
    ...(missing.length > 0
      ? [`${plural(missing.length, "acknowledged message")} missing:`, ...missing.slice(0, mostMissing)]
      : []),
    ...(missing.length > mostMissing ? [`  ... and ${missing.length - mostMissing} more (--json)`] : []),
  ].join("\n");
}
