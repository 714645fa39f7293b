import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";
import type { Supercluster } from "./nats";

/** A request to change a stream or consumer, with what the server made of it. */
export interface ConfigurationWrite {
  /** `STREAM.CREATE`, `CONSUMER.DELETE`, ... A consumer's update is a `CONSUMER.CREATE` too. */
  request: string;
  /** `ORDERS`, or `ORDERS.billing`. */
  asset: string;
  isRefused: boolean;
  /** The error's number, where it was refused. */
  error?: number;
  /** The configuration that the server answered with, as text. */
  config: string;
}

interface Advisory {
  id: string;
  timestamp: string;
  subject: string;
  response: string;
}

const writes = /^\$JS\.API\.((?:STREAM|CONSUMER)\.(?:CREATE|UPDATE|DELETE|PURGE|PAUSE|RESET))\.(.+)$/;

/**
 * All that changed an account's streams and consumers since it is watched, as the servers themselves report it. Each
 * server is listened to, so that one that is killed takes no other's report with it; what a leader does as it is lost
 * is not reported.
 */
export class ConfigurationWrites {
  private readonly advisories = new Map<string, Advisory>();
  /** A busy server reports with a delay: what was done before may be reported later. Its clock is the same. */
  private readonly since = Date.now();

  private constructor(private readonly connections: NatsConnection[]) {}

  static async watch(cluster: Supercluster, user = "app"): Promise<ConfigurationWrites> {
    const connections = await Promise.all(cluster.urls().map((url) => cluster.connectForever(user, [url])));
    const watching = new ConfigurationWrites(connections);
    for (const connection of connections) {
      connection.subscribe("$JS.EVENT.ADVISORY.API", {
        callback: (_, message) => {
          const advisory = message.json<Advisory>();
          watching.advisories.set(advisory.id, advisory);
        },
      });
      await connection.flush();
    }
    return watching;
  }

  /** Those so far, in the order of the servers' clocks: of one asset, or all. */
  of(asset?: string): ConfigurationWrite[] {
    const all = [...this.advisories.values()]
      .filter(({ timestamp }) => Date.parse(timestamp) >= this.since)
      .sort((left, right) => left.timestamp.localeCompare(right.timestamp))
      .flatMap(writeOf);
    return all.filter((write) => asset === undefined || write.asset === asset).filter(isFirst);
  }

  /** Asserts which requests about an asset there were, once servers have reported them: that is after they answered. */
  async assertOf(asset: string, requests: string[]): Promise<void> {
    const seen = () => this.of(asset).map(({ request }) => request);
    await Promise.all(this.connections.map((connection) => connection.flush()));
    await pollUntil(async () => isDeepStrictEqual(seen(), requests) || undefined, waitMs);
    assert.deepEqual(seen(), requests);
  }

  async stop(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
  }
}

function writeOf({ subject, response }: Advisory): ConfigurationWrite[] {
  const [, request, asset] = writes.exec(subject) ?? [];
  const { error, config } = JSON.parse(response) as { error?: { code: number; err_code?: number }; config?: object };
  return request && asset
    ? [
        {
          request,
          asset,
          isRefused: error !== undefined,
          error: error && (error.err_code ?? error.code),
          config: JSON.stringify(config),
        },
      ]
    : [];
}

/** Where a stream has no leader, each of its servers reports that it deleted it. */
function isFirst({ request, asset, isRefused }: ConfigurationWrite, index: number, all: ConfigurationWrite[]): boolean {
  const before = all.slice(0, index).findLast((write) => write.asset === asset && !write.isRefused);
  return isRefused || !request.endsWith(".DELETE") || before?.request !== request;
}
