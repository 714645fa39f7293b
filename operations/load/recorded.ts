import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Recorded } from "../../workers/messaging/contract";

/** Reads the file of a program that has ended; a line that it was killed at is left out. */
export async function readRecorded(file: string): Promise<Recorded[]> {
  const recorded: Recorded[] = [];
  for await (const line of createInterface({ input: createReadStream(file, "utf8") }))
    try {
      recorded.push(JSON.parse(line) as Recorded);
    } catch {
      break;
    }
  return recorded;
}
