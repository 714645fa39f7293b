import type { INestApplicationContext } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { answers, type ConsumerStatus, type WorkerPart } from "../../messaging";
import type { PartContext } from "../../system";
import { type EventHandler, EventSubscriberService } from "../nest/event-subscriber-service";
import { nestLog } from "../nest/nest-log";
import { NatsModule } from "../nest/nats-module";
import { NatsService } from "../nest/nats-service";
import { type Events, type Kind, kinds } from "../kinds";
import { stateOf } from "../queries";
import { project } from "./project";
import type { StateStore } from "./store";

/** What every worker is made with. */
export type Context = PartContext<{ database: StateStore }>;

const subscribeTo: { [K in Kind]: (events: EventSubscriberService, handler: EventHandler<Events[K]>) => void } = {
  agent: (events, handler) => events.onAgentEvent("*", handler),
  workflow: (events, handler) => events.onWorkflowEvent("*", handler),
  task: (events, handler) => events.onTaskEvent("*", handler),
  audit: (events, handler) => events.onAuditEvent("*", handler),
};

/** Where an application registers its handlers. */
class Projection {}

/**
 * A NestJS application inside a worker's process: keeps the newest state of what the events of a kind are about, and
 * answers questions about it. Signals, health, metrics and exit codes are those of every worker.
 */
export class ProjectionWorker<K extends Kind> implements WorkerPart {
  readonly name: string;
  private nats?: NatsService;
  private application?: INestApplicationContext;

  constructor(
    private readonly kind: K,
    private readonly context: Context,
  ) {
    this.name = kinds[kind].durable;
  }

  async start(): Promise<void> {
    const { log, dependencies } = this.context;
    const { kind } = this;
    this.application = await NestFactory.createApplicationContext(this.module(), {
      logger: nestLog(log),
      // What fails is reported by the worker, which waits for a durable that is missing.
      abortOnError: false,
    });
    this.nats = this.application.get(NatsService);
    await this.nats.respond({
      name: `${kind}-state`,
      version: "1.0.0",
      description: `The newest state of each ${kind === "audit" ? "audited resource" : kind}`,
      endpoints: [
        answers(stateOf[kind], async (key) => ({ state: await dependencies.database.find({ kind, ...key }) })),
      ],
    });
  }

  async stop(): Promise<void> {
    await this.application?.close();
  }

  get status(): ConsumerStatus {
    const { [this.name]: events, ...services } = this.nats?.status() ?? {};
    const stopped = Object.entries(services).find(([, { running }]) => !running)?.[0];
    return {
      ...(events ?? { running: false, processed: 0, errored: 0 }),
      ...(stopped !== undefined && { unavailable: `service ${stopped} has stopped` }),
    };
  }

  private module() {
    const { kind, context } = this;
    const { nc: connection, log, metrics, concurrency, grace, dependencies } = context;
    const name = this.name;
    return {
      module: Projection,
      imports: [NatsModule.forRoot({ connection, name, log, metrics, concurrency, grace })],
      providers: [
        {
          provide: Projection,
          inject: [EventSubscriberService],
          useFactory: (events: EventSubscriberService) => {
            subscribeTo[kind](events, (event, message) => project(dependencies.database, kind, event, message));
            return new Projection();
          },
        },
      ],
    };
  }
}
