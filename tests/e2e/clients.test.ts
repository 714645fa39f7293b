import assert from "node:assert/strict";
import { Crowd } from "../support/crowd";
import { serversMs } from "../support/limits";

const clients = 500;

/** How long both take is measured by `npm run bench:reconcile -- clients`. */
describe(`${clients} clients`, function () {
  this.timeout(serversMs);
  let crowd: Crowd;

  before(async () => {
    crowd = await Crowd.start(clients);
  });
  after(() => crowd?.stop());

  it("stay connected while the accounts are reloaded", async () => {
    let disconnects = 0;
    for (const nc of crowd.connections) {
      void (async () => {
        for await (const { type } of nc.status()) if (type === "disconnect") disconnects++;
      })();
    }
    await crowd.addGuest();
    await (await crowd.cluster.connect("crowd-guest", { inboxPrefix: "_INBOX_guest" })).close();
    await Promise.all(crowd.connections.map((nc) => nc.flush()));
    assert.equal(disconnects, 0);
  });

  it("are all back when their server is killed: its connections count on, and no limit refuses them", async () => {
    assert.deepEqual(crowd.servers(), new Set(["iad-0"]));
    await crowd.loseServer();
    assert.deepEqual(crowd.unexpected, []);
    assert.ok(!crowd.servers().has("iad-0"));
  });
});
