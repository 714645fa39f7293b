import { trace } from "@opentelemetry/api";
import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers, stdTimeFunctions } from "pino";
import { redactFields, redactText } from "./redact";

/** Writes one line of JSON an event: `log.info({ subject }, "published")`. */
export type Logger = PinoLogger;

export interface LoggerOptions {
  /** Of the process, in every line: `sms-worker`. */
  name: string;
  /** Lines below it are not written. Default: `info`. */
  level?: string;
  /** Values that must never be written, wherever they stand (`secretsOf(process.env)`). */
  secrets?: readonly string[];
  /** Where lines are written. Default: standard output, synchronously, so that a crash loses none. */
  destination?: DestinationStream;
}

/**
 * A logger: `{ level, time, name, msg, ... }`, times as ISO 8601, errors under `err`, and `trace_id` with `span_id`
 * inside a span of OpenTelemetry. Secrets are redacted: fields with a secret's name at any depth, credentials in URLs,
 * and the values given.
 */
export function createLogger({ name, level = "info", secrets = [], destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    base: {},
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: stdSerializers.err, error: stdSerializers.err },
    mixin: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
    },
    hooks: { streamWrite: (line: string) => redactText(redactFields(line), secrets) },
  };
  return pino(options, destination ?? standardOutput());
}

const standardOutput = (): DestinationStream => pino.destination({ dest: 1, sync: true });
