import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { failoverMappings } from "../../../../config/assets/failover-subjects";
import type { Failovers } from "../../../../config/schema/failover";
import type { Accountz } from "../../../../operations/failover/mappings";
import { failedOver } from "../../../../operations/supercluster/failed-over";
import { irisx } from "../../../../tenants/irisx";
import { localEnvironment } from "../../../support/accounts";
import { healthySnapshot } from "../../../support/healthy-snapshot";

const environment = localEnvironment({ jetstream: { jetstream: ["irisx"] } });
const tenants = { irisx };
const { spec } = assetsOf(environment, tenants).streams.find(({ name }) => name === "SMS")!;

const mapped = Object.fromEntries(
  Object.entries(failoverMappings("SMS", spec.subjects)).map(([from, subject]) => [from, [{ subject }]]),
);
const answer = (name: string, mappings?: Record<string, { subject: string }[]>) => ({
  server: { name, cluster: name.slice(0, 3), ver: "2.15.3" },
  data: { account_detail: { mappings } },
});

/** What is found, and the accounts of which servers were asked. */
async function find(
  { failovers = {}, promoted = [] }: { failovers?: Failovers; promoted?: string[] },
  answers: { data: Accountz; server: { name: string; cluster: string; ver: string } }[] = [],
) {
  const snapshot = healthySnapshot({ environment, tenants });
  for (const name of promoted)
    snapshot.streams.irisx![name]!.config.subjects = Object.values(failoverMappings("SMS", spec.subjects));
  const asked: string[] = [];
  const found = await failedOver({ environment, tenants, failovers }, snapshot, (account) => {
    asked.push(account);
    return Promise.resolve(answers);
  });
  return { found, asked };
}

const declared: Failovers = { "irisx/SMS": { to: "ams", consumers: {} } };
const moved = { account: "irisx", stream: "SMS", from: "iad", to: "ams" };

describe("streams that failed over, as the console finds them", () => {
  it("are none on a quiet day, and then no server is asked what it maps", async () =>
    assert.deepEqual(await find({}), { found: [], asked: [] }));

  it("are those that the settings say", async () =>
    assert.deepEqual(await find({ failovers: declared }, [answer("iad-0", mapped), answer("ams-0", mapped)]), {
      found: [{ ...moved, mapped: ["ams-0", "iad-0"], unmapped: [] }],
      asked: ["irisx"],
    }));

  it("are those whose mirror has taken their subjects too, where the settings were read before it did", async () =>
    assert.deepEqual((await find({ promoted: ["SMS-ams"] }, [answer("iad-0", mapped)])).found, [
      { ...moved, mapped: ["iad-0"], unmapped: [] },
    ]));

  it("go where the mirror is that has taken their subjects, whatever the settings say", async () => {
    const { found } = await find({ failovers: { "irisx/SMS": { to: "syd", consumers: {} } }, promoted: ["SMS-ams"] });
    assert.equal(found[0]!.to, "ams");
  });

  it("have each server in one list: one that maps some of the subjects does not map them", async () => {
    const [first] = Object.entries(mapped);
    const some = Object.fromEntries([first!]);
    const { found } = await find({ failovers: declared }, [
      ...[answer("iad-0", mapped), answer("ams-0", some), answer("syd-0")],
    ]);
    assert.deepEqual([found[0]!.mapped, found[0]!.unmapped], [["iad-0"], ["ams-0", "syd-0"]]);
  });
});
