import assert from "node:assert/strict";
import { inWords } from "../../../../../console/server/events/advisories";
import { differencesOf } from "../../../../../console/server/events/differences";
import type { Snapshot } from "../../../../../operations/supercluster/snapshot";
import { look } from "../../../../support/console-look";

const said = (change: (snapshot: Snapshot) => void, before = look()) =>
  differencesOf(before, look(change)).map(({ text }) => text);

describe("events of the console: what happened between two looks", () => {
  it("is nothing where nothing did", () =>
    assert.deepEqual(
      said(() => {}),
      [],
    ));

  it("names a lost server last, where it is read first, and what follows from it together", () => {
    const texts = said(({ servers, streams }) => {
      delete servers["iad-2"];
      for (const { cluster } of Object.values(streams.irisx!))
        for (const peer of cluster!.replicas!) if (peer.name === "iad-2") peer.offline = true;
    });
    assert.equal(texts.at(-1), "iad-2 does not answer any more");
    assert.ok(texts.length <= 3, texts.join("\n"));
  });

  it("does not call over what is found to follow from something else", () => {
    const behind = ({ streams }: Snapshot) => {
      for (const peer of streams.irisx!.SMS!.cluster!.replicas!) if (peer.name === "iad-2") peer.current = false;
    };
    const lost = (snapshot: Snapshot) => {
      behind(snapshot);
      delete snapshot.servers["iad-2"];
    };
    assert.deepEqual(said(lost, look(behind)), ["iad-2 does not answer any more"]);
    assert.deepEqual(said(behind, look(lost)), ["iad-2 answers again"]);
    const over = said(() => {}, look(behind));
    assert.ok(over.includes("stream irisx/SMS: no problem any more"), over.join("\n"));
  });

  it("says of a lost region that, not of each of its servers", () => {
    const texts = said(({ servers }) => {
      for (const name of ["ams-0", "ams-1", "ams-2"]) delete servers[name];
    });
    assert.ok(texts.includes("region ams is lost: none of its servers answers"));
    assert.ok(!texts.some((text) => text.startsWith("ams-0")));
  });

  it("says what of a configuration changed, and which stack manages it", () => {
    const texts = said(({ streams }) => {
      const { config } = streams.irisx!.SMS!;
      Object.assign(config, { max_bytes: 1024, metadata: { "supercluster.owner": "supercluster/jetstream" } });
    });
    assert.ok(
      texts.includes("irisx/SMS was changed (managed by supercluster/jetstream): max_bytes 10GiB -> 1KiB"),
      texts.join("\n"),
    );
  });

  it("counts messages that were given up", () => {
    const texts = said(({ streams }) => (streams.irisx!.DEAD_LETTERS!.state.messages += 2));
    assert.ok(texts.includes("irisx gave up 2 messages"), texts.join("\n"));
  });
});

describe("events of the console: what servers say", () => {
  const elected = (kind: "STREAM" | "CONSUMER", stream: string, consumer?: string) => ({
    subject: `$JS.EVENT.ADVISORY.${kind}.LEADER_ELECTED.${stream}`,
    body: { account: "irisx", stream, consumer, leader: "iad-1" },
  });
  const connection = (kind: "CONNECT" | "DISCONNECT", reason?: string) => ({
    subject: `$SYS.ACCOUNT.irisx.${kind}`,
    body: { client: { acc: "irisx", user: "irisx-api" }, reason, server: { name: "iad-0" } },
  });
  const texts = (heard: Parameters<typeof inWords>[0]) => inWords(heard).map(({ text }) => text);

  it("names few elections one by one, and counts many", () => {
    assert.deepEqual(texts([elected("STREAM", "SMS"), elected("CONSUMER", "SMS", "sms-worker")]), [
      "iad-1 leads stream irisx/SMS",
      "iad-1 leads durable irisx/SMS/sms-worker",
    ]);
    const many = Array.from({ length: 9 }, (_, n) => elected("STREAM", `S${n}`));
    assert.deepEqual(texts(many), ["9 streams elected leaders: irisx 9"]);
  });

  it("calls many connections of an account at once a storm, and few nothing", () => {
    const storm = Array.from({ length: 60 }, () => connection("CONNECT"));
    assert.deepEqual(texts(storm.slice(0, 10)), []);
    assert.deepEqual(texts(storm), ["connection storm: 60 connections of irisx in 10 s, 60 by irisx-api"]);
  });

  it("tells why connections ended only where it was not their own doing", () => {
    const slow = connection("DISCONNECT", "Slow Consumer (Pending Bytes)");
    assert.deepEqual(texts([connection("DISCONNECT", "Client Closed"), slow]), [
      "1 connection of irisx-api ended: Slow Consumer (Pending Bytes) (iad-0)",
    ]);
  });

  it("calls a lost quorum a problem", () => {
    const [event] = inWords([
      { subject: "$JS.EVENT.ADVISORY.STREAM.QUORUM_LOST.SMS", body: { account: "irisx", stream: "SMS" } },
    ]);
    assert.deepEqual([event!.severity, event!.text], ["problem", "stream irisx/SMS lost its quorum"]);
  });
});
