import assert from "node:assert/strict";
import type { Environment } from "../../../../config/schema/settings";
import { suppliedProblems } from "../../../../operations/settings/supplied-authorities";

describe("authorities that are supplied", () => {
  const authority = { trusted: [1, 2], signing: 1 };
  const environment: Pick<Environment, "authorities"> = {
    authorities: { clients: { ...authority, supplied: [2] }, peers: authority },
  };
  const problemsOf = (config?: object) =>
    suppliedProblems({ name: "supercluster", stacks: { identity: { config } } }, "identity", environment).map(
      ({ path, message }) => `${path}: ${message}`,
    );
  const secure = { secure: "v1:x" };
  const [cert, key] = ["supercluster:clients-ca-2-cert", "supercluster:clients-ca-2-key"];

  it("must be in the file of the identity stack: what is missing is named, with the command that writes it", () => {
    assert.deepEqual(problemsOf(), [
      "Pulumi.identity.yaml: config: clients-ca-2-cert is missing; write it: " +
        "pulumi config set --stack identity --secret clients-ca-2-cert < ca.pem",
      "Pulumi.identity.yaml: config: clients-ca-2-key is missing; write it: " +
        "pulumi config set --stack identity --secret clients-ca-2-key < ca.key",
    ]);
    assert.deepEqual(problemsOf({ [cert]: secure, [key]: secure }), []);
    assert.deepEqual(problemsOf({ [cert]: "-----BEGIN CERTIFICATE-----", [key]: secure }), []);
  });

  it("must have an encrypted key", () =>
    assert.match(
      problemsOf({ [cert]: secure, [key]: "-----BEGIN PRIVATE KEY-----" }).join(),
      /clients-ca-2-key is not encrypted\. Whoever reads the file has that key: make another authority/,
    ));
});
