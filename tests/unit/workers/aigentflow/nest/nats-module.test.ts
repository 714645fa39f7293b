import assert from "node:assert/strict";
import { JetStreamClientImpl } from "@nats-io/jetstream/internal";
import type { NatsConnection } from "@nats-io/transport-node";
import type { DynamicModule } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { pino } from "pino";
import {
  EventPublisherService,
  EventReplayService,
  EventSubscriberService,
  messagingConfigSchema,
  NatsHealthIndicator,
  NatsModule,
  type NatsModuleOptions,
  NatsService,
} from "../../../../../workers/aigentflow";
import { FakeJetStream } from "../../../../support/fake-jetstream";

const log = pino({ level: "silent" });

class Root {}

/** An application with a module of its own, whose provider gets the service without importing anything. */
const start = (nats: DynamicModule) => {
  class Feature {}
  const feature = {
    module: Feature,
    providers: [{ provide: "nats", inject: [NatsService], useFactory: (it: NatsService) => it }],
  };
  return NestFactory.createApplicationContext(
    { module: Root, imports: [nats, feature] },
    { logger: false, abortOnError: false },
  );
};

const withOptions = (options: NatsModuleOptions) => start(NatsModule.forRoot({ log, ...options }));

describe("NatsModule", () => {
  it("serves every module of an application, over a connection that is there already", async () => {
    let isClosed = false;
    const close = () => Promise.resolve(void (isClosed = true));
    const connection = { ...new FakeJetStream().connection, close, drain: close } as unknown as NatsConnection;
    const application = await withOptions({ connection, name: "billing" });
    const nats = application.get<NatsService>("nats", { strict: false });
    assert.equal(nats, application.get(NatsService));
    assert.ok(nats.getJetStream() instanceof JetStreamClientImpl);
    assert.equal(nats.getConnection(), connection);
    for (const service of [EventSubscriberService, EventReplayService, NatsHealthIndicator])
      assert.ok(application.get<unknown>(service) instanceof service);
    const tenantId = "aaaaaaaa-0000-4000-8000-000000000000";
    assert.equal(application.get(EventPublisherService).createBaseMessage(tenantId).source, "billing");
    await application.close();
    // It belongs to what made it.
    assert.equal(isClosed, false);
  });

  it("ends the start of an application that cannot connect in time, or has nothing to connect by", async () => {
    const config = messagingConfigSchema.parse({ NATS_URL: "nats://127.0.0.1:9" });
    await assert.rejects(withOptions({ config, connectTimeout: 100 }), {
      message: "not connected within 100 ms to nats://127.0.0.1:9",
    });
    await assert.rejects(withOptions({}), /NatsModule needs either config .* or connection$/);
    const connection = new FakeJetStream().connection as unknown as NatsConnection;
    await assert.rejects(withOptions({ config, connection }), /NatsModule needs either/);
  });
});
