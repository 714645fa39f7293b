import type { HealthIndicatorResult, HealthIndicatorService } from "@nestjs/terminus";
import type { NatsService } from "./nats-service";

/**
 * Whether messages flow, for the health checks of `@nestjs/terminus`: the server answers, and every subscription and
 * service runs.
 */
export class NatsHealthIndicator {
  constructor(
    private readonly nats: Pick<NatsService, "ping" | "status">,
    private readonly health: Pick<HealthIndicatorService, "check">,
  ) {}

  /**
   * `up` with `connection: "connected"`, or `down` with `connection: "disconnected"` and the reason; with the state of
   * each subscription and service in any case. Within a second.
   */
  async isHealthy<K extends string>(key: K): Promise<HealthIndicatorResult<K>> {
    const session = this.health.check(key);
    const parts = this.nats.status();
    try {
      const rtt = await this.nats.ping();
      const stopped = Object.entries(parts).filter(([, { running, unavailable }]) => !running || unavailable);
      const connected = { connection: "connected", rtt, parts };
      if (stopped.length === 0) return session.up(connected);
      const reasons = stopped.map(([name, { unavailable }]) => `${name}: ${unavailable ?? "stopped"}`);
      return session.down({ ...connected, message: reasons.join("; ") });
    } catch (error) {
      return session.down({ connection: "disconnected", message: (error as Error).message, parts });
    }
  }
}
