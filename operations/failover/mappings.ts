import type { NatsConnection } from "@nats-io/transport-node";
import type { StreamAsset } from "../../config/assets/asset";
import { failoverMappings } from "../../config/assets/failover-subjects";
import type { Environment } from "../../config/schema/settings";
import { serversInAll } from "../../config/sizes";
import { regionOfServer } from "../../config/topology";
import { type Answer, askAll } from "../../jetstream/system-requests";

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

const answerMs = 2_000;

/** The mappings of accounts as the servers have them, and the way to make them load what the settings declare. */
export class Mappings {
  /** How many servers answered: later questions do not wait for the others again. */
  private answering: number | undefined;

  /** @param reload makes the servers of these regions load what the settings declare; done when they have */
  constructor(
    private readonly system: NatsConnection,
    private readonly environment: Environment,
    private readonly reload: (regions: string[]) => Promise<void>,
  ) {}

  async of(stream: StreamAsset): Promise<MappingState> {
    const expected = this.answering ?? serversInAll(this.environment);
    const answers = await askAll<Accountz>(this.system, "ACCOUNTZ", { account: stream.account }, expected, answerMs);
    this.answering = answers.length;
    return mappingState(answers, stream);
  }

  /** Makes all servers of the regions of these ones load what the settings declare. */
  async bring(servers: readonly string[]): Promise<void> {
    await this.reload([...new Set(servers.map(regionOfServer))]);
    // Servers that were down may have been started.
    this.answering = undefined;
  }
}
