import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { KeyValue, ObjectStore } from "../../components/jetstream/buckets";
import { record } from "../support/mocks";

const address = { account: "app", bucket: "settings", region: "iad" };

describe("buckets as resources", () => {
  const inputsOf = async (make: () => pulumi.Resource) => {
    const { registrations } = await record(make);
    const [{ inputs, type } = assert.fail("nothing was registered")] = registrations;
    const { __provider: _, ...args } = inputs;
    assert.equal(type, "pulumi-nodejs:dynamic/nats:Stream");
    return args;
  };

  it("of keys are streams of the form that clients expect, whatever comes from other resources", async () => {
    assert.deepEqual(
      await inputsOf(
        () => new KeyValue("one", { ...address, history: 5, maxBytes: pulumi.output("1MiB" as const), ttl: "1d" }),
      ),
      {
        account: "app",
        region: "iad",
        name: "KV_settings",
        subjects: ["$KV.settings.>"],
        maxMsgsPerSubject: 5,
        maxBytes: "1MiB",
        maxAge: "1d",
        discard: "new",
        allowRollupHdrs: true,
        denyDelete: true,
        allowDirect: true,
      },
    );
  });

  it("of objects too", async () => {
    assert.deepEqual(await inputsOf(() => new ObjectStore("one", { ...address, compression: true })), {
      account: "app",
      region: "iad",
      name: "OBJ_settings",
      subjects: ["$O.settings.C.>", "$O.settings.M.>"],
      compression: "s2",
      discard: "new",
      allowRollupHdrs: true,
      allowDirect: true,
    });
  });
});
