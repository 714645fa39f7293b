import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { CoreV1Api, type KubernetesObject } from "@kubernetes/client-node";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "../support/limits";
import { clusterConfig, currentCluster } from "./cloud";
import { EngineEnvironment } from "./engine";
import { Operator, whyNoOperator } from "./external-secrets";
import { whyNoEngine } from "./plugins";

const reason = whyNoEngine() ?? whyNoOperator();
if (reason) console.error(`\n  SKIPPED: keys by a secret store on a real Kubernetes, because ${reason}\n`);
else
  describe("keys of servers by a secret store, with the External Secrets Operator", function () {
    this.timeout(1_200_000);
    const name = "stored";
    const regions = ["iad", "ams"];
    const [vault, identities] = ["stored-vault", "stored-identity"];
    const on = new EngineEnvironment({ name, regions, servers: 1, jetstream: { jetstream: ["irisx"] } });
    const operator = new Operator(on.api);
    const core = clusterConfig().makeApiClient(CoreV1Api);
    const setting = {
      store: { name: vault },
      separator: "-",
      property: "identity",
      cluster: { context: currentCluster().context },
      namespace: identities,
    };
    const identityIn = async (namespace: string, secret: string) => {
      const { data } = await core.readNamespacedSecret({ name: secret, namespace });
      return JSON.parse(Buffer.from(data!.identity!, "base64").toString()) as {
        jetstreamKey: string;
        users: Record<string, unknown>;
      };
    };
    const podsOf = async (region: string) =>
      (await core.listNamespacedPod({ namespace: `${name}-${region}` })).items
        .map(({ metadata }) => `${metadata!.name} ${metadata!.uid}`)
        .sort();
    const state = (stack: string) => on.pulumi("stack", "export", "--stack", `${name}-${stack}`, "--show-secrets");

    before(() => {
      on.useTenants(["irisx"]);
      const file = on.path("tenants/irisx.ts");
      writeFileSync(file, readFileSync(file, "utf8").replaceAll("replicas: 3", "replicas: 1"));
      on.start();
    });
    after(async () => {
      const remove = (object: KubernetesObject) => on.api.delete(object).catch(() => undefined);
      for (const namespace of [identities, ...regions.map((region) => `${name}-${region}`)])
        for (const [apiVersion, kind] of [
          ["external-secrets.io/v1alpha1", "PushSecret"],
          ["external-secrets.io/v1", "ExternalSecret"],
        ] as const) {
          const { items } = await on.api.list(apiVersion, kind, namespace).catch(() => ({ items: [] }));
          for (const { metadata } of items) await remove({ apiVersion, kind, metadata });
        }
      await on.stop();
      await remove({ apiVersion: "external-secrets.io/v1", kind: "ClusterSecretStore", metadata: { name: vault } });
      for (const namespace of [identities, vault])
        await remove({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
      await operator.end();
    });

    it("are refused before anything is written, where the cluster has no operator", async function () {
      const { groups } = JSON.parse((await on.run("kubectl", ["get", "--raw", "/apis"])).text) as {
        groups: { name: string }[];
      };
      // It stays installed after a run.
      if (groups.some((group) => group.name === "external-secrets.io"))
        await on.succeeds(
          on.run("bash", ["-c", "kubectl get crd -o name | grep external-secrets.io | xargs kubectl delete"]),
        );
      on.set(["kubernetes", "identitySecret"], setting);
      const { status, text } = await on.deploy();
      assert.equal(status, 1, text);
      assert.match(text, /this cluster does not know external-secrets\.io\/v1alpha1\/PushSecret: install the operator/);
      await assert.rejects(core.readNamespace({ name: identities }));
      on.set(["kubernetes", "identitySecret"], undefined);
    });

    it("come to regions that were deployed without: no restart, and no key of another region in a state", async () => {
      await on.succeeds(on.deploy());
      const pods = await Promise.all(regions.map(podsOf));
      await operator.start();
      await operator.makeStore(vault, vault);
      on.set(["kubernetes", "identitySecret"], setting);
      assert.match(await on.succeeds(on.deploy()), /stored is up and verified/);
      assert.deepEqual(await Promise.all(regions.map(podsOf)), pods);
      for (const region of regions)
        assert.deepEqual(
          await identityIn(`${name}-${region}`, "nats-identity"),
          await identityIn(vault, `${name}-${region}-identity`),
        );
      const iad = await identityIn(vault, "stored-iad-identity");
      assert.ok(state("iad").includes(iad.jetstreamKey));
      assert.ok(!state("ams").includes(iad.jetstreamKey));
    });

    it("do nothing when there is nothing to do", async () => {
      const text = await on.succeeds(on.deploy());
      for (const stack of on.stacks) assert.match(text, new RegExp(`${stack} +\\d+ unchanged`));
    });

    it("follow a new user at once, by a plan that was saved", async () => {
      const file = on.path("tenants/irisx.ts");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace("  users: {\n", '  users: {\n    auditor: { subscribes: ["sms.status"] },\n'));
      const plan = await on.succeeds(on.deploy("--dry-run", "--plan", "plans"));
      assert.match(plan, /RandomPassword users-irisx-auditor/);
      assert.match(await on.succeeds(on.deploy("--plan", "plans")), /stored is up and verified/);
      for (const region of regions)
        assert.ok((await identityIn(`${name}-${region}`, "nats-identity")).users["irisx-auditor"]);
      await on.connect("ams", "irisx", "auditor");
    });

    it("are found where a Secret was changed by hand, and put right by the operator", async () => {
      const patch = { data: { identity: Buffer.from('{"jetstreamKey":"mine"}').toString("base64") } };
      await operator.end();
      await on.succeeds(
        on.run("kubectl", ["-n", "stored-iad", "patch", "secret", "nats-identity", "-p", JSON.stringify(patch)]),
      );
      const preview = on.pulumi("preview", "--stack", "stored-iad");
      operator.run();
      assert.match(preview, /StoredIdentity/);
      const isBack = async () =>
        (await identityIn("stored-iad", "nats-identity")).jetstreamKey === "mine" ? undefined : true;
      assert.ok(await pollUntil(isBack, waitMs, 500), operator.said);
      assert.match(await on.succeeds(on.deploy()), /stored is up and verified/);
    });

    it("stop a region, with what the operator reports, where the store has another identity", async () => {
      await operator.end();
      on.pulumi(
        ...["up", "--yes", "--skip-preview", "--stack", "stored-identity", "--target-replace"],
        /urn:\S+::users-irisx-api(?=\W)/.exec(state("identity"))![0],
      );
      const { status, text } = await on.deploy();
      // Without it nothing of these tests could be deleted.
      operator.run();
      assert.equal(status, 1, text);
      assert.match(text, /Secret nats-identity does not have the identity that the identity stack deployed last/);
      assert.match(text, /describe pushsecret stored-iad-identity/);
      assert.match(await on.succeeds(on.deploy()), /stored is up and verified/);
    });

    it("are deleted from the store once the setting is removed, without a restart", async () => {
      const pods = await Promise.all(regions.map(podsOf));
      on.set(["kubernetes", "identitySecret"], undefined);
      assert.match(await on.succeeds(on.deploy()), /stored is up and verified/);
      assert.deepEqual(await Promise.all(regions.map(podsOf)), pods);
      for (const region of regions) {
        await assert.rejects(core.readNamespacedSecret({ name: `${name}-${region}-identity`, namespace: vault }));
        const isGone = () =>
          core.readNamespacedSecret({ name: "nats-identity", namespace: `${name}-${region}` }).then(
            () => undefined,
            () => true,
          );
        assert.ok(await pollUntil(isGone, waitMs, 500));
      }
    });
  });
