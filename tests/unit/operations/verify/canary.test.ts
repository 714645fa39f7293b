import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { canary } from "../../../../config/assets/standard";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { proveByCanary } from "../../../../operations/verify/canary";
import type { Connections } from "../../../../operations/verify/connections";

describe("a proof by canary", () => {
  const { environment, tenants } = checkedEnvironment("local");
  const tenant = tenants.irisx!;

  it("fails, rather than throws, with the regions and the reason when a region cannot be reached", async () => {
    const asked: string[] = [];
    const connections = {
      get: (region: string, account: string, user: string): Promise<NatsConnection> => {
        asked.push(`${region} ${account} ${user}`);
        return Promise.reject(new Error(`could not connect to ${region}`));
      },
    } as unknown as Connections;
    assert.deepEqual(await proveByCanary(connections, environment.regions, tenant), {
      name: "canary irisx",
      result: "failed",
      detail: "ams -> syd: could not connect to ams",
      from: "ams",
      to: "syd",
    });
    assert.deepEqual(asked, [`ams irisx ${canary.user}`, `syd irisx ${canary.user}`]);
  });
});
