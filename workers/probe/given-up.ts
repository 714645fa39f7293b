import type { NatsConnection } from "@nats-io/transport-node";
import type { Counter } from "prom-client";
import { advisoryPrefix, type ConsumerStatus, givenUpKinds, givenUpSubject, type WorkerPart } from "../messaging";
import { givenUpAdvisories } from "./metrics";
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
    private readonly advisories: Counter<"kind">,
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
          const [account, stream] = placeOf(message.subject);
          if (this.servers.hasStream(account, stream)) this.advisories.inc({ kind: givenUpAdvisories[kind] });
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
function placeOf(subject: string): [account: string, stream: string] {
  const tokens = subject.split(".");
  return [tokens[1]!, tokens.at(-2)!];
}
