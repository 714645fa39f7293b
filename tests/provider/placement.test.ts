import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { fits, suitableServers, tagsOf } from "../../config/server-tags";
import { addStream, ask, localEnvironment } from "../support/accounts";
import { serversMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";

const serverTags = { iad: [["disk:ssd"], ["disk:ssd", "az:b"], []] };
const environment = localEnvironment({ regions: ["iad"], servers: 3, serverTags });

describe("servers with tags", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, settings: { serverTags } });
    app = await cluster.connect("app");
    // From now on the meta leader knows all servers, and what it refuses is refused for the tags.
    await addStream(app, { name: "ANYWHERE", num_replicas: 3, storage: "memory" });
  });
  after(async () => {
    await app?.close();
    await cluster?.stop();
  });

  /** Servers that hold a new stream; none where the servers refuse it for want of peers. */
  async function holders(replicas: number, tags: string[]): Promise<string[]> {
    const name = `PLACED-${replicas}-${tags.join("-").replace(/[^a-z-]/gi, "_")}`;
    const config = {
      name,
      subjects: [name],
      num_replicas: replicas,
      storage: "memory",
      placement: { cluster: "iad", tags },
    };
    try {
      const created = await ask(app, `STREAM.CREATE.${name}`, config);
      const { cluster: group } = created as { cluster: { leader: string; replicas?: { name: string }[] } };
      return [group.leader, ...(group.replicas ?? []).map((replica) => replica.name)].sort();
    } catch (error) {
      assert.match((error as Error).message, / 10005 /);
      return [];
    } finally {
      await ask(app, `STREAM.DELETE.${name}`).catch(() => undefined);
    }
  }

  for (const tags of [["disk:ssd"], ["DISK:SSD", "az:b"], ["!az:b"], ["!disk:ssd"], ["az:1"]])
    it(`hold a stream placed by ${tags.join(", ")} where settings have them, and refuse it elsewhere`, async () => {
      const suitable = [0, 1, 2].filter((server) => fits(tagsOf(environment, "iad", server), tags));
      assert.equal(suitableServers(environment, "iad", tags), suitable.length);
      for (const replicas of [1, 3]) {
        const found = await holders(replicas, tags);
        if (suitable.length < replicas) assert.deepEqual(found, []);
        else {
          assert.equal(found.length, replicas);
          assert.ok(
            found.every((name) => suitable.some((server) => name === `iad-${server}`)),
            found.join(),
          );
        }
      }
    });
});
