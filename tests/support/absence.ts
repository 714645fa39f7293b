import * as fs from "node:fs";
import * as path from "node:path";

/** From when to when a restarted server served no client, by the logs in its folder: milliseconds since 1970. */
export function absenceIn(folder: string): { from: number; to: number } {
  const at = (file: string, what: string): number => {
    const lines = fs.readFileSync(path.join(folder, file), "utf8").split("\n");
    const line = lines.find((one) => one.includes(what)) ?? "";
    // `[123] 2026/11/28 04:26:21.123456 [INF] ...`, in local time.
    const [, day, time] = /\] (\S+) (\S+) \[INF\]/.exec(line)!;
    return new Date(`${day!.replaceAll("/", "-")}T${time}`).getTime();
  };
  return { from: at("server.log.1", "Entering lame duck mode"), to: at("server.log", "Server is ready") };
}
