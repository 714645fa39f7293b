import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { renderStatus } from "../../../../cli/render/status";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import type { RaftGroup } from "../../../../jetstream/monitoring";
import { kindsOf } from "../../../../operations/supercluster/causes";
import { problemsOf } from "../../../../operations/supercluster/problems";
import { assertSelection, selected } from "../../../../operations/supercluster/selected-status";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { type Problem, statusOf } from "../../../../operations/supercluster/status";
import { healthySnapshot } from "../../../support/healthy-snapshot";

const project = path.join(__dirname, "..", "..", "..", "..");
const checked = checkedEnvironment("local");

/** With nothing given up. */
function healthy(): Snapshot {
  const snapshot = healthySnapshot(checked);
  for (const { DEAD_LETTERS } of Object.values(snapshot.streams)) DEAD_LETTERS!.state.messages = 0;
  return snapshot;
}

/** What is found after a change of what servers report. */
function after(change: (snapshot: Snapshot) => void, more: Parameters<typeof problemsOf>[2] = {}): Problem[] {
  const snapshot = healthy();
  change(snapshot);
  return problemsOf(checked, snapshot, more);
}

const brief = (problems: Problem[]) => problems.map(({ severity, what, todo }) => `${severity} ${what}: ${todo}`);

describe("problems, each with what to do", () => {
  it("are none where all is as specified", () => {
    assert.deepEqual(
      after(() => undefined),
      [],
    );
  });

  it("are what the checks find, with pages that exist", () => {
    const found = after(({ servers, streams }) => {
      delete servers["iad-0"];
      servers["ams-0"]!.health = { status: "unavailable", error: "JetStream is not current" };
      servers["syd-0"]!.gateways = {};
      servers["syd-1"]!.varz = { remotes: 1, connections: 0, mem: 1 };
      delete streams.irisx!.SMS;
      streams.irisx!.EMAIL!.config.max_age = 1;
      streams.covenant!.COVENANT_USERS!.consumer_detail = [];
    });
    for (const line of [
      "problem server iad-0: docs/runbooks/alerts/NATSServerDown.md",
      "problem health: docs/runbooks/alerts/NATSServerUnhealthy.md",
      "problem routes: docs/runbooks/alerts/NATSRouteLost.md",
      "problem gateways out: docs/runbooks/alerts/NATSGatewayLost.md",
      "problem consumer covenant/COVENANT_USERS/CACHE_INVALIDATOR: docs/runbooks/alerts/NATSConsumerMissing.md",
      "problem stream irisx/SMS: docs/runbooks/alerts/NATSStreamMissing.md",
      "problem stream irisx/EMAIL: npm run plan, then npm start",
    ])
      assert.ok(brief(found).includes(line), `${line}\n${brief(found).join("\n")}`);
    assert.ok(found.some(({ account, stream }) => account === "irisx" && stream === "SMS"));
    for (const { todo } of found)
      if (todo.startsWith("docs/")) assert.ok(fs.existsSync(path.join(project, todo)), todo);
  });

  it("are what comes near a limit, by the thresholds of the alerts", () => {
    const found = after(({ streams }) => {
      const { EMAIL, DEAD_LETTERS } = streams.irisx!;
      EMAIL!.state.bytes = 0.9 * Number(EMAIL!.config.max_bytes);
      DEAD_LETTERS!.state.messages = 2;
      const [durable] = EMAIL!.consumer_detail!;
      durable!.num_pending = 1_001;
      durable!.oldest_waiting = new Date(Date.now() - 3 * 3_600_000).toISOString();
      durable!.num_ack_pending = Number(durable!.config.max_ack_pending);
      const [unread, fetched, abandoned] = streams.irisx!.SMS!.consumer_detail!;
      for (const one of [unread, fetched, abandoned]) one!.num_pending = 2_000;
      fetched!.num_waiting = 1;
      const last_active = new Date(Date.now() - 3_600_000).toISOString();
      Object.assign(abandoned!, { num_ack_pending: 1, delivered: { consumer_seq: 1, stream_seq: 1, last_active } });
    }).filter(({ account }) => account === "irisx");
    assert.deepEqual(
      found.map(({ severity, what, detail, todo }) => [severity, what, detail.split(";")[0], todo]),
      [
        ["warning", "stream irisx/EMAIL", "is 90 % full", "docs/runbooks/alerts/NATSStreamNearFull.md"],
        ["warning", "stream irisx/DEAD_LETTERS", "2 messages given up", "npm run dead-letters -- list --account irisx"],
        [
          "warning",
          "durable irisx/SMS/sms-worker-high",
          "2,000 messages wait for it, and nothing takes them",
          "docs/runbooks/alerts/NATSConsumerLagHigh.md",
        ],
        [
          "warning",
          "durable irisx/SMS/sms-worker",
          "2,000 messages wait for it",
          "docs/runbooks/alerts/NATSConsumerLagHigh.md",
        ],
        [
          "warning",
          "durable irisx/SMS/sms-worker-low",
          "2,000 messages wait for it, and nothing takes them",
          "docs/runbooks/alerts/NATSConsumerLagHigh.md",
        ],
        [
          "warning",
          "durable irisx/EMAIL/email-worker",
          "1,001 messages wait for it",
          "docs/runbooks/alerts/NATSConsumerLagHigh.md",
        ],
        [
          "warning",
          "durable irisx/EMAIL/email-worker",
          "its oldest message has waited for 3 h",
          "docs/runbooks/alerts/NATSConsumerMessageOld.md",
        ],
        [
          "warning",
          "durable irisx/EMAIL/email-worker",
          "100 of at most 100 delivered messages are not acknowledged",
          "docs/runbooks/alerts/NATSConsumerAckPendingNearLimit.md",
        ],
      ].map((row) => row.map((cell) => cell.replace("100 of at most 100", inHandText()))),
    );
  });

  it("are workers and databases that do not run; what is broken comes before warnings", () => {
    const worker = { region: "iad", account: "irisx", name: "sms-worker", isReady: false, reason: "it is starting" };
    const database = { region: "iad", accounts: ["irisx"], address: "127.0.0.1:5432", isUp: false };
    const found = after(
      ({ streams }) => {
        streams.irisx!.DEAD_LETTERS!.state.messages = 1;
      },
      { workers: [worker], databases: [database] },
    );
    assert.deepEqual(
      found.map(({ severity, what }) => `${severity} ${what}`),
      ["problem workers irisx", "problem database of workers iad", "warning stream irisx/DEAD_LETTERS"],
    );
    const status = { ...statusOf(checked, healthy()), problems: found };
    const text = renderStatus(status);
    assert.match(text, /PROBLEM {2}workers irisx: sms-worker in iad: it is starting\n +-> docs\/runbooks\/alerts/);
    assert.ok(text.indexOf("PROBLEM") < text.indexOf("REGION"), "problems come first");
    assert.match(renderStatus({ ...status, problems: [] }), /^nothing to do$/m);
  });
});

describe("problems of what is lost", () => {
  const names = (problems: Problem[] = []) => problems.map(({ what }) => what);
  const lose = (lost: string[]) => (snapshot: Snapshot) => {
    for (const name of lost) delete snapshot.servers[name];
    const peers = (group: RaftGroup | undefined) =>
      (group?.replicas ?? []).filter(({ name }) => lost.includes(name)).forEach((peer) => (peer.current = false));
    peers(snapshot.meta);
    for (const own of Object.values(snapshot.streams))
      for (const [name, { cluster, consumer_detail: durables }] of Object.entries(own)) {
        if (lost.includes(cluster!.leader!)) delete own[name];
        peers(cluster);
        durables!.forEach((durable) => peers(durable.cluster));
      }
  };
  const region = ["ams-0", "ams-1", "ams-2"];

  it("are one for a region, with all that follows from it", () => {
    const found = after(lose(region));
    assert.deepEqual(brief(found), ["problem region ams: docs/runbooks/alerts/NATSRegionLost.md"]);
    assert.equal(found[0]!.detail, "is lost: none of its 3 servers answers");
    const follows = names(found[0]!.follows);
    assert.ok(follows.includes("meta group") && follows.includes("gateways in"), follows.join("\n"));
    assert.ok(follows.includes("mirror arrakis/ELIGIBILITY-ams"), follows.join("\n"));
    assert.equal(
      found[0]!.follows!.findIndex(({ severity }) => severity === "warning"),
      -1,
    );
  });

  it("are one for a server, one for a majority, and one for the way between two regions", () => {
    const server = after(lose(["iad-1"]));
    assert.deepEqual(names(server), ["server iad-1"]);
    assert.ok(names(server[0]!.follows).some((what) => what.startsWith("consumer ")));
    const majority = after(lose(["syd-1", "syd-2"]));
    assert.deepEqual(names(majority), ["region syd"]);
    assert.match(majority[0]!.detail, /^has no majority: syd-1, syd-2 do not answer/);
    const way = after(({ servers, streams }) => {
      for (const [one, other] of [
        ["iad", "ams"],
        ["ams", "iad"],
      ] as const)
        for (const name of [0, 1, 2].map((n) => `${one}-${n}`)) {
          delete servers[name]!.gateways!.outbound_gateways![other];
          delete servers[name]!.gateways!.inbound_gateways![other];
        }
      streams.arrakis!["ELIGIBILITY-ams"]!.mirror!.lag = 5;
    });
    assert.deepEqual(
      way.map(({ what, detail }) => `${what}: ${detail}`),
      ["gateway iad ams: iad and ams are not connected"],
    );
    assert.deepEqual(names(way[0]!.follows), ["gateways out", "gateways in", "mirror arrakis/ELIGIBILITY-ams"]);
  });

  it("are a warning while a server is late that others miss, and nothing where they do not", () => {
    const late = ["iad-1"];
    assert.deepEqual(
      after((snapshot) => (snapshot.late = late)),
      [],
    );
    const found = after((snapshot) => {
      snapshot.late = late;
      snapshot.servers["iad-0"]!.varz = { remotes: 1, connections: 0, mem: 1 };
      const error = "JetStream consumer 'irisx > SMS > sms-worker' is not current: group node unhealthy";
      snapshot.servers["iad-2"]!.health = { status: "unavailable", error };
    });
    assert.deepEqual(
      found.map(({ severity, what, detail }) => `${severity} ${what} ${detail}`),
      ["warning server iad-1 answers late, and other servers miss it"],
    );
    assert.deepEqual(names(found[0]!.follows), ["health", "routes"]);
  });

  it("do not take in what has another cause, nor what a server that is lost explains in part only", () => {
    const found = after((snapshot) => {
      lose(["syd-2"])(snapshot);
      const { cluster } = snapshot.streams.irisx!.SMS!;
      cluster!.replicas![0]!.current = false;
      delete snapshot.streams.irisx!.EMAIL;
    });
    const own = names(found);
    assert.deepEqual(own[0], "server syd-2");
    assert.ok(own.includes("stream irisx/SMS") && own.includes("stream irisx/EMAIL"), own.join("\n"));
  });

  it("take in what workers of a lost region, and alerts about it, say", () => {
    const alert = (labels: Record<string, string>) => ({
      ...{ labels: { alertname: "NATSMirrorStalled", severity: "critical", ...labels }, annotations: {} },
      state: "firing" as const,
    });
    const program = { url: "http://127.0.0.1:1", isUp: true };
    const monitoring = {
      ...{ prometheus: program, alertmanager: program, exporters: {}, problems: [], unread: [], targets: 1, rules: 1 },
      firing: [alert({ region: "ams" }), alert({ region: "iad" }), alert({ region: "syd", remote: "ams" })],
    };
    const worker = { region: "ams", account: "irisx", name: "sms-worker", isReady: false, reason: "no servers" };
    const found = after(lose(region), { monitoring, workers: [worker] });
    assert.deepEqual(names(found), ["region ams", "alert NATSMirrorStalled"]);
    assert.match(kindsOf(found[0]!.follows!), /meta group, .*workers and 2 alerts$/);
    const text = renderStatus({ ...statusOf(checked, healthy()), problems: found });
    assert.match(
      text,
      /PROBLEM {2}region ams: is lost.*\n +follows from it \(--json lists it\): gateways, .*\n +-> docs/,
    );
  });
});

describe("alerts that fire", () => {
  it("are problems where they are critical, each with its page; those of a stream stand at its account", () => {
    const alert = (alertname: string, severity: string, more: Record<string, string> = {}) => ({
      ...{ labels: { alertname, severity, ...more }, annotations: { summary: `${alertname} fires` } },
      state: "firing" as const,
    });
    const program = { url: "http://127.0.0.1:1", isUp: true };
    const firing = [
      alert("NATSStreamNearFull", "warning", { account: "irisx", stream_name: "SMS" }),
      alert("NATSServerDown", "critical"),
    ];
    const monitoring = {
      ...{ prometheus: program, alertmanager: program, exporters: {}, problems: [], unread: [] },
      firing,
    };
    const found = after(() => undefined, { monitoring: { ...monitoring, targets: 1, rules: 1 } });
    assert.deepEqual(found, [
      {
        ...{ severity: "problem", what: "alert NATSServerDown", detail: "NATSServerDown fires" },
        todo: "docs/runbooks/alerts/NATSServerDown.md",
      },
      {
        ...{ severity: "warning", what: "alert NATSStreamNearFull", detail: "NATSStreamNearFull fires" },
        ...{ todo: "docs/runbooks/alerts/NATSStreamNearFull.md", account: "irisx", stream: "SMS" },
      },
    ]);
  });

  it("are not told beside a worker that does not answer, with what waits for it", () => {
    const program = { url: "http://127.0.0.1:1", isUp: true };
    const down = {
      ...{
        labels: { alertname: "NATSWorkerDown", severity: "critical", account: "irisx", worker: "irisx-sms-worker" },
      },
      ...{ annotations: { summary: "down" }, state: "firing" as const },
    };
    const monitoring = {
      ...{ prometheus: program, alertmanager: program, exporters: {}, problems: [], targets: 1, rules: 1 },
      ...{ unread: [{ program: "worker irisx/sms-worker", detail: "is not read" }], firing: [down] },
    };
    const worker = { region: "iad", account: "irisx", name: "sms-worker", isReady: false, reason: "does not answer" };
    const stop = ({ streams }: Snapshot) => {
      for (const durable of streams.irisx!.SMS!.consumer_detail!) durable.num_pending = 7;
    };
    const found = after(stop, { monitoring, workers: [worker] });
    assert.deepEqual(
      found.map(({ what, detail }) => `${what}: ${detail}`),
      ["workers irisx: sms-worker in iad: does not answer; 21 messages wait"],
    );
  });

  it("are not told beside what the servers themselves say of the same stream", () => {
    const program = { url: "http://127.0.0.1:1", isUp: true };
    const alertOf = (account: string) => ({
      ...{ labels: { alertname: "NATSDeadLetters", severity: "warning", account, stream_name: "DEAD_LETTERS" } },
      ...{ annotations: { summary: "dead letters" }, state: "firing" as const },
    });
    const monitoring = {
      ...{ prometheus: program, alertmanager: program, exporters: {}, problems: [], unread: [], targets: 1, rules: 1 },
      firing: [alertOf("irisx"), alertOf("covenant")],
    };
    const found = after(({ streams }) => (streams.irisx!.DEAD_LETTERS!.state.messages = 5), { monitoring });
    assert.deepEqual(
      found.map(({ what, account }) => `${what} ${account}`),
      ["alert NATSDeadLetters covenant", "stream irisx/DEAD_LETTERS irisx"],
    );
  });
});

const inHandText = (): string => {
  const durable = healthy().streams.irisx!.EMAIL!.consumer_detail![0]!;
  const limit = Number(durable.config.max_ack_pending);
  return `${limit} of at most ${limit}`;
};

describe("the status of one account or stream", () => {
  const status = () => {
    const snapshot = healthy();
    delete snapshot.streams.irisx!.SMS;
    delete snapshot.servers["syd-0"];
    return { ...statusOf(checked, snapshot), problems: problemsOf(checked, snapshot) };
  };

  it("has its streams and durables, and the problems that are of all", () => {
    const { streams, consumers, problems = [] } = selected(status(), { account: "covenant" });
    assert.deepEqual([...new Set([...streams, ...consumers].map(({ account }) => account))], ["covenant"]);
    assert.ok(problems.some(({ what }) => what === "server syd-0"));
    assert.ok(!problems.some(({ account }) => account === "irisx"));
    assert.ok(selected(status(), { account: "irisx" }).problems!.some(({ stream }) => stream === "SMS"));
  });

  it("has a stream's mirrors and durables", () => {
    const { streams, consumers } = selected(status(), { stream: "COVENANT_USERS" });
    assert.ok(streams.length === 3 && streams.every((one) => (one.mirrorOf ?? one.name) === "COVENANT_USERS"));
    assert.ok(consumers.length > 0 && consumers.every(({ stream }) => stream === "COVENANT_USERS"));
  });

  it("is refused for what the settings do not have, with every mistake", () => {
    assert.throws(
      () => assertSelection({ account: "irsx", stream: "SMSS" }, checked),
      /2 mistakes.*--account: "irsx".*"irisx".*--stream: "SMSS"/s,
    );
    assert.throws(() => assertSelection({ account: "covenant", stream: "SMS" }, checked), /--stream: "SMS"/);
    assertSelection({ account: "irisx", stream: "SMS" }, checked);
  });
});

describe("the status, looked at twice", () => {
  it("shows what was stored meanwhile, round trips, and durables that have something left", () => {
    const snapshot = healthy();
    snapshot.servers["iad-0"]!.gateways!.outbound_gateways!.ams = { connection: { rtt: "86.52ms" } };
    const [durable] = snapshot.streams.irisx!.EMAIL!.consumer_detail!;
    Object.assign(durable!, { num_pending: 7, num_ack_pending: 2, num_redelivered: 1 });
    durable!.ack_floor = { consumer_seq: 1, stream_seq: 1, last_active: "2026-01-01T00:00:00Z" };
    durable!.oldest_waiting = "2025-12-31T23:59:00Z";
    const before = { ...statusOf(checked, snapshot), time: "2026-01-01T00:02:00.000Z" };
    snapshot.streams.irisx!.EMAIL!.state.last_seq += 10;
    const now = { ...statusOf(checked, snapshot), time: "2026-01-01T00:02:04.000Z" };
    const text = renderStatus(now, before);
    assert.match(text, /^iad +ams +3\/3 +86\.5 ms$/m);
    assert.match(text, /^ +EMAIL +iad +iad-0 +3\/3 +3 +0 % +\d+ +.*2\.5$/m);
    assert.match(text, /^ACCOUNT +DURABLE +LEADER .* OLDEST +LAST ACKNOWLEDGED$/m);
    assert.match(text, /^irisx +EMAIL\/email-worker +iad-0 +7 +2 +1 +3 min +2 min ago$/m);
    assert.match(text, /local: meta leader .*00:02:04 UTC/);
    assert.ok(!renderStatus(now).includes("STORED/S"));
  });
});
