import assert from "node:assert/strict";
import { deployedObjects, isPending, recordOf, recordSelector } from "../../../../components/supercluster/helm-records";
import { helmRecord } from "../../../support/helm-record";

const manifest = (name: string) => `---
# Source: nats/templates/pod-disruption-budget.yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: ${name}
spec:
  maxUnavailable: 1
---
# Source: nats/templates/empty.yaml
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: elsewhere
`;

describe("what Helm keeps of a release", () => {
  it("has the objects of the revision that is deployed last, in its namespace where they name none", () => {
    const objects = deployedObjects(
      [helmRecord(9, "deployed", manifest("old")), helmRecord(10, "deployed", manifest("nats"))],
      "servers",
    );
    assert.deepEqual(objects, [
      {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "nats", namespace: "servers" },
        spec: { maxUnavailable: 1 },
      },
      { apiVersion: "v1", kind: "Service", metadata: { name: "nats", namespace: "elsewhere" } },
    ]);
  });

  it("has none where nothing is deployed: the first installation has not ended, or the record was deleted", () => {
    assert.equal(deployedObjects([], "nats"), undefined);
    assert.equal(deployedObjects([helmRecord(1, "pending-install", manifest("nats"))], "nats"), undefined);
  });

  it("shows which change has not ended", () => {
    const records = ["deployed", "pending-install", "pending-upgrade", "pending-rollback", "failed"].map((status) =>
      recordOf(helmRecord(7, status)),
    );
    assert.deepEqual(
      records.filter(isPending).map(({ status }) => status),
      ["pending-install", "pending-upgrade", "pending-rollback"],
    );
    assert.deepEqual(records[0], { name: "sh.helm.release.v1.nats.v7", revision: 7, status: "deployed" });
  });

  it("is selected without revisions of the past, each of which is large", () =>
    assert.equal(
      recordSelector("nats"),
      "owner=helm,name=nats,status in (deployed,pending-install,pending-upgrade,pending-rollback)",
    ));
});
