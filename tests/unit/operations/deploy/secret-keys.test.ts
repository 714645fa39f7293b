import assert from "node:assert/strict";
import {
  filesToBeWritten,
  filesWritten,
  toBeCommitted,
  willBeWritten,
} from "../../../../operations/deploy/secret-keys";

const stacks = {
  iad: {},
  ams: { secretsprovider: "awskms://alias/x" },
  syd: { encryptionsalt: "v1:x" },
  jnb: undefined,
};
const names = Object.keys(stacks);

describe("what Pulumi writes into the files of new stacks", () => {
  it("is announced, where it is not there yet", () => {
    const files = filesToBeWritten(names, { stacks }, { PULUMI_BACKEND_URL: "s3://state" });
    assert.deepEqual(files, ["Pulumi.iad.yaml", "Pulumi.ams.yaml", "Pulumi.jnb.yaml"]);
    assert.match(willBeWritten(files), /into their files: Pulumi\.iad\.yaml, Pulumi\.ams\.yaml, Pulumi\.jnb\.yaml\./);
  });

  it("is nothing where Pulumi Cloud encrypts", () => {
    const backendUrl = "https://api.pulumi.com";
    assert.deepEqual(filesToBeWritten(names, { stacks, backendUrl }, {}), ["Pulumi.ams.yaml"]);
  });

  it("is to be committed", () => {
    const after = { ...stacks, iad: { encryptionsalt: "v1:x" }, ams: { ...stacks.ams, encryptedkey: "k" } };
    const files = filesWritten(names, { stacks }, { stacks: after });
    assert.deepEqual(files, ["Pulumi.iad.yaml", "Pulumi.ams.yaml"]);
    assert.match(toBeCommitted(files), /git add Pulumi\.iad\.yaml Pulumi\.ams\.yaml && git commit/);
    assert.deepEqual(filesWritten(names, { stacks: after }, { stacks: after }), []);
  });
});
