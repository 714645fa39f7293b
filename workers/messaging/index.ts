export {
  type ConsumerStatus,
  type Dependency,
  type HealthSource,
  type HealthStatus,
  startHealthServer,
} from "./health";
export { createLogger, type Logger } from "./log";
export { createWorkerMetrics, type WorkerMetrics } from "./metrics";
export { secretsOf } from "./redact";
export type { ProcessResult } from "./result";
export {
  allSettings,
  durationSetting,
  type Environment,
  readSettings,
  SettingsError,
  workerSettings,
} from "./settings";
