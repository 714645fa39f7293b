import assert from "node:assert/strict";
import { kubeconfig } from "../../../../components/aws/kubeconfig";
import type { AwsLocation } from "../../../../components/aws/location";
import { kubectl } from "../../../../components/supercluster/kubectl";

const ofAws = (settings: object): string =>
  kubeconfig({ name: "nats", endpoint: "https://eks", certificateAuthority: "" }, { settings } as AwsLocation);
const role = "arn:aws:iam::123456789012:role/deploy";

describe("commands of kubectl in messages", () => {
  const cases: [string, Parameters<typeof kubectl>[0], string][] = [
    ["name the context", { context: "nats-iad" }, "kubectl --context nats-iad get pods"],
    [
      "name the file of the kubeconfig",
      { context: "nats-iad", kubeconfig: "~/.kube/nats" },
      "kubectl --kubeconfig ~/.kube/nats --context nats-iad get pods",
    ],
    [
      "first give access to a cluster of AWS, which has no context",
      { kubeconfig: ofAws({ region: "us-east-1" }) },
      "aws eks update-kubeconfig --name nats --region us-east-1 --alias nats-us-east-1 && " +
        "kubectl --context nats-us-east-1 get pods",
    ],
    [
      "get that access as the deployment does",
      { kubeconfig: ofAws({ region: "us-east-1", profile: "prod", role }) },
      `aws eks update-kubeconfig --name nats --region us-east-1 --alias nats-us-east-1 --profile prod ` +
        `--role-arn ${role} && kubectl --context nats-us-east-1 get pods`,
    ],
    [
      "name the context of another kubeconfig's text",
      { context: "nats-iad", kubeconfig: "apiVersion: v1" },
      "kubectl --context nats-iad get pods",
    ],
  ];
  for (const [what, cluster, line] of cases) it(what, () => assert.equal(kubectl(cluster, "get pods"), line));

  it("give access once for several", () =>
    assert.equal(
      kubectl({ kubeconfig: ofAws({ region: "us-east-1" }) }, "get pods", "get nodes"),
      "aws eks update-kubeconfig --name nats --region us-east-1 --alias nats-us-east-1 && " +
        "kubectl --context nats-us-east-1 get pods && kubectl --context nats-us-east-1 get nodes",
    ));
});
