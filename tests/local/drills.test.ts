import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { restartChanged } from "../../components/local/provider/disturb";
import { observe, observeDrift } from "../../components/local/provider/observe";
import { readRecord } from "../../components/local/provider/record";
import { accountsOf } from "../../components/security/accounts";
import { inboxPrefixOf } from "../../components/security/permissions";
import { assetsOf } from "../../config/assets/assets";
import { cacheDir, environmentDir } from "../../config/cache";
import { validateTenants } from "../../config/rules/validate";
import { type DrillName } from "../../operations/drills/drill";
import { begun, recordBegun } from "../../operations/drills/journal";
import type { DrillResult } from "../../operations/drills/report";
import { type DrillOptions, runDrill } from "../../operations/drills/run";
import { drills } from "../../operations/drills/table";
import type { Access } from "../../operations/access/access";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";
import { accountsText, createConsumer, createStream, localEnvironment } from "../support/accounts";
import { serversMs } from "../support/limits";
import { Supercluster } from "../support/nats";
import { pull, stream } from "../support/rule-cases";
import { testTool } from "../support/tools";

/** Servers of two regions, and short forms of drills on them: what a drill does, measures and takes back is real. */
describe("drills on a real supercluster", function () {
  this.timeout(serversMs);
  const shape = { regions: ["iad", "ams"], servers: 3 as const, storage: { file: "1GiB", memory: "64MiB" } as const };
  let cluster: Supercluster;
  let checked: CheckedEnvironment;
  let access: Access;

  const run = (name: DrillName, options: DrillOptions = {}): Promise<DrillResult> =>
    runDrill(drills[name], checked, access, { holdMs: 2_000, ...options });

  before(async () => {
    cluster = await Supercluster.prepare({ ...shape, settings: { storage: shape.storage } });
    const environment = localEnvironment({
      ...{ ...shape, jetstream: { jetstream: ["shop"] }, basePort: cluster.options.basePort },
    });
    const small = { maxBytes: "16MiB" };
    const tenants = validateTenants(
      {
        shop: {
          name: "shop",
          home: "iad",
          streams: {
            ORDERS: stream(["orders.>"], { ...small, mirrors: { ams: { maxAge: "7d", ...small } } }),
            VISITS: stream(["visits.>"], { ...small, storage: "memory" }),
            UNWRITTEN: stream(["unwritten.>"], small),
          },
          consumers: { archiver: pull(["ORDERS"], { maxAckPending: 200 }) },
          users: { api: { publishes: ["orders.>", "visits.*"] }, archiver: { consumes: ["archiver"] } },
        },
      },
      environment,
    );
    cluster.options.accounts = accountsText(environment, tenants);
    await cluster.ensure();
    await cluster.ready();
    // Where the project's own lie, but for nats-server.
    fs.symlinkSync(testTool("toxiproxy-server"), path.join(cacheDir(), "bin", "toxiproxy-server"));
    access = {
      ...{ name: cluster.environment, environment, ca: cluster.identity.clientCa },
      accounts: Object.fromEntries(
        accountsOf(environment, tenants).map(({ name, users }) => [
          name,
          {
            users: Object.fromEntries(
              users.map((user) => [
                user.name,
                { login: user.login, password: user.login, inboxPrefix: inboxPrefixOf(user.name) },
              ]),
            ),
          },
        ]),
      ),
    };
    checked = {
      ...{ project: { name: "supercluster" }, name: cluster.environment, environment, failovers: {} },
      ...{ tenants, accounts: tenants, stacks: { jetstream: ["jetstream"] } },
    } as unknown as CheckedEnvironment;
    const provisioner = await cluster.connect("shop-provisioner", { inboxPrefix: inboxPrefixOf("provisioner") });
    const { streams, consumers } = assetsOf(environment, tenants);
    for (const asset of streams) await createStream(provisioner, asset);
    for (const asset of consumers) await createConsumer(provisioner, asset);
    await provisioner.close();
  });

  after(() => cluster?.stop());

  /** What every drill promises. */
  async function isTakenBack(result: DrillResult): Promise<void> {
    assert.deepEqual(
      result.streams.map(({ stream, kept }) => [stream, kept]),
      [
        ["ORDERS", "R3 file"],
        ["VISITS", "R3 memory"],
      ],
    );
    assert.deepEqual(result.unmeasured, ["shop/UNWRITTEN"]);
    for (const { stream, published, acknowledged } of result.streams)
      assert.ok(acknowledged > 10 && published >= acknowledged, `${stream}: ${acknowledged} of ${published}`);
    assert.deepEqual(result.streams[0]!.lost, []);
    assert.notEqual(result.recoveredMs, undefined);
    assert.equal(begun(cluster.environment), undefined);
    for (const server of Object.values(cluster.inputs())) {
      const running = await observe(server);
      assert.ok(running, `${server.name} runs`);
      assert.deepEqual(await observeDrift(server, running), [], `${server.name} is as it was deployed`);
    }
  }

  it("server-killed: kills the one that leads most, loses no acknowledged message, and starts it again", async () => {
    const result = await run("server-killed");
    assert.match(result.notes.join(), /^killed: iad-\d$/);
    await isTakenBack(result);
  });

  it("disk-full: writes of one server fail, which turns its JetStream off; the others go on", async function () {
    if (process.platform !== "linux") this.skip();
    const result = await run("disk-full", { holdMs: 15_000 });
    const [, name] = /^on (iad-\d)/.exec(result.notes[0]!)!;
    const log = fs.readFileSync(path.join(environmentDir(cluster.environment), "iad", name!, "server.log.1"), "utf8");
    assert.match(log, /no space left on device/);
    await isTakenBack(result);
  });

  it("certificate-expired: new clients are refused, those that are connected go on", async () => {
    const result = await run("certificate-expired");
    assert.match(
      result.notes.join("\n"),
      /^new connections to iad: \d+ x certificate has expired\nafter .*: connected$/,
    );
    await isTakenBack(result);
  });

  it("client-storm: many clients connect at once, from processes of their own", async () => {
    const result = await run("client-storm", { clients: 60, holdMs: 500 });
    assert.match(result.notes.join(), /^60 of 60 clients connected within/);
    await isTakenBack(result);
  });

  it("gateway-cut: publishers of the other region wait as long as it lasts, those of the streams' do not", async () => {
    const result = await run("gateway-cut", { holdMs: 6_000 });
    assert.ok(result.elsewhere!.longest > 5_000, `${result.elsewhere!.longest} ms elsewhere`);
    assert.ok(result.home.longest < result.elsewhere!.longest, `${result.home.longest} ms in iad`);
    await isTakenBack(result);
  });

  it("region-lost: no one can publish for as long as it lasts, and then nothing is lost", async () => {
    const result = await run("region-lost");
    assert.match(result.notes.join(), /iad-0, iad-1, iad-2/);
    for (const { home, elsewhere } of result.streams)
      for (const { longest } of [home, elsewhere!]) assert.ok(longest >= 2_000, `${longest} ms`);
    await isTakenBack(result);
  });

  it("refuses to begin where a server is dead, and touches nothing; a killed drill is taken back first", async () => {
    const inputs = cluster.inputs();
    await cluster.kill("ams-1");
    await assert.rejects(run("nothing"), /is not healthy.*nothing was done.*ams-1 does not answer/s);
    assert.equal(await observe(inputs["ams-1"]!), undefined);
    await restartChanged(inputs["iad-0"]!, (config) => ({ ...config, max_payload: 1_000 }));
    const { stopping, applied } = (await readRecord(inputs["iad-0"]!))!;
    assert.deepEqual([stopping, applied.config.max_payload], [true, inputs["iad-0"]!.config.max_payload]);
    assert.ok(
      (await observeDrift(inputs["iad-0"]!, (await observe(inputs["iad-0"]!))!)).some(({ restart }) => restart),
    );
    recordBegun(cluster.environment, "region-lost");
    await isTakenBack(await run("nothing"));
  });
});
