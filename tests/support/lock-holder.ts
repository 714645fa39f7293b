import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exclusively } from "../../components/local/provider/lock";

/** A process that takes a lock some times, and writes into `<folder>/log` when it got it and gave it back. */
async function main([folder, times, hold]: string[]): Promise<void> {
  const log = (what: string): void => fs.appendFileSync(path.join(folder!, "log"), `${what}${process.pid}\n`);
  for (let turn = 0; turn < Number(times); turn++) {
    await exclusively(folder!, "test", async () => {
      log("+");
      process.send?.("held");
      await sleep(Number(hold));
      log("-");
    });
  }
  process.disconnect?.();
}

void main(process.argv.slice(2));
