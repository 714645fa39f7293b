import assert from "node:assert/strict";
import { copiesOn } from "../../../../operations/remove-peers/holdings";
import { peerId, peersAmong, serverNames } from "../../../../operations/remove-peers/peers";
import { type Facts, refusalsOf } from "../../../../operations/remove-peers/refusals";
import { checksOf } from "../../../../operations/verify/checks";
import type { ServerState, Snapshot } from "../../../../operations/supercluster/snapshot";
import { statusOf } from "../../../../operations/supercluster/status";
import { renderStatus } from "../../../../cli/render/status";
import { warningsOf } from "../../../../config/rules/warnings";
import { localEnvironment } from "../../../support/accounts";

describe("an environment of two regions", () => {
  it("is warned about: each needs the other for every change; one, three and six are not", () => {
    assert.match(
      warningsOf({ regions: ["iad", "ams"] }).join(),
      /^iad and ams do not survive each other's loss: .*Add a third region .* or accept/,
    );
    for (const regions of [["iad"], ["iad", "ams", "syd"], ["iad", "ams", "syd", "sin", "sfo", "jnb"]])
      assert.deepEqual(warningsOf({ regions }), []);
  });

  it("shows it in the status and the checks, where it fails nothing", () => {
    const subject = { name: "local", environment: localEnvironment({ regions: ["iad", "ams"] }), tenants: {} };
    const empty: Snapshot = { servers: {}, streams: {} };
    assert.match(renderStatus(statusOf(subject, empty)), /^warning: iad and ams do not survive/m);
    assert.deepEqual(
      checksOf(subject, empty)
        .filter(({ result }) => result === "warning")
        .map(({ name }) => name),
      ["settings"],
    );
    assert.deepEqual(
      checksOf({ ...subject, environment: localEnvironment() }, empty).filter(({ result }) => result === "warning"),
      [],
    );
  });
});

describe("the peers of a region that left", () => {
  const snapshot: Snapshot = {
    servers: {},
    streams: {},
    meta: {
      leader: "iad-0",
      cluster_size: 4,
      replicas: [
        { name: "jnb-1", current: false, offline: true, peer: peerId("jnb-1") },
        { name: "Server name unknown at this time (peerID: x)", current: false, offline: true, peer: peerId("jnb-0") },
        { name: "jnbx-0", current: true, peer: peerId("jnbx-0") },
      ],
    },
  };

  it("are too many for the checks, which say what forgets them", () => {
    const subject = { environment: localEnvironment({ servers: 1 }), tenants: {} };
    const { detail } = checksOf(subject, snapshot).find(({ name }) => name === "meta group")!;
    assert.match(detail, /^has 4 peers, not 3 \(those of a region that has left: npm run forget-region\)/);
  });

  it("are known by the ids that servers make of their names", () => {
    // As a server of this name logs it.
    assert.equal(peerId("ams-0"), "nkMhV6zq");
  });

  it("are found by id, in order, also those whose names the leader does not know", () => {
    assert.deepEqual(
      peersAmong(serverNames("jnb"), snapshot).map(({ name }) => name),
      ["jnb-0", "jnb-1"],
    );
    assert.deepEqual(peersAmong(serverNames("sfo"), snapshot), []);
  });
});

describe("forgetting a region", () => {
  const up: ServerState = { region: "jnb", version: "2.14.9", leads: 0 };
  const gone: Facts = {
    names: serverNames("jnb"),
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
      /^jnb-1 still run/,
    ],
    ["there is no meta leader", { snapshot: { servers: {}, streams: {} } }, /^the meta group has no leader/],
    [
      "a copy is there",
      { copies: ["stream a/S has a copy on jnb-0"] },
      /move them off[^]*stream a\/S has a copy on jnb-0/,
    ],
    ["nobody answers for a stream", { unanswered: ["a/S"] }, /^no server answers for a\/S/],
  ] as const satisfies readonly (readonly [string, Partial<Facts>, RegExp])[]) {
    it(`is refused when ${what}`, () => {
      const refusals = refusalsOf({ ...gone, ...change });
      assert.equal(refusals.length, 1);
      assert.match(refusals[0]!, line);
    });
  }

  it("asks one server of a region that stays only whether that one runs", () => {
    const one: Facts = {
      ...gone,
      server: "jnb-2",
      names: ["jnb-2"],
      isDeployed: true,
      snapshot: { ...gone.snapshot, servers: { "jnb-1": up } },
    };
    assert.deepEqual(refusalsOf(one), []);
    assert.equal(refusalsOf({ ...one, names: ["jnb-1"] }).length, 1);
  });

  it("names each stream and durable with a copy there, and where", () => {
    const group = (leader: string, ...others: string[]) => ({
      leader,
      replicas: others.map((name) => ({ name, current: true })),
    });
    const stream = { config: {}, state: { messages: 0, bytes: 0, last_seq: 0 } };
    const durable = { config: {}, num_pending: 0, num_ack_pending: 0, num_waiting: 0 };
    const streams: Snapshot["streams"] = {
      app: {
        S: {
          ...stream,
          name: "S",
          cluster: group("jnb-0", "jnb-1"),
          consumer_detail: [{ ...durable, name: "d", cluster: group("jnb-1") }],
        },
        T: {
          ...stream,
          name: "T",
          cluster: group("iad-0", "iad-1"),
          consumer_detail: [{ ...durable, name: "d", cluster: group("iad-1") }],
        },
      },
    };
    assert.deepEqual(copiesOn(serverNames("jnb"), { servers: {}, streams }), [
      "stream app/S has a copy on jnb-0, jnb-1",
      "consumer app/S/d has a copy on jnb-1",
    ]);
  });
});
