import assert from "node:assert/strict";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { renderStatus } from "../../../../cli/render/status";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { statusOf } from "../../../../operations/supercluster/status";
import { workerStatuses } from "../../../../operations/workers/worker-status";
import type { RegionOutputs } from "../../../../stacks/outputs";
import { healthySnapshot } from "../../../support/healthy-snapshot";

const checked = checkedEnvironment("local");

describe("the status of workers", () => {
  let answer: { ready: boolean; checks: object };
  const server = http.createServer((request, response) => {
    const isReady = request.url === "/readyz";
    response.writeHead(isReady && !answer.ready ? 503 : 200, { "content-type": "application/json" });
    const stats = { totalMessagesProcessed: 7, totalMessagesErrored: 1 };
    response.end(JSON.stringify(isReady ? { ready: answer.ready } : { checks: answer.checks, stats }));
  });
  before((done) => void server.listen(0, "127.0.0.1", done));
  after(() => server.close());

  const statuses = () => {
    const health = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const outputs: Record<string, Partial<RegionOutputs>> = {
      "local-iad": {
        workers: {
          "irisx/api": { health, url: "http://127.0.0.1:8081" },
          "irisx/dead": { health: "http://127.0.0.1:9" },
        },
      },
      "local-ams": { workers: {} },
    };
    return workerStatuses(checked, (stack) =>
      outputs[stack] ? Promise.resolve(outputs[stack]) : Promise.reject(new Error("not deployed")),
    );
  };

  it("is what their health endpoints report, by region, and which do not answer", async () => {
    answer = { ready: true, checks: { nats: { ok: true } } };
    assert.deepEqual(await statuses(), [
      {
        ...{ region: "iad", account: "irisx", name: "api", isReady: true },
        ...{ processed: 7, errored: 1, url: "http://127.0.0.1:8081" },
      },
      {
        ...{ region: "iad", account: "irisx", name: "dead", isReady: false },
        reason: "http://127.0.0.1:9 does not answer",
      },
    ]);
  });

  it("names what keeps a worker from being ready", async () => {
    const unavailable = "durable sms-worker of stream SMS is missing";
    answer = {
      ready: false,
      checks: {
        nats: { ok: true },
        consumers: { ok: false, consumers: { "sms-worker": { unavailable }, other: {} } },
        database: { ok: false, error: "refused" },
        memory: { ok: false },
      },
    };
    const [found] = await statuses();
    assert.equal(found!.reason, `${unavailable}; database: refused; memory`);
    answer = { ready: false, checks: { nats: { ok: true } } };
    assert.equal((await statuses())[0]!.reason, "it is starting or stopping");
  });

  it("is a table of its own, and absent without workers", async () => {
    answer = { ready: true, checks: {} };
    const text = renderStatus(statusOf(checked, healthySnapshot(checked), await statuses()));
    assert.match(text, /irisx +api +iad +ready +7 +1 +http:\/\/127\.0\.0\.1:8081/);
    assert.match(text, /irisx +dead +iad +http:\/\/127\.0\.0\.1:9 does not answer/);
    assert.ok(!renderStatus(statusOf(checked, healthySnapshot(checked))).includes("WORKER"));
    assert.ok(!("workers" in statusOf(checked, healthySnapshot(checked))));
  });
});
