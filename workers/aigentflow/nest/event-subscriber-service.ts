import type { JsMsg } from "@nats-io/jetstream";
import type { OnApplicationBootstrap } from "@nestjs/common";
import type { ProcessResult } from "../../messaging";
import { type Events, type Kind, kindNames, kinds } from "../kinds";
import type { AgentEvent, AuditEvent, TaskEvent, WorkflowEvent } from "../messages";
import type { NatsService } from "./nats-service";

/**
 * Handles an event, which is acknowledged when every handler of it has resolved. What one throws, or a result without
 * success, is not acknowledged: the event is delivered again to all its handlers, so each must be repeatable.
 */
export type EventHandler<E> = (event: E, message: JsMsg) => Promise<ProcessResult | void> | ProcessResult | void;

type Handlers = { [K in Kind]: Map<string, EventHandler<Events[K]>[]> };

/**
 * Events by type, from the durables of the application. Register handlers in constructors or in `onModuleInit`: a
 * durable is subscribed to at the start of the application if a kind has a handler then. An event of a type without a
 * handler is acknowledged.
 */
export class EventSubscriberService implements OnApplicationBootstrap {
  private readonly handlers: Handlers = { agent: new Map(), workflow: new Map(), task: new Map(), audit: new Map() };
  private isStarted = false;

  constructor(private readonly nats: Pick<NatsService, "subscribe">) {}

  /** @param eventType such as `agent.started`, or `*` for all */
  onAgentEvent(eventType: AgentEvent["type"] | "*", handler: EventHandler<AgentEvent>): void {
    this.on("agent", eventType, handler);
  }

  /** @param eventType such as `workflow.step.started`, or `*` for all */
  onWorkflowEvent(eventType: WorkflowEvent["type"] | "*", handler: EventHandler<WorkflowEvent>): void {
    this.on("workflow", eventType, handler);
  }

  /** @param eventType such as `task.created`, or `*` for all */
  onTaskEvent(eventType: TaskEvent["type"] | "*", handler: EventHandler<TaskEvent>): void {
    this.on("task", eventType, handler);
  }

  /** @param eventType such as `audit.access`, or `*` for all */
  onAuditEvent(eventType: AuditEvent["type"] | "*", handler: EventHandler<AuditEvent>): void {
    this.on("audit", eventType, handler);
  }

  /** @throws Error where a durable is missing or does not suit; none is subscribed to then */
  async onApplicationBootstrap(): Promise<void> {
    this.isStarted = true;
    const wanted = kindNames.filter((kind) => this.handlers[kind].size > 0);
    const subscribed = await Promise.allSettled(wanted.map((kind) => this.subscribe(kind)));
    const failed = subscribed.find((result) => result.status === "rejected");
    if (!failed) return;
    await Promise.all(subscribed.flatMap((result) => (result.status === "fulfilled" ? [result.value.stop()] : [])));
    throw failed.reason;
  }

  private on<K extends Kind>(kind: K, eventType: string, handler: EventHandler<Events[K]>): void {
    const handlers = this.handlers[kind];
    if (this.isStarted && handlers.size === 0)
      throw new Error(`no durable of ${kind} events is subscribed to: register the first handler in onModuleInit`);
    handlers.set(eventType, [...(handlers.get(eventType) ?? []), handler]);
  }

  private subscribe<K extends Kind>(kind: K) {
    const { stream, filter, durable, schema } = kinds[kind];
    const handlers: Handlers[K] = this.handlers[kind];
    return this.nats.subscribe<Events[K]>(
      ...([stream, filter, durable] as const),
      async (event, ack, nak, message) => {
        for (const type of [event.type, "*"])
          for (const handle of handlers.get(type) ?? []) {
            const result = await handle(event, message);
            if (result && !result.success) return nak({ retryable: false, ...result });
          }
        ack();
      },
      { schema },
    );
  }
}
