import type { LoggerService } from "@nestjs/common";
import type { Logger } from "../../messaging";

/** What Nest itself logs, as lines of the worker's log; that it starts modules is of no use to an operator. */
export const nestLog = (log: Logger): LoggerService => ({
  log: (message: unknown, ...rest: unknown[]) => log.debug({ rest }, String(message)),
  warn: (message: unknown, ...rest: unknown[]) => log.warn({ rest }, String(message)),
  error: (message: unknown, ...rest: unknown[]) => log.error({ rest }, String(message)),
  fatal: (message: unknown, ...rest: unknown[]) => log.fatal({ rest }, String(message)),
});
