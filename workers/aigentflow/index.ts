/* What a NestJS application imports. */

export * from "./messages";
export { type State, stateOf } from "./queries";
export { EventPublisherService, type EventFields } from "./nest/event-publisher-service";
export { EventReplayService, type ReplayedEvent, type ReplayOptions } from "./nest/event-replay-service";
export { type EventHandler, EventSubscriberService } from "./nest/event-subscriber-service";
export { NatsHealthIndicator } from "./nest/nats-health-indicator";
export { NatsModule, type NatsModuleAsyncOptions } from "./nest/nats-module";
export {
  type Ack,
  type MessageHandler,
  type Nak,
  NatsService,
  type SubscribeOptions,
  type Subscription,
} from "./nest/nats-service";
export type { NatsModuleOptions } from "./nest/options";
