import type { NatsConnection } from "@nats-io/transport-node";
import type { StreamAsset } from "../../config/assets/asset";
import { failoverMappings } from "../../config/assets/failover-subjects";
import { pollUntil } from "../../config/poll-until";
import type { Environment } from "../../config/schema/settings";
import { regionOfServer, serverNames } from "../../config/topology";
import { isAtLeast } from "../../config/versions";
import { firstVersionOf } from "../../jetstream/changes";
import { resetLevel } from "../../jetstream/reset-consumer";
import { type Answer, askAll } from "../../jetstream/system-requests";
import { patientMs } from "./answers";

/** What servers report of an account. Source: nats-server, server/monitor.go, ACCOUNTZ. */
export interface Accountz {
  account_detail?: { mappings?: Record<string, { subject: string }[]> };
}

/** Servers by what they do with a stream's subjects. One that maps only some of them is in both. */
export interface MappingState {
  mapped: string[];
  unmapped: string[];
}

/** Which servers map a stream's subjects for its failover, as they report it. Pure. */
export function mappingState(
  answers: readonly Answer<Accountz>[],
  { name, spec }: Pick<StreamAsset, "name"> & { spec: Pick<StreamAsset["spec"], "subjects"> },
): MappingState {
  const wanted = Object.entries(failoverMappings(name, spec.subjects));
  const isLoaded = ({ data }: Answer<Accountz>) =>
    wanted.map(([from, to]) => data?.account_detail?.mappings?.[from]?.some(({ subject }) => subject === to) ?? false);
  const namesOf = (list: readonly Answer<Accountz>[]) => list.map(({ server }) => server.name).sort();
  return {
    mapped: namesOf(answers.filter((answer) => isLoaded(answer).some(Boolean))),
    unmapped: namesOf(answers.filter((answer) => !isLoaded(answer).every(Boolean))),
  };
}

/** Servers of a region before 2.14, which cannot move a durable (`CONSUMER.RESET`). Pure. */
export const before214 = (answers: readonly Pick<Answer<unknown>, "server">[], region: string): string[] =>
  answers
    .filter(({ server }) => server.cluster === region && !isAtLeast(server.ver, firstVersionOf[resetLevel]!))
    .map(({ server }) => server.name)
    .sort();

/** Milliseconds for the answers of all servers to one question; one that never answered may well be lost. */
const answerMs = 2_000;

/** The mappings of accounts as the servers have them, and the way to make them load what the settings declare. */
export class Mappings {
  /** Servers that have answered: they are up, so a later answer of theirs is waited for. */
  private readonly heard = new Set<string>();
  /** Servers that did not answer in time: later questions do not wait for them again. */
  private readonly lost = new Set<string>();

  /** @param reload makes the servers of these regions load what the settings declare; done when they have */
  constructor(
    private readonly system: NatsConnection,
    private readonly environment: Environment,
    private readonly reload: (regions: string[]) => Promise<void>,
  ) {}

  /** @param firstMs milliseconds for servers that have not answered before */
  async of(
    stream: Pick<StreamAsset, "account" | "name" | "region"> & { spec: Pick<StreamAsset["spec"], "subjects"> },
    firstMs = answerMs,
  ): Promise<MappingState & { before214: string[] }> {
    const answers = await this.ask(stream.account, firstMs);
    return { ...mappingState(answers, stream), before214: before214(answers, stream.region) };
  }

  private async ask(account: string, firstMs: number): Promise<Answer<Accountz>[]> {
    const servers = serverNames(this.environment);
    const answers = new Map<string, Answer<Accountz>>();
    const silent = () => servers.filter((name) => !answers.has(name) && !this.lost.has(name));
    const began = Date.now();
    const isEnough = async () => {
      const expected = servers.length - this.lost.size;
      for (const one of await askAll<Accountz>(this.system, "ACCOUNTZ", { account }, expected, answerMs))
        answers.set(one.server.name, one);
      const isWorthIt = (name: string) => this.heard.has(name) || Date.now() - began < firstMs;
      return !silent().some(isWorthIt);
    };
    await pollUntil(isEnough, patientMs);
    for (const name of silent()) this.lost.add(name);
    for (const name of answers.keys()) {
      this.heard.add(name);
      this.lost.delete(name);
    }
    return [...answers.values()];
  }

  /** Makes all servers of the regions of these ones load what the settings declare. */
  async bring(servers: readonly string[]): Promise<void> {
    await this.reload([...new Set(servers.map(regionOfServer))]);
    // Servers that were down may have been started.
    this.lost.clear();
  }
}
