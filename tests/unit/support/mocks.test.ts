import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { isSecret, record, unsecret } from "../../support/mocks";

class Any extends pulumi.CustomResource {}

describe("recording mocks", () => {
  it("refuse a type they do not know", async () => {
    await assert.rejects(
      record(() => new Any("gcp:storage/bucket:Bucket", "backup", {})),
      /registers backup, which is a gcp:storage\/bucket:Bucket/,
    );
  });

  it("refuse a call", async () => {
    await assert.rejects(
      record(() => void pulumi.runtime.invoke("aws:index/getRegion:getRegion", {}).catch(() => undefined)),
      /calls aws:index\/getRegion:getRegion/,
    );
  });

  it("refuse two resources of one name", async () => {
    const twice = () => [0, 1].map(() => new Any("pulumi-nodejs:dynamic/nats:Stream", "same", {}));
    await assert.rejects(record(twice), /registers two resources pulumi-nodejs:dynamic\/nats:Stream::same/);
  });

  it("refuse a reference to a stack that is not given", async () => {
    await assert.rejects(
      record(() => new pulumi.StackReference("other", { name: "organization/supercluster/iad" })),
      /refers to the stack organization\/supercluster\/iad/,
    );
  });

  it("keep a secret where it was given", async () => {
    const inputs = { config: { open: 1, hidden: pulumi.secret("x") } };
    const { registrations } = await record(() => new Any("pulumi-nodejs:dynamic/nats:Stream", "one", inputs));
    const { config } = registrations[0]!.inputs as { config: { hidden: unknown } };
    assert.ok(isSecret(config.hidden) && !isSecret(config));
    assert.deepEqual(unsecret(config), { open: 1, hidden: "x" });
  });
});
