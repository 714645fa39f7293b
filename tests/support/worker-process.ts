import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { closeConnection, connect } from "../../workers/messaging/connection/connect";
import { connectionSettings } from "../../workers/messaging/connection/settings";
import { BaseNatsConsumer } from "../../workers/messaging/consumer/consumer";
import { createDeadLetterWriter } from "../../workers/messaging/dead-letters/writer";
import { createLogger } from "../../workers/messaging/log";
import type { ProcessResult } from "../../workers/messaging/result";
import type { Order, WorkerOrders } from "./worker-lab";

/** A worker process that does what its messages say. Started by `WorkerProcess` of worker-lab.ts. */
class Obedient extends BaseNatsConsumer<Order> {
  async processMessage({ id, act, ms }: Order): Promise<ProcessResult> {
    note(`run ${id}`);
    if (ms) await sleep(ms);
    if (act === "kill") process.kill(process.pid, "SIGKILL");
    if (act === "fail") return { success: false, retryable: true, error: new Error("failed as told") };
    note(`done ${id}`);
    return { success: true };
  }
}

const { notes, ...orders } = JSON.parse(process.env.TEST_WORKER!) as WorkerOrders;

/** What the process has written by then is there when it is killed. */
const file = fs.openSync(notes, "a");
const note = (line: string) => fs.writeSync(file, `${line}\n`);

async function main(): Promise<void> {
  const log = createLogger({ name: orders.durable, level: process.env.LOG_LEVEL ?? "silent" });
  const connection = await connect(connectionSettings(process.env), { name: orders.durable, log });
  const client = jetstream(connection);
  const consumer = new Obedient({ ...orders, deadLetters: createDeadLetterWriter(client), log });
  process.once("SIGTERM", () => {
    void (async () => {
      await consumer.stop();
      await closeConnection(connection);
      process.exit(0);
    })();
  });
  process.once("disconnect", () => process.exit(1));
  // It is connected long before the one that it follows is killed, and starts when it is told to.
  process.once("message", () => void consumer.start(client).then(() => process.send?.("started")));
  process.send?.("connected");
}

void main();
