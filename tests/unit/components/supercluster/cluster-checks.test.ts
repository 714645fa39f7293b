import assert from "node:assert/strict";
import { kubeconfig } from "../../../../components/aws/kubeconfig";
import type { AwsLocation } from "../../../../components/aws/location";
import { pendingRefusal } from "../../../../components/supercluster/cluster-checks";

describe("a Helm release that was left in a change", () => {
  it("is released in its own cluster, also where settings of AWS name that: other regions have the same record", () => {
    const settings = { region: "us-east-1" };
    const access = kubeconfig({ name: "nats-iad", endpoint: "https://eks", certificateAuthority: "" }, {
      settings,
    } as AwsLocation);
    const pending = [{ name: "sh.helm.release.v1.nats.v4", status: "pending-upgrade", revision: 4 }];
    assert.equal(
      pendingRefusal({ namespace: "nats", cluster: { kubeconfig: access } }, pending as never),
      "the Helm release in namespace nats is pending-upgrade (revision 4): a run that changed it was interrupted, or " +
        "is still running. If none is running: aws eks update-kubeconfig --name nats-iad --region us-east-1 " +
        "--alias nats-iad-us-east-1 && kubectl --context nats-iad-us-east-1 -n nats delete secret " +
        "sh.helm.release.v1.nats.v4 (docs/runbooks/pending-release.md)",
    );
  });
});
