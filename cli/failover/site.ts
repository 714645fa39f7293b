import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf, type ConsumerAsset, type StreamAsset } from "../../config/assets";
import { type Failover, failedOver, failoverKey, failoverProblems } from "../../config/failover";
import { InvalidInput } from "../../config/problems";
import { provisioner } from "../../config/standard";
import { ofAccounts } from "../../config/validate";
import { consumerArgs, streamArgs } from "../../components/jetstream/asset-args";
import type { Wire } from "../../components/jetstream/fields";
import { read, readPages, write } from "../../components/jetstream/provider/api";
import { ApiError, NoAnswer } from "../../components/jetstream/provider/errors";
import type { Info } from "../../components/jetstream/provider/info";
import { consumerKind, streamKind } from "../../components/jetstream/provider/kinds";
import { ownerOf } from "../../components/jetstream/provider/ownership";
import { type Account, ensure, observe } from "../../components/jetstream/provider/reconcile";
import { connectTo, readAccess } from "../access";
import { Failure } from "../failure";
import type { CheckedEnvironment } from "../settings";
import { connectToSystem } from "../supercluster/snapshot";
import { say } from "../terminal";
import { Setting } from "./setting";
import type { Facts, Found, StreamView } from "./steps";

/** What servers say of a stream, beyond what the provider looks at. */
export type StreamInfo = Info & {
  sources?: { name: string; lag: number; active: number }[];
  mirror?: { name: string; lag: number; active: number };
};

export type ConsumerInfo = Info & {
  ack_floor: { stream_seq: number };
  paused?: boolean;
};

export interface Choice {
  account: string;
  stream: string;
}

/** One stream with its mirrors and durables: as they are specified without a failover, and the way to them. */
export class Site {
  private constructor(
    readonly checked: CheckedEnvironment,
    readonly stack: string,
    readonly stream: StreamAsset,
    readonly mirrors: StreamAsset[],
    /** Of the stream. */
    readonly durables: ConsumerAsset[],
    /** Specified for a mirror itself. */
    readonly durablesOfMirrors: ConsumerAsset[],
    readonly setting: Setting,
    readonly system: NatsConnection,
    readonly account: Account,
  ) {}

  /** Connects by the servers of a region. Throws what is wrong with the choice before that. */
  static async open(checked: CheckedEnvironment, { account, stream: name }: Choice, region: string): Promise<Site> {
    const { environment, tenants, project } = checked;
    const stack = stackOf(checked, account);
    const { streams, consumers } = assetsOf(environment, ofAccounts(tenants, [account]));
    const stream = streams.find((asset) => asset.name === name)!;
    const mirrors = streams.filter(({ mirrorOf }) => mirrorOf === name);
    const access = await readAccess(checked);
    const system = await connectToSystem(access);
    const connection = await connectTo(access, region, account, provisioner);
    return new Site(
      checked,
      stack,
      stream,
      mirrors,
      consumers.filter((consumer) => consumer.stream === name),
      consumers.filter((consumer) => mirrors.some((mirror) => mirror.name === consumer.stream)),
      new Setting(stack, project.name, failoverKey(account, name)),
      system,
      { connection, owner: `${project.name}/${stack}`, say },
    );
  }

  async close(): Promise<void> {
    await this.account.connection.close();
    await this.system.close();
  }

  mirrorIn(region: string): StreamAsset {
    return this.mirrors.find((mirror) => mirror.region === region)!;
  }

  /** The assets with this failover carried out. */
  failedOver(failover: Failover): { streams: StreamAsset[]; consumers: ConsumerAsset[] } {
    const { account, name } = this.stream;
    return failedOver({ streams: [this.stream, ...this.mirrors], consumers: [...this.durables, ...this.durablesOfMirrors] }, { [failoverKey(account, name)]: failover });
  }

  async facts(): Promise<Facts> {
    const { name, region } = this.stream;
    const [home, holders, ...found] = await Promise.all([this.look(name), this.holders(), ...this.mirrors.map((mirror) => this.look(mirror.name))]);
    return {
      stream: name,
      region,
      home,
      holders,
      mirrors: this.mirrors.map((mirror, index) => ({ name: mirror.name, region: mirror.region, found: found[index]! })),
      declared: this.setting.read()?.to,
    };
  }

  async look(name: string): Promise<Found> {
    const info = await this.infoOf(name);
    return typeof info === "string" ? info : viewOf(info);
  }

  /** What its leader says, or why there is nothing to say. Refuses a stream that is another stack's. */
  async infoOf(name: string): Promise<StreamInfo | "unreachable" | "missing"> {
    const info = await orUnreachable(observe(streamKind, { name }, this.account, lookMs));
    if (typeof info === "object" && ownerOf(info.config) !== this.account.owner) {
      throw new Failure(`${name} is not the stream of ${this.account.owner}: its mark says ${ownerOf(info.config) ?? "nothing"}. Nothing was changed.`);
    }
    return info ?? "missing";
  }

  async consumerInfo(stream: string, name: string): Promise<ConsumerInfo | "unreachable" | "missing"> {
    return (await orUnreachable(observe(consumerKind, { stream, name }, this.account, lookMs) as Promise<ConsumerInfo | undefined>)) ?? "missing";
  }

  /** Streams that hold any of the stream's own subjects. The meta leader says so, whether those streams have a leader or not. */
  async holders(): Promise<string[]> {
    const names = await Promise.all(
      this.stream.spec.subjects.map((subject) =>
        readPages(this.account.connection, "STREAM.NAMES", { subject }, ({ streams }: { streams?: string[] | null; total?: number }) => streams ?? []),
      ),
    );
    return [...new Set(names.flat())];
  }

  /** Changes a stream's configuration as it is found. */
  async update(name: string, change: (config: Wire) => Wire): Promise<StreamInfo> {
    const info = await this.infoOf(name);
    if (typeof info === "string") throw new Failure(`${name} is ${info}; run the command again when its servers answer`);
    return write<StreamInfo>(this.account.connection, `STREAM.UPDATE.${name}`, { ...change(info.config), pedantic: true });
  }

  ensureStream(asset: StreamAsset): Promise<unknown> {
    return ensure(streamKind, streamArgs(asset), this.account);
  }

  ensureConsumer(asset: ConsumerAsset): Promise<unknown> {
    return ensure(consumerKind, consumerArgs(asset), this.account);
  }

  request<T>(subject: string, payload: unknown): Promise<T> {
    return read<T>(this.account.connection, subject, payload, 10_000);
  }
}

const lookMs = 2_500;
const offline = [10118, 10119];

async function orUnreachable<T>(answer: Promise<T>): Promise<T | "unreachable"> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NoAnswer || (error instanceof ApiError && (offline.includes(error.errCode) || error.isTemporary))) return "unreachable";
    throw error;
  }
}

export function viewOf({ config, state }: StreamInfo): StreamView {
  return {
    isMirror: config.mirror !== undefined,
    sources: ((config.sources as { name: string }[] | undefined) ?? []).map(({ name }) => name),
    messages: state!.messages,
    firstSeq: state!.first_seq,
    lastSeq: state!.last_seq,
  };
}

/** The jetstream stack that reconciles an account. */
export function stackOf({ name, environment, stacks }: CheckedEnvironment, account: string): string {
  const index = Object.values(environment.jetstream).findIndex((accounts) => accounts.includes(account));
  if (index < 0) throw new Failure(`no jetstream stack of environment ${name} reconciles ${account}`);
  return stacks.jetstream[index]!;
}

/** Refuses a failover that the settings would not take, with every reason. */
export function checkChoice({ tenants }: CheckedEnvironment, { account, stream }: Choice, failover: Failover): void {
  const problems = failoverProblems({ [failoverKey(account, stream)]: failover }, tenants, "failover");
  if (problems.length) throw new InvalidInput(problems, "command");
}
