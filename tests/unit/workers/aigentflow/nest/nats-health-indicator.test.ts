import assert from "node:assert/strict";
import { HealthIndicatorService } from "@nestjs/terminus";
import { NatsHealthIndicator } from "../../../../../workers/aigentflow";
import type { ConsumerStatus } from "../../../../../workers/messaging";

const running: ConsumerStatus = { running: true, processed: 3, errored: 0 };

const check = (ping: () => Promise<number>, parts: Record<string, ConsumerStatus>) =>
  new NatsHealthIndicator({ ping, status: () => parts }, new HealthIndicatorService()).isHealthy("nats");

describe("NatsHealthIndicator", () => {
  it("is up while the server answers and every subscription runs", async () => {
    const parts = { "api-agent-consumer": running };
    const expected = { status: "up", connection: "connected", rtt: 4, parts };
    assert.deepEqual(await check(() => Promise.resolve(4), parts), { nats: expected });
  });

  it("is down while the server does not answer, or a subscription stands still", async () => {
    const message = "the server has not answered for 900 ms";
    assert.deepEqual(await check(() => Promise.reject(new Error(message)), {}), {
      nats: { status: "down", connection: "disconnected", message, parts: {} },
    });
    const parts = {
      fine: running,
      waits: { ...running, unavailable: "the database does not answer" },
      ended: { ...running, running: false },
    };
    const { nats } = await check(() => Promise.resolve(4), parts);
    assert.deepEqual(nats, {
      ...{ status: "down", connection: "connected", rtt: 4, parts },
      message: "waits: the database does not answer; ended: stopped",
    });
  });
});
