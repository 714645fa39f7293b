import assert from "node:assert/strict";
import { JetStreamApiError } from "@nats-io/jetstream";
import { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import type { NatsConnectionImpl } from "@nats-io/transport-node";
import { Registry } from "prom-client";
import { collectorMetrics } from "../../../../workers/dead-letters/metrics";
import { Sweep } from "../../../../workers/dead-letters/sweep";
import { SweptStreams } from "../../../../workers/dead-letters/swept";
import type { Logger } from "../../../../workers/messaging";

describe("sweep for dead letters", () => {
  it("does not begin, and logs nothing itself, before a deployment has made the stream of advisories", async () => {
    const error = { code: 404, err_code: 10059, description: "stream not found" };
    const connection = {
      options: {},
      request: () => Promise.resolve({ data: new TextEncoder().encode(JSON.stringify({ error })) }),
    } as unknown as NatsConnectionImpl;
    const log = new Proxy({} as Logger, {
      get: (_, level) => () => assert.fail(`${String(level)} was logged`),
    });
    const metrics = collectorMetrics(new Registry());
    const sweep = new Sweep({ every: 60_000, swept: new SweptStreams(), log, metrics });
    await assert.rejects(sweep.start(new JetStreamClientImpl(connection)), (thrown) => {
      assert.ok(thrown instanceof JetStreamApiError, String(thrown));
      return thrown.code === error.err_code;
    });
    await sweep.stop();
  });
});
