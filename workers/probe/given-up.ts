import type { NatsConnection } from "@nats-io/transport-node";
import { advisoryPrefix, type ConsumerStatus, givenUpKinds, givenUpSubject, type WorkerPart } from "../messaging";
import { type DurableLabels, givenUpAdvisories, type ProbeMetrics } from "./metrics";
import type { Servers } from "./servers";

/**
 * Counts the messages that durables of the region have given up. Servers tell this in the account of the stream alone,
 * and every account exports it to the probe's (components/security/accounts.ts).
 */
export class GivenUp implements WorkerPart {
  readonly name = "given-up";
  private processed = 0;

  constructor(
    private readonly nc: NatsConnection,
    private readonly servers: Pick<Servers, "hasStream">,
    private readonly metrics: Pick<ProbeMetrics, "advisories" | "maxDeliveries">,
  ) {}

  get status(): ConsumerStatus {
    return { running: true, processed: this.processed, errored: 0 };
  }

  start(): Promise<void> {
    for (const kind of givenUpKinds)
      this.nc.subscribe(`${advisoryPrefix("*")}.${givenUpSubject(kind)}`, {
        callback: (error, message) => {
          if (error) return;
          this.processed++;
          const place = placeOf(message.subject);
          if (!this.servers.hasStream(place.tenant, place.stream_name)) return;
          this.metrics.advisories.inc({ kind: givenUpAdvisories[kind] });
          if (kind === "MAX_DELIVERIES") this.metrics.maxDeliveries.inc(place);
        },
      });
    return Promise.resolve();
  }

  /** The connection, and with it what is subscribed, is closed by the process. */
  stop(): Promise<void> {
    return Promise.resolve();
  }
}

/** Of `advisories.<account>.$JS.EVENT.ADVISORY.CONSUMER.<kind>.<stream>.<durable>`. */
function placeOf(subject: string): DurableLabels {
  const tokens = subject.split(".");
  return { tenant: tokens[1]!, stream_name: tokens.at(-2)!, consumer_name: tokens.at(-1)! };
}
