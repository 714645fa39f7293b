import assert from "node:assert/strict";
import { createdUnrecorded, heldElsewhere, inProgress, needsOperator } from "../../../engine/stack-locks";

const pending = (type: string, resource: string) => ({
  type,
  resource: { urn: `urn:pulumi:iad::supercluster::${resource}::one`, type: resource },
});

describe("a lock that cannot be released here", () => {
  it("is reported with its stack, its holder, and what to run", () => {
    const holder = { pid: 7, username: "ann", hostname: "runner-3", timestamp: "2026-01-01T00:00:00Z" };
    const text = heldElsewhere("iad", holder);
    assert.match(text, /^stack iad is locked by ann on runner-3 \(process 7, since 2026-01-01T00:00:00Z\)/);
    assert.match(text, /^ {2}pulumi cancel --stack iad --yes$/m);
    assert.match(text, /^ {2}pulumi refresh --stack iad {3}#/m);
    assert.match(text, /docs\/runbooks\/stale-lock\.md$/);
  });

  it("of Pulumi Cloud, with who started it where that is known", () => {
    const operation = { kind: "update", author: "ann", started: "2026-01-01T00:00:00Z" };
    assert.match(
      inProgress("iad", operation),
      /^stack iad has another update in progress: update by ann, started 2026-01-01T00:00:00Z\. Nothing was done/,
    );
    assert.match(inProgress("iad", undefined), /^stack iad has another update in progress\. Nothing was done/);
  });
});

describe("what a killed run was creating", () => {
  it("is repeated where that makes no second one, and left to an operator elsewhere", () => {
    const operations = [
      pending("creating", "kubernetes:core/v1:Secret"),
      pending("creating", "pulumi-nodejs:dynamic/nats:Stream"),
      pending("creating", "tls:index/privateKey:PrivateKey"),
      pending("creating", "random:index/randomPassword:RandomPassword"),
      pending("updating", "aws:eks/cluster:Cluster"),
      pending("creating", "aws:kms/key:Key"),
    ];
    const found = createdUnrecorded(operations);
    assert.deepEqual(
      found.map(({ type }) => type),
      ["aws:kms/key:Key"],
    );
    assert.match(needsOperator("iad", found), /^ {2}aws:kms\/key:Key one$/m);
  });

  it("is left to an operator where it is a release of Helm: an install over one that exists fails", () => {
    const release = pending("creating", "kubernetes:helm.sh/v3:Release");
    const inputs = { name: "nats", namespace: "nats-iad" };
    const found = createdUnrecorded([{ ...release, resource: { ...release.resource, inputs } }]);
    assert.equal(found.length, 1);
    const message = needsOperator("iad", found);
    assert.match(message, /its id is nats-iad\/nats:$/m);
    assert.match(message, /^ {2}kubectl -n nats-iad get secrets -l owner=helm,name=nats --show-labels$/m);
    assert.match(message, /^With status=pending-install, delete that Secret and choose "clear"\.$/m);
    const other = pending("updating", "kubernetes:helm.sh/v3:Release");
    assert.deepEqual(createdUnrecorded([other]), []);
    assert.doesNotMatch(needsOperator("iad", createdUnrecorded([pending("creating", "aws:kms/key:Key")])), /kubectl/);
  });
});
