import assert from "node:assert/strict";
import { hostsOf, waitAnnotations } from "../../../../components/supercluster/load-balancers";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

describe("addresses of load balancers", () => {
  it("are waited for only where the program writes their DNS records", () => {
    const annotations = (dns: string) =>
      waitAnnotations(kubernetesEnvironment({ kubernetes: kubernetesSettings({ loadBalancers: { dns } }) }));
    assert.deepEqual(annotations("route53"), {});
    assert.deepEqual(annotations("external-dns"), { "pulumi.com/skipAwait": "true" });
  });

  it("are host names or IP addresses, and none before they are assigned", () => {
    const ingress = [{ hostname: "a.example.com" }, { ip: "203.0.113.7" }];
    assert.deepEqual(hostsOf({ loadBalancer: { ingress } } as never), ["a.example.com", "203.0.113.7"]);
    for (const status of [undefined, {}, { loadBalancer: {} }]) assert.deepEqual(hostsOf(status as never), []);
  });
});
