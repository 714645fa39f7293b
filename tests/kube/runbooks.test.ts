import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { CoreV1Api, type KubernetesObject, StorageV1Api } from "@kubernetes/client-node";
import { parse } from "yaml";
import { pollUntil } from "../../config/poll-until";
import { formatsOf } from "../../tools/offline/plugins/keys";
import { provisioner } from "../../config/assets/standard";
import { testedServers } from "../../config/versions";
import { ask } from "../support/accounts";
import { makeAuthority } from "../support/certificates";
import { settingsOf } from "../support/runbook";
import { requestMs, waitMs } from "../support/limits";
import { clusterConfig, currentCluster } from "./cloud";
import { Driver } from "./driver";
import { EngineEnvironment } from "./engine";
import { Pages } from "./pages";
import { whyNoEngine } from "./plugins";

/** Blocks of runbooks that cannot run here, and why; where something else runs them, that is named. */
const notHere: Record<string, string> = {
  "first-deployment.md, 1. This machine, 1": "AWS; npm start and npm stop are those of tests/e2e",
  "first-deployment.md, 2. Storage for the state, 1": "AWS",
  "lost-volume.md, Local servers, 1": "servers of this machine",
  "rebuild.md, Before that day, 1": "S3; a folder and local servers: tests/e2e/rebuild.test.ts",
  "rebuild.md, Before that day, 2": "the same",
  "rebuild.md, Before that day, 3": "the same",
  "rebuild.md, On that day, 1": "the same",
  "remove-a-region.md, From two regions to one, 1": "servers of this machine: tests/local/remove-peers.test.ts",
  "remove-a-region.md, A region that is lost for good, 1":
    "the nats CLI finds load balancers by their names, which only this cluster's DNS knows",
  "remove-servers.md, More servers, 1": "the same",
  "rotate.md, A user's password, 1": "local servers: tests/e2e/rotate.test.ts, tests/local/rotation.test.ts",
  "stale-lock.md, A Helm release that was being installed, 2":
    "a run that was killed within the second of an install: tests/e2e/stale-locks.test.ts",
};

const reason = whyNoEngine();
if (reason) console.error(`\n  SKIPPED: runbooks with the real engine on a real Kubernetes, because ${reason}\n`);
else
  describe("runbooks, each command as its page has it, on a real Kubernetes", function () {
    this.timeout(1_800_000);

    const config = clusterConfig();
    const [core, storage] = [config.makeApiClient(CoreV1Api), config.makeApiClient(StorageV1Api)];

    describe("about servers", () => {
      const name = "pages";
      const namespace = `${name}-iad`;
      const regions = ["iad", "ams", "syd"];
      const on = new EngineEnvironment(
        { name, regions, servers: 1, jetstream: { jetstream: ["irisx"] } },
        // As many as the replicas of irisx's streams, and of their mirrors.
        { byRegion: { iad: { servers: 3 }, ams: { servers: 3 } } },
      );
      const pages = new Pages(on);
      const driver = new Driver(regions.map((region) => `${name}-${region}`));
      const pod = (server: string) =>
        core.readNamespacedPod({ name: server, namespace }).then(
          (found) => found,
          () => undefined,
        );
      const podsOf = async () =>
        Object.fromEntries(
          (await core.listNamespacedPod({ namespace })).items.map(({ metadata }) => [metadata!.name!, metadata!.uid!]),
        );
      const verified = async () => assert.match(await on.succeeds(on.cli("verify")), / 0 failed/);
      /** Waits for another pod of this name, so that what waits for it to be ready does not see the old one. */
      const isAnother = async (server: string, uid: string) =>
        assert.ok(
          await pollUntil(async () => {
            const found = await pod(server);
            return found && found.metadata!.uid !== uid ? found : undefined;
          }, waitMs),
          `${server} is replaced`,
        );

      before(() => {
        on.useTenants(["irisx"]);
        on.set(["kubernetes", "images"], { nats: { tag: `${testedServers.previous}-alpine` } });
        on.set(["kubernetes", "volume"], {
          size: "100GiB",
          storageClass: { name: `${name}-<region>`, provisioner: "kubernetes.io/host-path", parameters: {} },
        });
        driver.start();
        on.start();
      });
      after(async () => {
        await driver.stop();
        const classes = regions.map((region) => `${name}-${region}`);
        const volumes = (await core.listPersistentVolume()).items.filter(({ spec }) =>
          classes.includes(spec?.storageClassName ?? ""),
        );
        await on.stop();
        if (process.env.KUBE_KEEP === "1") return;
        // Volumes of such a class stay when their claims go.
        for (const { metadata } of volumes)
          await core.deletePersistentVolume({ name: metadata!.name! }).catch(() => undefined);
        for (const one of classes) await storage.deleteStorageClass({ name: one }).catch(() => undefined);
      });

      it("first-deployment.md: shown, then deployed and verified", async () => {
        assert.match(await pages.run("first-deployment.md, 3. Settings, 1"), /pages-iad: \d+ to create/);
        assert.match(await pages.run("first-deployment.md, 4. Deploy, 1"), /pages is up and verified/);
      });

      it("jetstream-key.md: a copy of the keys is kept, and restored elsewhere with nothing to change", async () => {
        await pages.run("jetstream-key.md, Keep a copy elsewhere, 1");
        const file = on.path(`Pulumi.${name}-identity.yaml`);
        const before = readFileSync(file, "utf8");
        const other = path.join(on.copy.cache, "restored-state");
        mkdirSync(other);
        const env = { PULUMI_BACKEND_URL: `file://${other}` };
        const text = await pages.run("jetstream-key.md, Restore it, 1", { fill: { "<provider>": "passphrase" }, env });
        assert.match(text, /\d+ unchanged/);
        assert.doesNotMatch(text, /\d+ (to )?(create|update|change)/);
        writeFileSync(file, before);
      });

      it("jetstream-key.md: a server whose data is discarded gets it from the others", async () => {
        const { uid } = (await pod("iad-0"))!.metadata!;
        await pages.run('jetstream-key.md, "is encrypted with another JetStream key", 1');
        await isAnother("iad-0", uid!);
        await pages.run("lost-volume.md, 4. Wait until it has everything, 1", { fill: { "iad-1": "iad-0" } });
      });

      it("rotate.md: certificates by a deployment, a password by its resource", async () => {
        await pages.run("rotate.md, Server certificates, 1");
        const login = "users-irisx-api";
        const urn = /urn:\S+::users-irisx-api(?=\W)/.exec(on.pulumi("stack", "export", "--stack", on.stacks[0]!))![0];
        const before = await core.readNamespacedSecret({ name: "nats-server", namespace });
        const pods = await podsOf();
        const text = await pages.run("rotate.md, A password that others know, 1", {
          fill: { "users-covenant-api": login, "<urn>": urn },
        });
        assert.match(text, /pages is up and verified/);
        const after = await core.readNamespacedSecret({ name: "nats-server", namespace });
        assert.notEqual(after.data!["accounts.conf"], before.data!["accounts.conf"]);
        assert.deepEqual(await podsOf(), pods);
      });

      it("rotate.md: the authority of servers, in three deployments without a restart", async () => {
        const pods = await podsOf();
        const ca = async () =>
          (await core.readNamespacedSecret({ name: "nats-peer-tls", namespace })).data!["ca.crt"]!.length;
        const one = await ca();
        const lengths: number[] = [];
        for (const step of settingsOf("rotate.md", "authorities")) {
          on.set(["authorities"], (parse(step) as { authorities: object }).authorities);
          assert.match(await pages.run("rotate.md, Server certificates, 1"), /pages is up and verified/);
          lengths.push(await ca());
        }
        assert.equal(lengths.length, 3);
        assert.ok(lengths[0]! > 1.5 * one && lengths[1] === lengths[0] && lengths[2]! < 1.5 * one, lengths.join());
        assert.deepEqual(await podsOf(), pods);
      });

      it("own-authority.md: clients get certificates by another authority, in three deployments", async () => {
        const own = await makeAuthority("our own CA", 365);
        writeFileSync(on.path("nats-ca.pem"), own.cert);
        writeFileSync(on.path("root.pem"), "");
        writeFileSync(on.path("nats-ca.key"), formatsOf(own.key).privateKeyPem);
        await pages.run("own-authority.md, A new environment, 1", {
          fill: { "clients-ca-1": "clients-ca-2" },
          // That of a new environment: jetstream-key.md runs it.
          without: ["pulumi stack init"],
        });
        const peers = { trusted: [2], signing: 2 };
        for (const step of settingsOf("own-authority.md", "authorities")) {
          const { clients } = (parse(step) as { authorities: { clients: object } }).authorities;
          on.set(["authorities"], { clients, peers });
          assert.match(
            await pages.run("own-authority.md: npm run deploy -- --env production"),
            /pages is up and verified/,
          );
        }
        const outputs = JSON.parse(on.pulumi("stack", "output", "--stack", `${name}-iad`, "--json")) as { ca: string };
        assert.deepEqual(new X509Certificate(outputs.ca).raw, new X509Certificate(own.cert).raw);
      });

      it("upgrade-nats.md: shown, then done region by region, pod by pod", async () => {
        const before = await podsOf();
        const text = await pages.run("upgrade-nats.md, Upgrade NATS, 1", {
          // To S3, and a commit: tests/kube/backup-jobs.test.ts copies to S3.
          without: ["npm run backup", "git add"],
        });
        assert.match(text, /^ +iad: iad-0, iad-1, iad-2$/m);
        assert.match(text, /iad-\d is replaced and current, 3 of 3/);
        assert.match(text, /pages-iad: nats-server 2\S+, all current/);
        assert.match(text, /pages runs nats-server 2\S+\. Commit Pulumi\.yaml/);
        const after = await podsOf();
        for (const server of ["iad-0", "iad-1", "iad-2"]) assert.notEqual(after[server], before[server], server);
        const [image] = (await pod("iad-0"))!.spec!.containers.filter((one) => one.name === "nats");
        assert.ok(image!.image!.endsWith(`:${testedServers.newest}-alpine`), image!.image);
      });

      it("grow-volumes.md: disks grow under running servers, region by region", async () => {
        driver.isOn = true;
        on.set(["storage"], { file: "180GiB", memory: "1GiB" });
        on.set(["kubernetes", "volume", "size"], "200GiB");
        const pods = await podsOf();
        const classes = await pages.run("grow-volumes.md: kubectl get storageclass");
        assert.match(classes, /pages-iad .* true /);
        const preview = await pages.run("grow-volumes.md: pulumi preview --stack iad");
        assert.match(preview, /iad: volumes grow from 100GiB to 200GiB while their servers run/);
        assert.match(preview, /iad: jetstream\.max_file_store changed: its servers reload it, none is restarted/);
        for (const region of regions)
          await pages.run("grow-volumes.md: pulumi up --stack iad", { fill: { "--stack iad": `--stack ${region}` } });
        const text = await pages.run("grow-volumes.md, Steps, 1");
        assert.equal([...text.matchAll(/nats-js-iad-\d .* 200Gi /g)].length, 3);
        assert.deepEqual(await podsOf(), pods);
        driver.isOn = false;
      });

      it("replace-a-node.md: a node is emptied and leaves, and its server runs on another", async () => {
        await pages.run("replace-a-node.md, A node that works, 1");
        const before = (await pod("iad-1"))!;
        const node = before.spec!.nodeName!;
        const fill = { "node-b": node };
        const object = await core.readNode({ name: node });
        try {
          await pages.run("replace-a-node.md, A node that works, 2", { fill });
          await isAnother("iad-1", before.metadata!.uid!);
          assert.match(await pages.run("replace-a-node.md, A node that works, 3"), / 0 failed/);
          assert.notEqual((await pod("iad-1"))!.spec!.nodeName, node);
          await pages.run("replace-a-node.md: kubectl --context nats-iad delete node node-b", { fill });
        } finally {
          // The new machine, by the same name: its kubelet goes on.
          const { name: own, labels, annotations } = object.metadata!;
          const { podCIDR, podCIDRs, providerID } = object.spec!;
          await core
            .createNode({
              body: { metadata: { name: own, labels, annotations }, spec: { podCIDR, podCIDRs, providerID } },
            })
            .catch(() => undefined);
        }
        await pages.run("replace-a-node.md: kubectl --context nats-iad uncordon node-b", { fill });
        const isReady = async () =>
          (await core.readNode({ name: node })).status?.conditions?.some(
            ({ type, status }) => type === "Ready" && status === "True",
          ) || undefined;
        assert.ok(await pollUntil(isReady, waitMs, 500), "the node is ready");
      });

      it("replace-a-node.md: what is told of a node that is lost moves its server at once", async () => {
        const before = (await pod("iad-1"))!;
        const fill = { "node-b": before.spec!.nodeName! };
        try {
          await pages.run("replace-a-node.md, A node that is lost, 1", { fill });
          await isAnother("iad-1", before.metadata!.uid!);
          await pages.run("replace-a-node.md, A node that works, 3");
        } finally {
          const back =
            "replace-a-node.md: kubectl --context nats-iad taint nodes node-b node.kubernetes.io/out-of-service-";
          await pages.run(back, { fill });
        }
      });

      it("lost-volume.md: claim and pod are recreated, and the others fill the new volume", async () => {
        await pages.run("lost-volume.md, 1. Is it lost?, 1");
        await pages.run("lost-volume.md, 2. Are the other servers healthy?, 1");
        const lost = await core.readNamespacedPersistentVolumeClaim({ name: "nats-js-iad-1", namespace });
        const { uid } = (await pod("iad-1"))!.metadata!;
        await pages.run("lost-volume.md, 3. Recreate the claim and the pod, 1");
        await isAnother("iad-1", uid!);
        assert.match(await pages.run("lost-volume.md, 4. Wait until it has everything, 1"), / 0 failed/);
        const found = await core.readNamespacedPersistentVolumeClaim({ name: "nats-js-iad-1", namespace });
        assert.notEqual(found.metadata!.uid, lost.metadata!.uid);
        await pages.run("lost-volume.md, 6. Remove the old disk, 1", { fill: { "<name>": lost.spec!.volumeName! } });
        const isGone = () =>
          core.readPersistentVolume({ name: lost.spec!.volumeName! }).then(
            () => undefined,
            () => true,
          );
        assert.ok(await pollUntil(isGone, waitMs), "the volume is deleted");
      });

      it("restore-objects.md: what was deleted by hand is found, and put back", async () => {
        for (const kind of ["secret nats-server", "service nats-gateways", "pdb nats"])
          await on.succeeds(on.run("kubectl", ["-n", namespace, "delete", ...kind.split(" ")]));
        assert.match(
          await pages.run("restore-objects.md, Find it, 1", { status: 1 }),
          /objects iad: Secret nats-server is missing; Service nats-gateways is missing; PodDisruptionBudget nats /,
        );
        assert.match(
          await pages.run("restore-objects.md, Put it back, 1"),
          /putting back: Secret nats-server is missing/,
        );
      });

      it("pending-release.md: the record of an upgrade that did not end is deleted; the next run goes on", async () => {
        const { items } = await core.listNamespacedSecret({ namespace, labelSelector: "owner=helm" });
        const last = items.at(-1)!;
        const pending = "sh.helm.release.v1.nats.v99";
        const labels = { ...last.metadata!.labels, status: "pending-upgrade", version: "99" };
        await core.createNamespacedSecret({ namespace, body: { ...last, metadata: { name: pending, labels } } });
        const refused = await on.deploy();
        assert.equal(refused.status, 1, refused.text);
        assert.match(refused.text, /is pending-upgrade \(revision 99\)/);
        const text = await pages.run("pending-release.md, Release it, 1", {
          fill: { "sh.helm.release.v1.nats.v4": pending },
        });
        assert.match(text, /pages is up and verified/);
      });

      it("stale-lock.md: a lock of another host is released by hand; the Helm release is looked at", async () => {
        // It always runs; a region in which nothing would change is left alone.
        const stack = `${name}-identity`;
        const fill = { "--stack iad": "--stack identity" };
        const folder = path.join(on.state, ".pulumi", "locks", "organization", "supercluster", stack);
        mkdirSync(folder, { recursive: true });
        const lock = { pid: 77, username: "ann", hostname: "runner-3", timestamp: "2026-01-01T00:00:00Z" };
        writeFileSync(path.join(folder, "0.json"), JSON.stringify(lock));
        const refused = await on.deploy();
        assert.equal(refused.status, 1, refused.text);
        assert.match(refused.text, new RegExp(`stack ${stack} is locked by ann on runner-3 \\(process 77`));
        assert.match(await pages.run("stale-lock.md, Release it, 1", { fill }), /pages is up and verified/);
        assert.match(await pages.run("stale-lock.md, Run the command again, 1"), /pages is up and verified/);
        assert.match(await pages.run("stale-lock.md, A Helm release that was being installed, 1"), /status=deployed/);
      });

      it("remove-servers.md: two more, which are drained, stopped and forgotten", async () => {
        on.set(["byRegion", "iad", "servers"], 5);
        await pages.run("remove-servers.md: npm run deploy -- --env production");
        on.set(["byRegion", "iad", "servers"], 3);
        assert.match(await pages.run("remove-servers.md: npm run drain-servers -- --dry-run"), /nothing was changed/);
        assert.match(await pages.run("remove-servers.md: npm run drain-servers"), /hold nothing/);
        await pages.run("remove-servers.md: npm run plan");
        assert.match(await pages.run("remove-servers.md: npm start"), /pages is up and verified/);
        assert.deepEqual(Object.keys(await podsOf()).sort(), ["iad-0", "iad-1", "iad-2"]);
        await pages.run("remove-servers.md, Fewer servers, 1");
      });

      it("first-deployment.md: all is destroyed, once its protection was taken away", async () => {
        await verified();
        const stacks = ["jetstream", "iad", "ams", "syd", "identity"];
        await pages.run("first-deployment.md, Destroy, 1", {
          fill: { [stacks.join(" ")]: stacks.map((stack) => `${name}-${stack}`).join(" ") },
        });
        const { items } = (await on.api.list("apps/v1", "StatefulSet", namespace)) as { items: KubernetesObject[] };
        assert.deepEqual(items, []);
      });
    });

    describe("about streams and regions", () => {
      const name = "streams";
      const regions = ["iad", "ams", "syd"];
      const tenants = ["arrakis", "covenant", "irisx"];
      const on = new EngineEnvironment({ name, regions, servers: 1, jetstream: { jetstream: tenants } }, {}, ["sin"]);
      const pages = new Pages(on);
      const tenant = (of: string, from: string | RegExp, to: string): void => {
        const text = readFileSync(on.path(`tenants/${of}.ts`), "utf8");
        const changed = text.replace(from, to);
        assert.notEqual(changed, text, `tenants/${of}.ts has no ${String(from)}`);
        writeFileSync(on.path(`tenants/${of}.ts`), changed);
      };

      before(() => {
        on.useTenants(tenants);
        // One server a region.
        for (const one of tenants) tenant(one, /replicas: 3/g, "replicas: 1");
        tenant("arrakis", /storage: "memory"/g, 'storage: "file"');
        on.start();
      });
      after(() => on.stop());

      it("are deployed, also into a namespace that exists, once it has the labels that the refusal names", async () => {
        const namespace = `${name}-ams`;
        await core.createNamespace({ body: { metadata: { name: namespace } } });
        const { status, text } = await on.deploy();
        assert.equal(status, 1, text);
        const [command] = /kubectl \S+ \S+ label namespace streams-ams [^\s,;]+ [^\s,;]+/.exec(text) ?? [];
        assert.ok(command, text);
        await on.succeeds(on.run("bash", ["-c", command]));
        assert.match(await on.succeeds(on.deploy()), /streams is up and verified/);
      });

      it("failover.md: a mirror takes over, and the stream comes home", async () => {
        assert.match(await pages.run("failover.md, Fail over, 1"), /takes messages in ams/);
        await pages.run("failover.md: pulumi up --stack local-jetstream --refresh");
        await pages.run("failover.md, Fail back, 1");
        await pages.run("failover.md: pulumi up --stack local-jetstream --refresh");
        await pages.run("failover.md: npm run status");
      });

      it("migrate.md: a work queue gets another retention", async () => {
        tenant("arrakis", 'retention: "workqueue"', 'retention: "limits"');
        await pages.run("migrate.md, Steps, 1");
        await pages.run("migrate.md: pulumi up --stack local-jetstream --refresh");
      });

      it("import.md: an account is written as a tenant, which changes nothing", async () => {
        await pages.run("import.md, Steps, 1");
        const file = on.path("tenants/irisx.ts");
        const before = readFileSync(file, "utf8");
        writeFileSync(file, readFileSync(on.path("tenants/irisx.new.ts")));
        const planned = await pages.run("import.md, Steps, 2");
        assert.match(planned, /\d+ in the state only|to adopt|nothing to change/);
        assert.doesNotMatch(planned, /refused|to (create|delete|update)/);
        await pages.run("import.md: pulumi up --stack <jetstream stack>", {
          fill: { "<jetstream stack>": "jetstream" },
        });
        writeFileSync(file, before);
        await pages.run("import.md: pulumi up --stack <jetstream stack>", {
          fill: { "<jetstream stack>": "jetstream" },
        });
      });

      it("lost-volume.md: a stream with one copy is restored from its backup", async () => {
        const backup = "remove-a-tenant.md: npm run backup -- --account covenant --stream COVENANT_USERS --to backups";
        const api = await on.connect("iad", "irisx", "api");
        await api.request("sms.send", "one", { timeout: requestMs });
        const text = await pages.run(backup, {
          fill: { "--account covenant": "--account irisx", COVENANT_USERS: "SMS" },
        });
        assert.match(text, /irisx\/SMS: 1 messages/);
        const folder = / in (\S+)$/m.exec(text)![1]!;
        // What the page does with the nats CLI, which finds load balancers by names that only this cluster's DNS knows.
        const owner = await on.connect("iad", "irisx", provisioner);
        await ask(owner, "STREAM.DELETE.SMS");
        const restored = await pages.run("lost-volume.md, 5. Restore streams with one copy, 1", {
          fill: { "<folder of the snapshot>": folder },
          without: ['eval "$(npm run -s context', ".cache/bin/nats"],
        });
        assert.match(restored, /irisx\/SMS: 1 messages restored/);
        const { state } = (await ask(owner, "STREAM.INFO.SMS")) as { state: { messages: number } };
        assert.equal(state.messages, 1);
      });

      it("remove-a-tenant.md: in two releases", async () => {
        tenant(
          "covenant",
          'name: "covenant",',
          'name: "covenant",\n  state: "leaving",\n  allowDataLoss: [{ change: "delete", maxMessages: 1000 }],',
        );
        await pages.run("remove-a-tenant.md: npm run plan");
        await pages.run("remove-a-tenant.md, First release: its streams, 1");
        assert.match(await pages.run("remove-a-tenant.md: npm run verify"), / 0 failed/);
        const left = tenants.filter((one) => one !== "covenant");
        on.useTenants(left);
        await pages.run("remove-a-tenant.md, Second release: its account, 1");
        // "the same for ams and syd", and what else there is.
        assert.match(await pages.run("remove-a-tenant.md: npm start"), /streams is up and verified/);
      });

      it("add-a-region.md, remove-a-region.md: sin comes, and goes", async () => {
        const { context } = currentCluster();
        on.set(["regions"], [...regions, "sin"]);
        on.set(["kubernetes", "clusters", "sin"], { context });
        on.writeStack("sin", { kind: "region", region: "sin" });
        await pages.run("add-a-region.md: npm run deploy -- --env production --dry-run");
        await pages.run("add-a-region.md: npm run deploy -- --env production");
        assert.match(await pages.run("add-a-region.md: npm run verify -- --env production"), /0 failed/);

        await pages.run("remove-a-region.md, In order, 1");
        await pages.run("remove-a-region.md, In order, 2", { fill: { "local-jnb": "sin" } });
        on.set(["regions"], regions);
        on.set(["kubernetes", "clusters", "sin"], undefined);
        on.removeStack("sin");
        await pages.run("remove-a-region.md, In order, 3", { fill: { jnb: "sin" } });
        const urn = /urn:\S+::sin-jetstream-key(?=\W)/.exec(on.pulumi("stack", "export", "--stack", on.stacks[0]!))![0];
        await pages.run("remove-a-region.md: pulumi state unprotect <urn> --stack identity", {
          fill: { "<urn>": `'${urn}' --yes` },
        });
        await pages.run("remove-a-region.md: npm run deploy -- --env production");
      });
    });

    describe("all of them", () => {
      it("have been run, but for those that cannot run here", () => {
        assert.deepEqual(Pages.missing().sort(), Object.keys(notHere).sort());
      });
    });
  });
