import type { NatsConnection } from "@nats-io/transport-node";
import { serversInAll } from "../../config/sizes";
import { type Access, readAccess } from "../access/access";
import { askAll } from "../../jetstream/system-requests";
import type { Accountz } from "../failover/mappings";
import { monitoringStatus } from "../monitoring/monitoring-status";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { databaseStatuses } from "../workers/database-status";
import { workerStatuses } from "../workers/worker-status";
import { type FailedOver, failedOver, mappingProblems } from "./failed-over";
import { OldestWaiting } from "./oldest-waiting";
import { problemsOf } from "./problems";
import { type Answers, askServers, connectToSystem, type Snapshot, snapshotOf } from "./snapshot";
import { type Status, statusOf } from "./status";

/** Milliseconds for servers to say what they map. */
const mappingsMs = 2_000;

/** What `npm run status` reads, as often as it is asked. */
export interface StatusReader {
  /** Of the system account. It ends when its server does, and is not opened again. */
  system: NatsConnection;
  read(): Promise<Status>;
  /** The status without ages of messages, and the answers of servers that it was made of. */
  look(): Promise<Look>;
  close(): Promise<void>;
}

export interface Look {
  status: Status;
  snapshot: Snapshot;
  failovers: FailedOver[];
}

/**
 * Connects to the system account of an environment; `read` returns the status that its servers report now.
 *
 * @param given access; default: it is read, which takes a process of Pulumi
 * @param completed what stands for the answers of one look; default: these alone
 * @throws {Failure} when no region answers, or the environment is not deployed
 */
export async function openStatus(
  checked: CheckedEnvironment,
  given?: Access,
  completed: (answers: Answers) => Answers = (answers) => answers,
): Promise<StatusReader> {
  const access = given ?? (await readAccess(checked));
  const system = await connectToSystem(access);
  const oldest = new OldestWaiting(access);
  const look = async (take: () => Promise<Snapshot>): Promise<Omit<Look, "failovers">> => {
    const [snapshot, workers, databases, monitoring] = await Promise.all([
      take(),
      workerStatuses(checked),
      databaseStatuses(checked),
      monitoringStatus(checked),
    ]);
    const beside = { workers, databases, monitoring };
    const status = { ...statusOf(checked, snapshot, beside), problems: problemsOf(checked, snapshot, beside) };
    return { status, snapshot };
  };
  const failoversIn = (snapshot: Snapshot) => {
    const expected = Object.keys(snapshot.servers).length;
    const ask = (account: string) => askAll<Accountz>(system, "ACCOUNTZ", { account }, expected, mappingsMs);
    return failedOver(checked, snapshot, ask);
  };
  const answers = async () => snapshotOf(completed(await askServers(system, serversInAll(checked.environment))));
  const withAges = async () => {
    const snapshot = await answers();
    await oldest.addTo(snapshot);
    return snapshot;
  };
  return {
    system,
    look: async () => {
      const looked = await look(answers);
      return { ...looked, failovers: await failoversIn(looked.snapshot) };
    },
    read: async () => {
      const { status, snapshot } = await look(withAges);
      const differing = (await failoversIn(snapshot)).flatMap(mappingProblems);
      return { ...status, problems: [...differing, ...(status.problems ?? [])] };
    },
    close: async () => {
      await Promise.all([oldest.close(), system.close()]);
    },
  };
}
