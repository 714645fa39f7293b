import assert from "node:assert/strict";
import { failoverMappings } from "../../../../config/assets/failover-subjects";
import { accountReadings } from "../../../../workers/probe/accounts";
import { accountz, type Answer, type Accountz, jsz } from "../../../../workers/probe/answers";

const region = (server: string) => server.replace(/-\d+$/, "");

/** What a server says of the account shop. */
const account = (server: string, mappings: Record<string, string> = {}, client_connections = 2): Answer<Accountz> => ({
  ...{ server, region: region(server) },
  data: accountz.parse({
    account_detail: {
      ...{ account_name: "shop", client_connections },
      mappings: Object.fromEntries(Object.entries(mappings).map(([from, subject]) => [from, [{ subject }]])),
    },
  }),
});

/** The streams of shop that a server leads. */
const leading = (server: string, names: string[]) => ({
  ...{ server, region: region(server) },
  data: jsz.parse({
    account_details: [{ name: "shop", stream_detail: names.map((name) => ({ name, state: { last_seq: 0 } })) }],
  }),
});

const shown = (...of: Parameters<typeof accountReadings>): Record<string, number> =>
  Object.fromEntries(
    accountReadings(...of).map(({ name, labels, value }) => [`${name} ${Object.values(labels).join("/")}`, value]),
  );

describe("what the probe makes of answers about accounts", () => {
  it("counts clients and streams of an account in all regions", () => {
    const found = shown({
      accounts: [account("iad-0", {}, 3), account("iad-1", {}, 0), account("ams-0", {}, 4)],
      streams: [leading("iad-0", ["ORDERS", "EVENTS"]), leading("iad-1", []), leading("ams-0", ["ORDERS-ams"])],
    });
    assert.deepEqual(found, { "probe_account_connections shop": 7, "probe_account_streams shop": 3 });
  });

  it("compares regions by what a failover maps, subject by subject", () => {
    const orders = failoverMappings("ORDERS", ["orders.>", "returns.*"]);
    const half = { "orders.>": orders["orders.>"]! };
    const mapped = (servers: Record<string, Record<string, string>>) => {
      const accounts = Object.entries(servers).map(([server, mappings]) => account(server, mappings));
      return Object.entries(shown({ accounts, streams: [] })).filter(([name]) => name.startsWith("probe_failover"));
    };
    const series = (name: string) => `probe_failover_mapped shop/ORDERS/${name}`;
    assert.deepEqual(mapped({ "iad-0": {}, "ams-0": {} }), []);
    assert.deepEqual(mapped({ "iad-0": orders, "iad-1": orders, "ams-0": orders }), [
      [series("iad"), 1],
      [series("ams"), 1],
    ]);
    // A server that was down while the others were told, one that has an older state of it, and none of a region.
    assert.deepEqual(mapped({ "iad-0": orders, "iad-1": {}, "ams-0": half, "syd-0": orders, "jnb-0": {} }), [
      [series("iad"), 0],
      [series("ams"), 0],
      [series("syd"), 1],
      [series("jnb"), 0],
    ]);
  });

  it("leaves out mappings that no failover has made", () => {
    const found = shown({ accounts: [account("iad-0", { "old.>": "new.>", "fo.X": "x" })], streams: [] });
    assert.deepEqual(Object.keys(found), ["probe_account_connections shop", "probe_account_streams shop"]);
  });
});
