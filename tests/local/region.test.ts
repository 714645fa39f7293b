import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { LocalRegion } from "../../components/local/region";
import { serverProvider } from "../../components/local/provider/server-provider";
import { localEnvironment, regionOf } from "../support/accounts";
import { serversMs } from "../support/limits";
import { makeIdentity, Supercluster } from "../support/nats";
import { ProviderProcess } from "../support/provider-process";

const region = regionOf(localEnvironment({ regions: ["iad", "ams"] }));

describe("component of a local region", function () {
  this.timeout(serversMs);

  it("has a resource a server, its secrets secret and everything else readable in a plan", async () => {
    const registered: pulumi.runtime.MockResourceArgs[] = [];
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          registered.push(args);
          return { id: args.name, state: args.inputs as Record<string, unknown> };
        },
        call: ({ token }) => {
          throw new Error(`unexpected call ${token}`);
        },
      },
      "supercluster",
      "test-iad",
    );
    const identity = await makeIdentity();
    const made = new LocalRegion("iad", { region, identity: pulumi.secret(identity) });
    const addresses = await new Promise<unknown>((resolve) => made.addresses.apply(resolve));
    assert.equal((addresses as unknown[]).length, 3);

    const servers = registered.filter(({ type }) => type === "pulumi-nodejs:dynamic/local:Server");
    assert.deepEqual(servers.map(({ name }) => name).sort(), ["iad-0", "iad-1", "iad-2"]);
    assert.deepEqual(
      registered.map(({ type }) => type).filter((type) => type !== "pulumi-nodejs:dynamic/local:Server"),
      ["supercluster:local:Region"],
    );
    for (const { inputs, name } of servers) {
      const { secrets, ...open } = inputs as { secrets: object; name: string; certificates: Record<string, string> };
      assert.equal(open.name, name);
      assert.ok("4dabf18193072939515e22adb298388d" in secrets, "the secrets are not marked");
      const text = JSON.stringify(open);
      assert.ok(!text.includes("4dabf18193072939515e22adb298388d"), "something is hidden that may be read");
      for (const key of [identity.jetstreamKey, identity.server.key, identity.peer.key])
        assert.ok(!text.includes(JSON.stringify(key).slice(1, -1)));
      assert.deepEqual(open.certificates["tls/peer-ca.crt"], identity.peerCa);
    }
  });

  it("is made, read and deleted by the process that the engine starts, from the line that is stored", async () => {
    const cluster = await Supercluster.prepare({ regions: ["iad"] });
    const provider = await ProviderProcess.start({});
    const type = { type: "Server", entry: "components/local/provider/entry.js" };
    try {
      const server = cluster.inputs()["iad-0"]!;
      const { inputs, failures } = await provider.check(type, { ...server });
      assert.deepEqual(failures, []);
      const { id, props } = await provider.create(type, inputs);
      assert.equal(id, `${cluster.environment}/iad/iad-0`);
      assert.equal(JSON.stringify(props).includes("PRIVATE KEY"), false);
      assert.equal((await provider.read(type, id, props)).id, id);
      await provider.delete(type, id, props);
      assert.equal((await provider.read(type, id, props)).id, "");
      assert.deepEqual(provider.stderr, []);
      assert.deepEqual(Object.keys(props).sort(), Object.keys((await serverProvider.create(server)).outs!).sort());
    } finally {
      await provider.stop();
      await cluster.stop();
    }
  });
});
