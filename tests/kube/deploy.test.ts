import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { pollUntil } from "../../config/poll-until";
import { locksOf } from "../../engine/backend";
import { currentCluster } from "./cloud";
import { EngineEnvironment } from "./engine";
import { helm } from "./helm";
import { whyNoEngine } from "./plugins";
import { watchObject } from "./watch";

const name = "deploy";
const regions = ["iad", "ams", "syd"];

const reason = whyNoEngine();
if (reason) console.error(`\n  SKIPPED: npm run deploy with the real engine on a real Kubernetes, because ${reason}\n`);
else
  describe("npm run deploy, with the real engine on a real Kubernetes", function () {
    this.timeout(1_800_000);
    const deployed = new EngineEnvironment({ name, regions });
    const { api, copy, state, stacks } = deployed;
    const { cli, deploy } = deployed;
    const succeeds = deployed.succeeds.bind(deployed);
    const pulumi = deployed.pulumi.bind(deployed);
    before(() => deployed.start());
    after(() => deployed.stop());

    it("shows what it would do to a missing environment, says that this is partial, and changes nothing", async () => {
      const text = await succeeds(deploy("--dry-run"));
      for (const stack of stacks) assert.match(text, new RegExp(`^${stack}: \\d+ to create`, "m"));
      assert.match(text, /kubernetes:helm\.sh\/v3:Release iad/);
      assert.match(text, /partial: deploy-identity, .*deploy-jetstream do not exist yet/);
      assert.deepEqual(JSON.parse(pulumi("stack", "ls", "--json")), []);
    });

    it("brings up identity, regions side by side, then all streams, and proves that messages pass", async () => {
      const text = await succeeds(deploy());
      assert.match(text, /deploy is up and verified/);
    });

    it("does nothing when there is nothing to do", async () => {
      const text = await succeeds(deploy());
      for (const stack of stacks) assert.match(text, new RegExp(`${stack} +\\d+ unchanged`));
    });

    it("shows it: status, verify, contexts", async () => {
      assert.match(await succeeds(cli("status")), /covenant/);
      assert.match(await succeeds(cli("verify")), /0 failed/);
      assert.match(await succeeds(cli("context")), /-provisioner-iad/);
    });

    it("changes users without deleting a Secret: it is updated in place, and keeps its identity", async () => {
      const before = await Promise.all(
        regions.map((region) => watchObject(`${name}-${region}`, "secrets", "nats-server")),
      );
      const file = path.join(copy.folder, "tenants", "covenant.ts");
      const last = '"audit-logger": { consumes: ["AUDIT_LOGGER"] },';
      const text = readFileSync(file, "utf8");
      assert.ok(text.includes(last), "there is a user to add another one after");
      writeFileSync(file, text.replace(last, `${last}\n    auditor: { subscribes: ["covenant.>"] },`));
      assert.doesNotMatch(await succeeds(deploy()), /puts it back|putting back/);
      for (const watched of before) {
        watched.stop();
        const types = watched.events.map(({ type }) => type);
        assert.ok(types.includes("MODIFIED"), types.join());
        assert.ok(!types.includes("DELETED"), types.join());
        assert.equal(new Set(watched.events.map(({ object }) => object.metadata!.uid)).size, 1);
      }
    });

    it("finds what was deleted by hand in one region, and puts it back without restarting a pod", async () => {
      const namespace = `${name}-iad`;
      const podsOf = async () =>
        (await api.list("v1", "Pod", namespace)).items
          .map(({ metadata }) => `${metadata!.name} ${metadata!.uid}`)
          .sort();
      const pods = await podsOf();
      const deleted = [
        { apiVersion: "v1", kind: "Secret", metadata: { name: "nats-server", namespace } },
        { apiVersion: "v1", kind: "Service", metadata: { name: "nats-gateways", namespace } },
        { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "nats", namespace } },
      ];
      for (const object of deleted) await api.delete(object);
      const found = await cli("verify");
      assert.equal(found.status, 1, found.text);
      assert.match(
        found.text,
        new RegExp(
          `objects iad: ${deleted.map(({ kind, metadata }) => `${kind} ${metadata.name} is missing`).join("; ")}`,
        ),
      );
      assert.match(
        pulumi("preview", "--stack", `${name}-iad`),
        /PodDisruptionBudget nats is missing; `up` puts it back/,
      );
      const text = await succeeds(deploy());
      for (const region of ["ams", "syd"]) assert.match(text, new RegExp(`${name}-${region} +\\d+ unchanged`));
      for (const object of deleted) await api.read(object);
      assert.deepEqual(await podsOf(), pods);
      assert.match(await succeeds(deploy()), new RegExp(`${name}-iad +\\d+ unchanged`));
    });

    it("changes a Secret that was put back, as before", async () => {
      const file = path.join(copy.folder, "tenants", "covenant.ts");
      writeFileSync(file, readFileSync(file, "utf8").replace('["covenant.>"]', '["covenant.*.>"]'));
      await succeeds(deploy());
    });

    it("leaves no key, password or private key in any state, plan, value, ConfigMap or log", async () => {
      const exported = (stack: string, ...args: string[]) =>
        JSON.parse(pulumi("stack", "export", "--stack", stack, ...args)) as {
          deployment: { resources: { type: string; outputs?: Record<string, unknown> }[] };
        };
      const secrets = exported(stacks[0]!, "--show-secrets").deployment.resources.flatMap(({ type, outputs = {} }) => {
        if (type === "random:index/randomPassword:RandomPassword") return [outputs.result];
        if (type === "tls:index/privateKey:PrivateKey") return [outputs.privateKeyPem];
        return [];
      });
      const texts = secrets.map(
        (secret) =>
          JSON.parse(
            typeof secret === "object" ? (secret as { plaintext: string }).plaintext : JSON.stringify(secret),
          ) as string,
      );
      assert.ok(texts.length > 30 && texts.every((text) => text.length >= 32), String(texts.length));
      const places: Record<string, string> = Object.fromEntries(
        stacks.map((stack) => [`state of ${stack}`, JSON.stringify(exported(stack))]),
      );
      for (const region of regions) {
        const namespace = `${name}-${region}`;
        places[`ConfigMaps of ${region}`] = JSON.stringify((await api.list("v1", "ConfigMap", namespace)).items);
        places[`pods of ${region}`] = JSON.stringify((await api.list("v1", "Pod", namespace)).items);
        places[`values of ${region}`] = helm("get", "values", "nats", "--namespace", namespace, "--output", "json");
      }
      const logs = globSync(path.join(copy.cache, "logs", "*.log"))
        .map((file) => readFileSync(file, "utf8"))
        .join("\n");
      assert.notEqual(logs, "");
      for (const [place, content] of Object.entries({ ...places, logs })) {
        for (const text of texts)
          assert.ok(!content.includes(text) && !content.includes(JSON.stringify(text).slice(1, -1)), place);
      }
    });

    it("says what a change takes, saves the plan, and does exactly that: one region after another", async () => {
      deployed.set(["syncInterval"], "1m");
      const plan = await succeeds(deploy("--dry-run", "--plan", "plans"));
      for (const region of regions)
        assert.match(
          plan,
          new RegExp(`${region}: jetstream\\.sync_interval changed: rolling restart of its 3 pods, one after another`),
        );
      assert.match(plan, /^9 servers in 3 regions \(iad, ams, syd\): jetstream changed, restarted one after another$/m);
      const text = await succeeds(deploy("--plan", "plans"));
      // Each begins when the one before is done.
      const touched = [
        ...text.matchAll(/^\$ pulumi up --stack deploy-(iad|ams|syd)|^ +deploy-(iad|ams|syd) +2 updated/gm),
      ].map(([, begun, done]) => begun ?? `${done} done`);
      assert.deepEqual(
        touched,
        regions.flatMap((region) => [region, `${region} done`]),
      );
    });

    it("does nothing to a region whose cluster cannot be the one that is named, nor to those after it", async () => {
      deployed.set(["kubernetes", "clusters", "iad", "context"], "nowhere");
      assert.match(
        await succeeds(deploy("--dry-run")),
        /SC1101: iad: its Kubernetes cluster cannot be reached, so only `up` checks that it is the right one: the kubeconfig has no context "nowhere"/,
      );
      const { status, text } = await deploy();
      assert.equal(status, 1, text);
      assert.match(text, /deploy-iad failed: .*the kubeconfig has no context "nowhere"/s);
      assert.doesNotMatch(text, /pulumi up --stack deploy-(ams|syd|jetstream)/);
      deployed.set(["kubernetes", "clusters", "iad", "context"], currentCluster().context);
    });

    it("is continued by the next run where it was killed while it replaced pods (stale-lock.md)", async () => {
      deployed.set(["syncInterval"], "5m");
      const stack = `${name}-iad`;
      const killed = spawn(process.execPath, deployed.commandLine("deploy", "--allow-local-state"), {
        cwd: copy.folder,
        env: deployed.env,
        stdio: "ignore",
      });
      const ended = new Promise((resolve) => killed.once("close", resolve));
      // The Rollout deletes pods one after another: it is in the middle when one of them is new.
      const started = await api.list("v1", "Pod", `${name}-iad`);
      const known = new Set(started.items.map(({ metadata }) => metadata!.uid));
      const isReplacing = async () => {
        const { items } = await api.list("v1", "Pod", `${name}-iad`);
        return items.some(({ metadata }) => !known.has(metadata!.uid)) || undefined;
      };
      assert.ok(await pollUntil(isReplacing, 600_000, 500), "a pod is replaced");
      const [lock] = locksOf(state, "supercluster", stack);
      assert.ok(lock, "the run holds the lock of its stack");
      process.kill(lock.pid, "SIGKILL");
      killed.kill("SIGKILL");
      await ended;

      const text = await succeeds(deploy());
      assert.match(text, new RegExp(`${stack}: an earlier run was killed; releasing its lock`));
      assert.match(text, new RegExp(`${name} is up and verified`));
      assert.deepEqual(locksOf(state, "supercluster", stack), []);
    });

    it("is destroyed only where it is named, and only when its protection was taken away", async () => {
      assert.equal((await cli("stop")).status, 2);
      const refused = await cli("stop", "--yes-destroy", name);
      assert.equal(refused.status, 1);
      assert.match(refused.text, /protect/);
      for (const stack of stacks) pulumi("state", "unprotect", "--all", "--yes", "--stack", stack);
      await succeeds(cli("stop", "--yes-destroy", name));
    });
  });
