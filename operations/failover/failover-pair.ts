import type { ConsumerAsset, StreamAsset } from "../../config/assets/asset";
import { failedOver } from "../../config/assets/failover";
import { type WorkerAsset, workersOf } from "../../config/assets/workers";
import { type Failover, failoverKey } from "../../config/schema/failover";
import { failoverProblems } from "../../config/rules/failover";
import { InvalidInput } from "../../config/problems";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import type { Wire } from "../../jetstream/fields";
import { read } from "../../jetstream/api";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import type { Account } from "../../jetstream/account";
import { ensure } from "../../jetstream/ensure";
import { observe } from "../../jetstream/observe";
import type { CheckedEnvironment } from "../settings/checked-environment";
import {
  changeStream,
  type StreamRef,
  type ConsumerInfo,
  ownStream,
  type StackAccount,
  type StreamInfo,
} from "../stream/stack-account";
import { Answers, orUnreachable } from "./answers";
import { failbackNoteOf } from "./configurations";
import type { Mappings } from "./mappings";
import { StackSetting } from "../settings/stack-setting";
import type { FailoverFacts, StreamLookup, StreamSummary } from "./steps";
import type { Reload } from "./together";

/**
 * A stream with its mirrors and durables, as specified without a failover, and the connections to read and change
 * them.
 */
export class FailoverPair {
  readonly stream: StreamAsset;
  readonly mirrors: StreamAsset[];
  /** Of the stream. */
  readonly durables: ConsumerAsset[];
  /** Specified for a mirror itself. */
  readonly durablesOfMirrors: ConsumerAsset[];
  readonly account: Account;
  private readonly answers = new Answers();

  constructor(
    own: Pick<StackAccount, "account" | "assets">,
    name: string,
    private readonly mappings: Mappings,
    readonly setting: StackSetting<Failover>,
    /** Of the stream's account. */
    readonly workers: readonly WorkerAsset[] = [],
  ) {
    const { streams, consumers } = own.assets;
    this.stream = streams.find((asset) => asset.name === name)!;
    this.mirrors = streams.filter(({ mirrorOf }) => mirrorOf === name);
    this.durables = consumers.filter((consumer) => consumer.stream === name);
    this.durablesOfMirrors = consumers.filter((consumer) =>
      this.mirrors.some((mirror) => mirror.name === consumer.stream),
    );
    this.account = own.account;
  }

  mirrorIn(region: string): StreamAsset {
    return this.mirrors.find((mirror) => mirror.region === region)!;
  }

  /** The assets with this failover carried out. */
  failedOver(failover: Failover): { streams: StreamAsset[]; consumers: ConsumerAsset[] } {
    const { account, name } = this.stream;
    return failedOver(
      { streams: [this.stream, ...this.mirrors], consumers: [...this.durables, ...this.durablesOfMirrors] },
      { [failoverKey(account, name)]: failover },
    );
  }

  /** @param firstMs milliseconds for what has not answered before; default: a region may be lost, so few */
  async facts(firstMs?: number): Promise<FailoverFacts> {
    const { name, region } = this.stream;
    const [home, { before214, ...mappings }, ...found] = await Promise.all([
      this.look(name, firstMs),
      this.mappings.of(this.stream, firstMs),
      ...this.mirrors.map((mirror) => this.look(mirror.name, firstMs)),
    ]);
    return {
      stream: name,
      region,
      home,
      ...mappings,
      tooOld: before214,
      mirrors: this.mirrors.map((mirror, index) => ({
        name: mirror.name,
        region: mirror.region,
        found: found[index]!,
      })),
      declared: this.setting.read()?.to,
    };
  }

  async look(name: string, firstMs?: number): Promise<StreamLookup> {
    const info = await this.infoOf(name, firstMs);
    return typeof info === "string" ? info : summaryOf(info);
  }

  /** What its leader reports, or why there is no answer. Refuses another stack's stream. */
  async infoOf(name: string, firstMs?: number): Promise<StreamInfo | "unreachable" | "missing"> {
    return (await this.answers.of(name, (deadline) => ownStream(this.account, name, deadline), firstMs)) ?? "missing";
  }

  async consumerInfo(stream: string, name: string): Promise<ConsumerInfo | "unreachable" | "missing"> {
    if (this.answers.isLost(stream)) return "unreachable";
    const patience = this.answers.patienceFor(stream);
    return (
      (await orUnreachable(
        observe(consumerKind, { stream, name }, this.account, patience) as Promise<ConsumerInfo | undefined>,
      )) ?? "missing"
    );
  }

  /** Servers of the stream's region before 2.14. */
  async tooOld(): Promise<string[]> {
    return (await this.mappings.of(this.stream)).before214;
  }

  /** Servers have to map the stream's subjects, as its setting declares. */
  async toMap(): Promise<Reload> {
    const unmapped = async () => (await this.mappings.of(this.stream)).unmapped;
    return { servers: await unmapped(), left: unmapped };
  }

  /** Servers have to map the stream's subjects no more. */
  async toUnmap(): Promise<Reload> {
    const mapped = async () => (await this.mappings.of(this.stream)).mapped;
    return { servers: await mapped(), left: mapped };
  }

  /** Changes a stream's configuration as it is found. */
  update(name: string, change: (config: Wire) => Wire): Promise<void> {
    return changeStream(this.account, name, change);
  }

  ensureStream(asset: StreamAsset): Promise<unknown> {
    return ensure(streamKind, streamArgs(asset), this.account);
  }

  ensureConsumer(asset: ConsumerAsset): Promise<unknown> {
    return ensure(consumerKind, consumerArgs(asset), this.account);
  }

  /** A read request to JetStream, by its subject without the prefix; given up after 10 s. */
  ask = <T>(subject: string, payload: unknown): Promise<T> =>
    read<T>(this.account.connection, subject, payload, 10_000);
}

function summaryOf({ config, state }: StreamInfo): StreamSummary {
  return {
    isMirror: config.mirror !== undefined,
    sources: (config.sources ?? []).map(({ name }) => name),
    messages: state.messages,
    firstSeq: state.first_seq,
    lastSeq: state.last_seq,
    ...(failbackNoteOf(config)?.open && { isOpened: true }),
  };
}

export const failoverPairOf = (
  { project, tenants }: CheckedEnvironment,
  { account, stream }: StreamRef,
  own: StackAccount,
  mappings: Mappings,
): FailoverPair =>
  new FailoverPair(
    own,
    stream,
    mappings,
    new StackSetting(own.stack, `${project.name}:failover`, failoverKey(account, stream)),
    tenants[account] && workersOf(tenants[account]),
  );

/** Refuses a failover that the settings do not allow, with every reason. */
export function checkFailover(
  { tenants }: CheckedEnvironment,
  { account, stream }: StreamRef,
  failover: Failover,
): void {
  const problems = failoverProblems({ [failoverKey(account, stream)]: failover }, tenants, "failover");
  if (problems.length) throw new InvalidInput(problems, "command");
}
