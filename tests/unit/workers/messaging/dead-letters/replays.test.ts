import assert from "node:assert/strict";
import type { DeliveryInfo } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { originOf, replayHeader } from "../../../../../workers/messaging";

const time = new Date("2026-01-01T00:00:00Z");
const message = (stream: string, given: Record<string, string> = {}) => {
  const own = headers();
  for (const [name, value] of Object.entries(given)) own.set(name, value);
  const info = { stream, streamSequence: 7, consumer: "worker" } as DeliveryInfo;
  return { info, headers: own, subject: `of.${stream}`, time };
};

describe("the origin of a message", () => {
  it("is its own place", () => {
    const own = { stream: "SMS", sequence: 7, durable: "worker", subject: "of.SMS", time, isReplay: false };
    assert.deepEqual(originOf(message("SMS")), own);
    assert.deepEqual(originOf({ ...message("SMS"), headers: undefined }), own);
  });

  it("is that of the message that was given up, where it is processed again", () => {
    const replay = message("REPLAYS", {
      [replayHeader.of]: "id-1",
      [replayHeader.origin]: "SMS:3:sms-worker",
      [replayHeader.subject]: "sms.send",
      [replayHeader.time]: "2025-12-31T00:00:00.000Z",
    });
    assert.deepEqual(originOf(replay), {
      ...{ stream: "SMS", sequence: 3, durable: "sms-worker", subject: "sms.send", isReplay: true },
      time: new Date("2025-12-31T00:00:00Z"),
    });
  });

  it("is its own place in any other stream, whatever headers its publisher has set", () => {
    const own = { stream: "SMS", sequence: 7, durable: "worker", subject: "of.SMS", time, isReplay: false };
    const forged = message("SMS", { [replayHeader.of]: "id-1", [replayHeader.origin]: "EMAIL:3:email-worker" });
    assert.deepEqual(originOf(forged), own);
  });

  it("is its own place where a header is missing or makes no sense", () => {
    const late = message("REPLAYS", { [replayHeader.origin]: "SMS:3:sms-worker", [replayHeader.time]: "today" });
    assert.deepEqual(originOf(late).stream, "REPLAYS");
    const replay = message("REPLAYS", { [replayHeader.of]: "id-1", [replayHeader.origin]: "SMS:three:sms-worker" });
    assert.deepEqual(originOf(replay), {
      ...{ stream: "REPLAYS", sequence: 7, durable: "worker", subject: "of.REPLAYS", time, isReplay: true },
    });
  });
});
