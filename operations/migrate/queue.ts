import type { NatsConnection } from "@nats-io/transport-node";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { streamFields, type Wire } from "../../jetstream/fields";
import { read, readPages, write } from "../../jetstream/api";
import { ApiError } from "../../jetstream/errors";
import { readServerFacts } from "../../jetstream/facts";
import type { Info } from "../../jetstream/info";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import type { Account } from "../../jetstream/account";
import { confirmWrite } from "../../jetstream/confirm-write";
import { ensure } from "../../jetstream/ensure";
import { observe } from "../../jetstream/observe";
import { remove } from "../../jetstream/remove";
import type { AssetArgs } from "../../jetstream/schemas";
import { toWire } from "../../jetstream/wire";
import type { ConsumerAsset, StreamAsset } from "../../config/assets/asset";
import { Failure } from "../../engine/failure";
import {
  changeStream,
  type ConsumerInfo,
  ownStream,
  requiredStream,
  type StackAccount,
  type StreamInfo,
} from "../stream/stack-account";
import { shadowOf } from "./configurations";
import { roomOf, safeCopyLevel } from "./preconditions";

/** A stream that existed a moment ago: the last request of an interrupted run may still have been in flight. */
export class StreamGone extends Failure {}

/** The migration's own shadow copies the queue, but was not found: its creation may have been in flight. */
export class ShadowNotSeen extends Failure {}

/** A work queue with its durables, as specified, and the connections to read and change them. */
export class Queue {
  /** The stream's, as specified. */
  readonly args: AssetArgs;
  readonly specified: Wire;
  readonly shadow: string;

  readonly stream: StreamAsset;
  readonly durables: ConsumerAsset[];
  readonly account: Account;
  readonly system: NatsConnection;

  constructor(
    { account, system, assets: { streams, consumers } }: Pick<StackAccount, "account" | "system" | "assets">,
    readonly name: string,
    /** In all regions together. */
    readonly servers: number,
  ) {
    this.account = account;
    this.system = system;
    this.stream = streams.find((asset) => asset.name === name)!;
    this.durables = consumers.filter((consumer) => consumer.stream === name);
    this.args = streamArgs(this.stream);
    this.specified = toWire(streamFields, this.args);
    this.shadow = shadowOf(name);
  }

  find = (name: string): Promise<StreamInfo | undefined> => ownStream(this.account, name);
  required = (name: string): Promise<StreamInfo> => requiredStream(this.account, name);
  /** Changes a stream's configuration as it is found. */
  update = (name: string, change: (config: Wire) => Wire): Promise<void> => changeStream(this.account, name, change);

  /** Creates a mirror; servers that could lose a message in copying refuse. */
  async createMirror(config: Wire): Promise<void> {
    const args = this.argsOf(config.name!);
    await confirmWrite(
      write<Info>(
        this.account.connection,
        streamKind.subject("CREATE", args),
        streamKind.body("create", config, args),
        safeCopyLevel,
      ),
      () => observe(streamKind, args, this.account),
      (info) => info !== undefined,
      `creation of ${config.name!}`,
    );
  }

  /** Deletes without counting: the caller has counted. */
  async delete(name: string): Promise<void> {
    if ((await remove(streamKind, this.argsOf(name), this.account)) !== "deleted")
      throw new Failure(`${name} now belongs to another owner; it was not deleted`);
  }

  consumers(): Promise<ConsumerInfo[]> {
    return readPages(
      this.account.connection,
      `CONSUMER.LIST.${this.name}`,
      {},
      ({ consumers }: { total?: number; consumers?: ConsumerInfo[] }) => consumers ?? [],
    );
  }

  /** Messages that it has not acknowledged stay in the queue. */
  async deleteConsumer(name: string): Promise<void> {
    const args = { account: this.stream.account, stream: this.name, name };
    if ((await remove(consumerKind, args, this.account)) !== "deleted")
      throw new Failure(`durable ${name} belongs to another owner; it was not deleted`);
  }

  async ensureConsumer(asset: ConsumerAsset): Promise<void> {
    await ensure(consumerKind, consumerArgs(asset), this.account);
  }

  /** As the provider would bring it up: what a change costs is counted, and refused unless the spec allows it. */
  async ensureStream(): Promise<void> {
    await ensure(streamKind, this.args, this.account);
  }

  facts = () => readServerFacts(this.system, this.servers);

  /** Bytes that a copy may take of the account's limit, every replica counted. */
  async room(): Promise<number> {
    interface Usage {
      storage: number;
      memory: number;
      limits: { max_storage: number; max_memory: number };
    }
    const { storage } = this.stream.spec;
    const [usage, streams] = await Promise.all([this.ask<Usage>("INFO", {}), this.streams()]);
    const [used, limit] =
      storage === "memory" ? [usage.memory, usage.limits.max_memory] : [usage.storage, usage.limits.max_storage];
    const alike = streams.filter(({ config }) => config.storage === storage);
    return roomOf(limit, used, this.name, alike);
  }

  /** All streams of the account. */
  private streams(): Promise<StreamInfo[]> {
    return readPages(
      this.account.connection,
      "STREAM.LIST",
      {},
      ({ streams }: { total?: number; streams?: StreamInfo[] }) => streams ?? [],
    );
  }

  ask = <T>(subject: string, payload: unknown): Promise<T> =>
    read<T>(this.account.connection, subject, payload, 10_000).catch((error: unknown) => {
      if (error instanceof ApiError && error.isNotFound)
        throw new StreamGone(`${error.message}. It was deleted meanwhile; run the command again.`);
      throw error;
    });

  private argsOf(name: string): AssetArgs {
    return { account: this.stream.account, name };
  }
}
