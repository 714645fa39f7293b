import * as assert from "node:assert/strict";
import { Registry } from "prom-client";
import { createWorkerMetrics } from "../../../../workers/messaging";

describe("metrics of a worker", () => {
  it("have the names and labels that dashboards and autoscalers read", async () => {
    const metrics = createWorkerMetrics(new Registry());
    const consumer = { consumer: "sms-worker" };
    metrics.messagesProcessed.inc({ ...consumer, status: "success" });
    metrics.processingDuration.observe(consumer, 0.2);
    metrics.deliveryDelay.observe(consumer, 0.004);
    metrics.publishDuration.observe(0.003);
    metrics.lag.set(consumer, 7);
    metrics.inFlight.set(consumer, 2);
    metrics.redeliveries.inc(consumer);
    metrics.deadLetters.inc({ ...consumer, outcome: "stored" });
    metrics.breakerOpen.set(consumer, 1);
    metrics.reconnects.inc();
    metrics.connected.set(1);
    const text = await metrics.registry.metrics();
    for (const line of [
      'nats_consumer_messages_processed_total{consumer="sms-worker",status="success"} 1',
      'nats_consumer_message_processing_duration_seconds_bucket{le="0.25",consumer="sms-worker"} 1',
      'nats_consumer_message_processing_duration_seconds_count{consumer="sms-worker"} 1',
      'nats_consumer_delivery_delay_seconds_bucket{le="0.005",consumer="sms-worker"} 1',
      'nats_publisher_message_duration_seconds_bucket{le="0.005"} 1',
      'nats_consumer_lag{consumer="sms-worker"} 7',
      'nats_consumer_in_flight{consumer="sms-worker"} 2',
      'nats_consumer_redeliveries_total{consumer="sms-worker"} 1',
      'nats_consumer_dead_letters_total{consumer="sms-worker",outcome="stored"} 1',
      'nats_consumer_breaker_open{consumer="sms-worker"} 1',
      "nats_connection_reconnects_total 1",
      "nats_connection_up 1",
    ])
      assert.ok(text.split("\n").includes(line), `${line} is missing in\n${text}`);
    assert.doesNotMatch(text, /process_cpu/);
  });

  it("include those of the process, and belong to one worker", async () => {
    const [one, other] = [createWorkerMetrics(), createWorkerMetrics()];
    one.reconnects.inc();
    assert.match(await one.registry.metrics(), /process_cpu_seconds_total/);
    assert.match(await other.registry.metrics(), /nats_connection_reconnects_total 0/);
  });
});
