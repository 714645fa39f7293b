export { closeConnection, connect, type ConnectOptions } from "./connection/connect";
export { clientOf } from "./connection/of";
export { type ConnectionSettings, connectionSettings } from "./connection/settings";
export { floorOf, isExplicit, type Position } from "./consumer/floor";
export { type Growth, growingDelay, retryDelay } from "./consumer/backoff";
export { BaseNatsConsumer } from "./consumer/consumer";
export type { ConnectionMetrics, ConsumerMetrics, Log } from "./consumer/observer";
export { type ConsumerOptions, idempotencyKey, type IdempotencyStore, type Place } from "./consumer/options";
export * from "./contract";
export { deadLetterHeaders, type DeadLetterOrigin, type GivenUp, isCopyOf } from "./dead-letters/headers";
export { type Origin, originOf } from "./dead-letters/replays";
export {
  type CopiedMessage,
  createDeadLetterWriter,
  type DeadLetterCopier,
  type DeadLetterWriter,
  type DeadLetterWriterOptions,
} from "./dead-letters/writer";
export {
  byType,
  checkMessage,
  createMessage,
  type Envelope,
  envelope,
  handles,
  MessageError,
  readMessage,
} from "./envelope";
export {
  type ConsumerStatus,
  type Dependency,
  type HealthSource,
  type HealthStatus,
  startHealthServer,
} from "./health";
export { type HistoryOptions, readHistory, type StoredMessage } from "./history";
export { createLogger, type Logger } from "./log";
export { createWorkerMetrics, type WorkerMetrics } from "./metrics";
export { isNoResponders } from "./no-responders";
export { createPublisher, type Publisher, type PublisherOptions, UnacknowledgedError } from "./publisher";
export { secretsOf, withoutSecrets } from "./redact";
export type { ProcessResult } from "./result";
export { runWorker, type RunningWorker, startWorker, type WorkerContext, workerExitCode, type WorkerPart } from "./run";
export {
  answers,
  createResponder,
  findServices,
  question,
  Refusal,
  request,
  RequestFailedError,
  respond,
  type Responder,
} from "./services";
export {
  allSettings,
  durationSetting,
  type Environment,
  readSettings,
  SettingsError,
  workerSettings,
} from "./settings";
export { nanosecondsOf, stored } from "./stored";
export { inTraceOf } from "./trace";
