import assert from "node:assert/strict";
import type { RegionIdentity } from "../../config/assets/region";
import { plannedUsersAs } from "../../config/partial-plan";
import type { Settings } from "../../config/load";
import { identityFingerprint } from "../../components/security/identity-fingerprint";
import { IdentityStore } from "../../components/supercluster/identity-store";
import {
  storedIdentityProvider,
  type StoredIdentityInputs,
} from "../../components/supercluster/provider/stored-identity-provider";
import { identity } from "../../stacks/identity";
import type { CarriedIdentity } from "../../stacks/outputs";
import { region } from "../../stacks/region";
import { tenants } from "../../tenants";
import { identityOutputs } from "../support/identity";
import { KubeApi } from "../support/kube-api";
import { kubernetesEnvironment } from "../support/kubernetes";
import { serversMs, waitMs } from "../support/limits";
import { isSecret, record, type Registration, settled, unsecret } from "../support/mocks";
import { byStore } from "../support/registered-stacks";
import { said } from "../support/said";

const types = {
  namespace: "kubernetes:core/v1:Namespace",
  secret: "kubernetes:core/v1:Secret",
  push: "kubernetes:external-secrets.io/v1alpha1:PushSecret",
  external: "kubernetes:external-secrets.io/v1:ExternalSecret",
  guard: "pulumi-nodejs:dynamic/kubernetes:ClusterGuard",
  stored: "pulumi-nodejs:dynamic/kubernetes:StoredIdentity",
};
const deployed = identityOutputs(kubernetesEnvironment(), tenants) as Record<string, RegionIdentity>;

interface Manifest {
  metadata: { name: string; namespace: string; annotations: Record<string, string> };
  spec: Record<string, unknown>;
}
const manifestOf = ({ inputs }: Registration) => inputs as unknown as Manifest;

describe("the identity of regions by a secret store", function () {
  // Loads @pulumi/kubernetes.
  this.timeout(serversMs);

  const written = () => {
    const settings = { name: "staging", environment: byStore, tenants, degraded: [], failovers: {} };
    return record(() => identity({ ...settings, stack: { environment: "staging", kind: "identity" } }));
  };

  it("is written by the identity stack, one secret a region, in the cluster that settings name", async () => {
    const { of } = await written();
    const [provider] = of("pulumi:providers:kubernetes");
    assert.deepEqual([provider!.inputs.context, provider!.options.dependencies], ["management", ["identity-guard"]]);
    const [guard] = of(types.guard);
    assert.deepEqual(guard!.inputs.kinds, ["external-secrets.io/v1alpha1/PushSecret"]);
    assert.equal(guard!.inputs.chart, undefined);
    const [namespace] = of(types.namespace);
    assert.deepEqual(
      [manifestOf(namespace!).metadata.name, namespace!.options.retainOnDelete],
      ["nats-identity", true],
    );
    for (const name of ["iad", "ams", "syd"]) {
      const secret = of(types.secret).find((one) => one.name === `${name}-identity`)!;
      assert.ok(isSecret(secret.inputs.data));
      const { data } = unsecret(secret.inputs) as { data: { identity: string } };
      const carried = JSON.parse(Buffer.from(data.identity, "base64").toString()) as RegionIdentity;
      assert.equal(carried.jetstreamKey, `password of ${name}-jetstream-key`);
      const push = of(types.push).find((one) => one.name === `${name}-identity-push`)!;
      assert.ok(push.options.dependencies!.includes(secret.name));
      const { metadata, spec } = manifestOf(push);
      assert.deepEqual(
        [metadata.name, metadata.namespace, metadata.annotations["supercluster/identity"]],
        [`staging-${name}-identity`, "nats-identity", identityFingerprint(carried)],
      );
      assert.deepEqual(spec.data, [
        { match: { secretKey: "identity", remoteRef: { remoteKey: `staging/${name}/identity` } } },
      ]);
      assert.deepEqual(spec.selector, { secret: { name: `staging-${name}-identity` } });
    }
  });

  it("is one field of a secret where the store needs that", async () => {
    const { identitySecret, ...rest } = byStore.kubernetes;
    const kubernetes = {
      ...rest,
      identitySecret: { ...identitySecret!, separator: "-" as const, property: "identity" },
    };
    const args = { environment: "staging", settings: { ...byStore, kubernetes }, identities: { iad: deployed.iad! } };
    const { of } = await record(() => new IdentityStore("identity", args));
    const { spec } = manifestOf(of(types.push)[0]!);
    const remoteRef = { remoteKey: "staging-iad-identity", property: "identity" };
    assert.deepEqual(spec.data, [{ match: { secretKey: "identity", remoteRef } }]);
  });

  it("is no output of the identity stack: only fingerprints and logins are, which are not secret", async () => {
    const { result } = await written();
    assert.deepEqual(Object.keys(result).sort(), ["identities", "jetstream"]);
    const { value, secret } = await settled(result.identities!);
    assert.equal(secret, false);
    const { iad } = value as Record<string, CarriedIdentity>;
    assert.match(iad!.fingerprint, /^[0-9a-f]{32}$/);
    assert.ok(iad!.users.includes("covenant-api"));
    assert.doesNotMatch(JSON.stringify(value), /password of|BEGIN/);
  });

  const read = (
    change: Partial<Settings<"region">> = {},
    outputs = identityOutputs(byStore, tenants),
    preview = false,
  ) =>
    record(
      () =>
        region({
          ...{ name: "staging", environment: byStore, tenants, degraded: [], failovers: {} },
          stack: { environment: "staging", kind: "region", region: "iad" },
          ...change,
        }),
      {
        stack: "staging-iad",
        preview,
        references: {
          "organization/supercluster/staging-identity": outputs,
          "organization/supercluster/staging-iad": {},
        },
      },
    );

  it("is read by the region's stack from its own cluster, and no stack is referred to", async () => {
    const { of, registrations } = await read();
    assert.deepEqual(
      registrations.filter(({ type }) => type === "pulumi:pulumi:StackReference"),
      [],
    );
    const fingerprint = identityFingerprint(deployed.iad!);
    const { metadata, spec } = manifestOf(of(types.external)[0]!);
    assert.deepEqual([metadata.name, metadata.namespace], ["nats-identity", "nats"]);
    assert.equal(metadata.annotations["supercluster/identity"], fingerprint);
    assert.deepEqual(spec, {
      refreshInterval: "5m0s",
      secretStoreRef: { name: "vault", kind: "ClusterSecretStore" },
      target: { name: "nats-identity" },
      data: [{ secretKey: "identity", remoteRef: { key: "staging/iad/identity" } }],
    });
    const [stored] = of(types.stored);
    assert.deepEqual(
      [stored!.inputs.fingerprint, stored!.options.secretOutputs, stored!.options.dependencies],
      [fingerprint, ["identity"], ["iad-identity"]],
    );
    const server = of(types.secret).find(({ name }) => name === "iad-nats-server")!;
    assert.ok(isSecret(server.inputs.data));
    const { data } = unsecret(server.inputs) as { data: Record<string, string> };
    const text = (key: string) => Buffer.from(data[key]!, "base64").toString();
    assert.match(text("accounts.conf"), /hash of covenant-api/);
    assert.match(text("jetstream.conf"), /JetStream key of iad/);
    assert.deepEqual(of(types.guard)[0]!.inputs.kinds, ["external-secrets.io/v1/ExternalSecret"]);
    assert.doesNotMatch(JSON.stringify(unsecret(registrations)), /JetStream key of (ams|syd)/);
  });

  it("is missed before anything is done, with what to run", async () => {
    await assert.rejects(read({}, {}), /stack staging-iad needs staging-identity deployed first: pulumi up --stack/);
    await assert.rejects(
      read({}, identityOutputs(kubernetesEnvironment(), tenants)),
      /needs output identities of staging-identity, which was deployed without it: pulumi up --stack staging-identity/,
    );
    const { identities, jetstream } = identityOutputs(byStore, tenants) as {
      identities: Record<string, CarriedIdentity>;
      jetstream: never;
    };
    const { iad, ...others } = identities;
    await assert.rejects(read({}, { identities: others, jetstream }), /needs the identity of iad of staging-identity/);
    const users = iad!.users.filter((login) => login !== "covenant-api");
    await assert.rejects(
      read({}, { identities: { ...identities, iad: { ...iad!, users } }, jetstream }),
      /needs the password of covenant-api of staging-identity, which was deployed without/,
    );
  });

  describe("in previews of all stacks together, with a user whose password the same deployment creates", () => {
    const before = { ...process.env };
    afterEach(() => (process.env = { ...before }));
    const outputs = () => {
      const all = identityOutputs(byStore, tenants) as {
        identities: Record<string, CarriedIdentity>;
        jetstream: never;
      };
      const users = all.identities.iad!.users.filter((login) => login !== "covenant-api");
      return { ...all, identities: { ...all.identities, iad: { ...all.identities.iad!, users } } };
    };
    const annotationIn = async (how: "placeholder" | "unknown") => {
      Object.assign(process.env, plannedUsersAs(how));
      const { of } = await read({}, outputs(), true);
      return manifestOf(of(types.external)[0]!).metadata.annotations["supercluster/identity"];
    };

    it("is the one that is deployed, for policies", async () => {
      assert.equal(await annotationIn("placeholder"), identityFingerprint(deployed.iad!));
    });

    it("is unknown in a plan that is saved, which the `up` would otherwise violate", async () => {
      assert.notEqual(await annotationIn("unknown"), identityFingerprint(deployed.iad!));
    });
  });
});

describe("StoredIdentity, against an API server that keeps what it is told", () => {
  const apis: KubeApi[] = [];
  afterEach(() => apis.splice(0).forEach((api) => api.stop()));
  const waiting = (stuckMs: number) => storedIdentityProvider({ stuckMs, everyMs: 5, logEveryMs: 60_000 });
  /** For what does not come. */
  const provider = waiting(200);
  const secret = "/api/v1/namespaces/nats/secrets/nats-identity";
  const external = "/apis/external-secrets.io/v1/namespaces/nats/externalsecrets/nats-identity";
  const iad = deployed.iad!;

  async function cluster(): Promise<KubeApi> {
    const api = await KubeApi.start();
    apis.push(api);
    return api;
  }
  const fill = (api: KubeApi, text: string) =>
    api.put(secret, { data: { identity: Buffer.from(text).toString("base64") } });
  const report = (api: KubeApi, status: string, message: string) =>
    api.put(external, { status: { conditions: [{ type: "Ready", status, message }] } });
  const inputs = (api: KubeApi): StoredIdentityInputs => ({
    environment: "staging",
    region: "iad",
    namespace: "nats",
    name: "nats-identity",
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
    fingerprint: identityFingerprint(iad),
    pushed: { context: "management", namespace: "nats-identity", name: "staging-iad-identity" },
  });

  it("is the identity that the store gave, also where the store keeps JSON in a form of its own", async () => {
    const api = await cluster();
    const { users, ...rest } = iad;
    fill(api, JSON.stringify({ users, ...rest }, undefined, 2));
    const { id, outs } = await provider.create(inputs(api));
    assert.deepEqual([id, outs!.identity], ["staging/iad", iad]);
  });

  it("waits until the operator has copied the one that is expected", async () => {
    const api = await cluster();
    report(api, "True", "secret synced");
    fill(api, JSON.stringify({ ...iad, jetstreamKey: "an older one" }));
    const updated = waiting(waitMs).update("", {}, inputs(api));
    setTimeout(() => fill(api, JSON.stringify(iad)), 50);
    assert.deepEqual((await updated).outs!.identity, iad);
  });

  const failures: [string, (api: KubeApi) => void, RegExp][] = [
    [
      "nothing is there",
      () => undefined,
      /iad: Secret nats-identity is missing: ExternalSecret nats-identity is missing too; pulumi up --refresh/,
    ],
    [
      "the operator does not run",
      (api) => api.put(external, {}),
      /Secret nats-identity is missing: the External Secrets Operator has not reported anything about it/,
    ],
    [
      "the store refuses",
      (api) => report(api, "False", "permission denied"),
      /Secret nats-identity is missing: permission denied, for .*describe externalsecret nats-identity and kubectl --context management -n nats-identity describe pushsecret staging-iad-identity/,
    ],
    [
      "the store has another one",
      (api) => (report(api, "True", "synced"), fill(api, JSON.stringify(deployed.ams))),
      /does not have the identity that the identity stack deployed last: the store has another one; its PushSecret/,
    ],
    [
      "it is no JSON",
      (api) => (report(api, "True", "synced"), fill(api, '{"jetstreamKey":"hidden')),
      /does not have the identity that the identity stack deployed last/,
    ],
  ];
  for (const [what, prepare, message] of failures)
    it(`fails, and names no content, where ${what}`, async () => {
      const api = await cluster();
      prepare(api);
      await said(() =>
        assert.rejects(provider.create(inputs(api)), (error: Error) => {
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /hidden|JetStream key|kubeconfig/);
          return true;
        }),
      );
    });

  it("has something to do where the fingerprint changes, or the Secret was changed or deleted", async () => {
    const api = await cluster();
    const olds = inputs(api);
    const changes = async (news = olds) => (await provider.diff("", olds, news)).changes;
    assert.equal(await changes(), true, "missing");
    fill(api, JSON.stringify(iad));
    assert.equal(await changes(), undefined);
    assert.equal(await changes({ ...olds, fingerprint: "another" }), true);
    fill(api, JSON.stringify(deployed.ams));
    assert.equal(await changes(), true, "changed");
  });

  it("says that it was not compared where the cluster may not be read", async () => {
    const api = await cluster();
    api.refuse(/secrets/);
    const lines = await said(async () =>
      assert.equal((await provider.diff("", inputs(api), inputs(api))).changes, undefined),
    );
    assert.match(lines.join("\n"), /SC1104: iad: its objects could not be read/);
  });
});
