import type { DynamicModule, FactoryProvider, InjectionToken, ModuleMetadata } from "@nestjs/common";
import { HealthIndicatorService, TerminusModule } from "@nestjs/terminus";
import { connect, createLogger, secretsOf } from "../../messaging";
import { EventPublisherService } from "./event-publisher-service";
import { EventReplayService } from "./event-replay-service";
import { EventSubscriberService } from "./event-subscriber-service";
import { NatsHealthIndicator } from "./nats-health-indicator";
import { NatsService } from "./nats-service";
import type { NatsConnected, NatsModuleOptions } from "./options";

/** Options that other providers make, such as a `ConfigService`. */
export interface NatsModuleAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  inject?: FactoryProvider["inject"];
  // As Nest itself has it: what is injected is known by tokens only.
  useFactory: FactoryProvider<NatsModuleOptions>["useFactory"];
}

const optionsToken = Symbol("options of NatsModule");
const connectedToken = Symbol("connection of NatsModule");

/**
 * NATS for a NestJS application: `NatsService`, `EventPublisherService`, `EventSubscriberService`,
 * `EventReplayService` and `NatsHealthIndicator` for all its modules. It connects at the start, and stops with the
 * application: subscriptions first, so that what handlers use may be closed in `beforeApplicationShutdown` or later.
 *
 * Providers are made by factories, without decorators: nothing depends on how a compiler emits types of parameters.
 */
export class NatsModule {
  /**
   * @throws Error, when the application starts: without `config` or `connection`, and where it cannot connect in time
   */
  static forRoot(options: NatsModuleOptions): DynamicModule {
    return NatsModule.forRootAsync({ useFactory: () => options });
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: NatsModuleAsyncOptions): DynamicModule {
    const services = [
      provide(NatsService, [connectedToken], (connected: NatsConnected) => new NatsService(connected)),
      provide(
        EventPublisherService,
        [NatsService, connectedToken],
        (nats: NatsService, { options }: NatsConnected) => new EventPublisherService(nats, options.name),
      ),
      provide(EventSubscriberService, [NatsService], (nats: NatsService) => new EventSubscriberService(nats)),
      provide(
        EventReplayService,
        [NatsService, connectedToken],
        (nats: NatsService, { options }: NatsConnected) => new EventReplayService(nats, options.log),
      ),
      provide(
        NatsHealthIndicator,
        [NatsService, HealthIndicatorService],
        (nats: NatsService, health: HealthIndicatorService) => new NatsHealthIndicator(nats, health),
      ),
    ];
    return {
      module: NatsModule,
      global: true,
      imports: [TerminusModule, ...imports],
      providers: [
        provide(optionsToken, inject, useFactory),
        provide(connectedToken, [optionsToken], connected),
        ...services,
      ],
      exports: services.map((service) => service.provide),
    };
  }
}

const provide = <A extends unknown[], T>(
  token: InjectionToken,
  inject: FactoryProvider["inject"],
  useFactory: (...injected: A) => T | Promise<T>,
): FactoryProvider<T> => ({ provide: token, inject, useFactory: useFactory as FactoryProvider<T>["useFactory"] });

async function connected(given: NatsModuleOptions): Promise<NatsConnected> {
  const { config, connection, name = "aigentflow-api", grace = 30_000, connectTimeout = 30_000, metrics } = given;
  if ((config === undefined) === (connection === undefined))
    throw new Error("NatsModule needs either config (messagingConfigSchema.parse(process.env)) or connection");
  const log = given.log ?? createLogger({ name, level: process.env.LOG_LEVEL, secrets: secretsOf(process.env) });
  const options = { ...given, name, grace, log };
  if (connection) return { connection, options };
  const signal = AbortSignal.timeout(connectTimeout);
  try {
    return { connection: await connect(config!, { name, log, metrics, signal }), options };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(`not connected within ${connectTimeout} ms to ${config!.servers.join(", ")}`, { cause: error });
  }
}
