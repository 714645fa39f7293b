import assert from "node:assert/strict";
import { Presence } from "../../../../operations/failover/presence";
import { fakeConnection } from "../../../support/fake-connection";

describe("announcing servers that do not answer", () => {
  function silent(answers: object) {
    const { connection } = fakeConnection(answers as Record<string, object>);
    const sent: { subject: string; event: { server?: object; id?: string } }[] = [];
    connection.publish = (subject: string, payload) =>
      void sent.push({ subject, event: JSON.parse(payload as string) as object });
    return { presence: new Presence(connection, "iad", ["iad-0", "iad-1"]), sent };
  }
  const running = {
    STATSZ: [{ server: { name: "ams-0", cluster: "ams", id: "NAMS", ver: "2.14.9", jetstream: true } }],
  };

  it("describes each as a running server describes itself, with its own name, cluster and id", async () => {
    const { presence, sent } = silent(running);
    await presence.announceRunning();
    const servers = sent.map(({ event }) => event.server as Record<string, unknown>);
    assert.deepEqual(
      servers.map(({ name, cluster, ver, jetstream }) => [name, cluster, ver, jetstream]),
      ["iad-0", "iad-1"].map((name) => [name, "iad", "2.14.9", true]),
    );
    assert.equal(new Set(["NAMS", ...servers.map(({ id }) => id)]).size, 3);
    assert.deepEqual(
      sent.map(({ subject }) => subject),
      servers.map(({ id }) => `$SYS.SERVER.${String(id)}.STATSZ`),
    );
  });

  it("announces the same servers gone, by the ids that it announced as running", async () => {
    const { presence, sent } = silent(running);
    await presence.announceRunning();
    await presence.announceGone();
    const ids = sent.map(({ subject }) => subject.split(".")[2]);
    assert.deepEqual(ids.slice(2), ids.slice(0, 2));
    assert.match(sent[2]!.subject, /\.SHUTDOWN$/);
    assert.equal(sent[2]!.event.id, ids[2]);
  });

  it("does so too where no server describes itself in time", async () => {
    const { presence, sent } = silent({});
    await presence.announceGone();
    assert.equal(sent.length, 2);
  });
});
