import assert from "node:assert/strict";
import { possibleServers } from "../../../../operations/remove-peers/peers";
import { type RemovalFacts, refusalsOf } from "../../../../operations/remove-peers/refusals";
import type { ServerState } from "../../../../operations/supercluster/snapshot";

describe("removing the peers of a region", () => {
  const up: ServerState = { region: "jnb", version: "2.14.9", leads: 0 };
  const gone: RemovalFacts = {
    names: possibleServers("jnb"),
    stack: "local-jnb",
    isDeployed: false,
    snapshot: { servers: {}, streams: {}, meta: { leader: "iad-0", cluster_size: 9 } },
    copies: [],
    unanswered: [],
  };

  it("is not refused when nothing is left of it", () => assert.deepEqual(refusalsOf(gone), []));

  for (const [what, change, line] of [
    [
      "its stack has resources",
      { isDeployed: true },
      /^stack local-jnb still has resources; destroy it first: pulumi destroy --stack local-jnb/,
    ],
    [
      "a server of it answers",
      { snapshot: { ...gone.snapshot, servers: { "jnb-1": up, "iad-0": up } } },
      /^jnb-1 still running/,
    ],
    ["there is no meta leader", { snapshot: { servers: {}, streams: {} } }, /^the meta group has no leader/],
    [
      "a copy is there",
      { copies: ["stream a/S has a copy on jnb-0"] },
      /move them to another region[^]*stream a\/S has a copy on jnb-0/,
    ],
    ["no server answers for a stream", { unanswered: ["a/S"] }, /^no server answers for a\/S/],
  ] as const satisfies readonly (readonly [string, Partial<RemovalFacts>, RegExp])[]) {
    it(`is refused when ${what}`, () => {
      const refusals = refusalsOf({ ...gone, ...change });
      assert.equal(refusals.length, 1);
      assert.match(refusals[0]!, line);
    });
  }

  it("asks one server of a region that stays only whether that one runs", () => {
    const one: RemovalFacts = {
      ...gone,
      server: "jnb-2",
      names: ["jnb-2"],
      isDeployed: true,
      snapshot: { ...gone.snapshot, servers: { "jnb-1": up } },
    };
    assert.deepEqual(refusalsOf(one), []);
    assert.equal(refusalsOf({ ...one, names: ["jnb-1"] }).length, 1);
  });
});
