import assert from "node:assert/strict";
import { readProject, type ProjectFiles } from "../../../../engine/project";
import { refuseLocalState } from "../../../../operations/deploy/state-safety";

const project = readProject();

describe("an environment that is not local", () => {
  const stacks = { identity: "identity", regions: [], jetstream: [] };
  const files = (file: object, backendUrl?: string): ProjectFiles => ({
    ...project,
    stacks: { identity: file },
    backendUrl,
  });
  const kms = { secretsprovider: "awskms://alias/x" };

  it("is refused on a file backend, without a backend, or behind a passphrase", () => {
    assert.throws(
      () => refuseLocalState("production", stacks, files(kms), { PULUMI_BACKEND_URL: "file:///x" }),
      /files on one machine.*--allow-local-state/s,
    );
    assert.throws(
      () => refuseLocalState("production", stacks, files(kms), { PULUMI_HOME: "/nonexistent" }),
      /no backend is set/,
    );
    assert.throws(
      () => refuseLocalState("production", stacks, files({ encryptionsalt: "v1:x" }, "s3://state"), {}),
      /secrets of identity are encrypted with a passphrase/,
    );
  });

  it("is accepted on a shared backend with a key service", () =>
    refuseLocalState("production", stacks, files(kms, "s3://state"), {}));
});
