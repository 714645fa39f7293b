import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { backendUrlOf, pulumiEnvironment } from "../../engine/environment";
import { engineMs } from "../support/limits";
import { copyProject } from "../support/project-copy";
import { identityOutputs } from "../support/identity";
import { KubeApi } from "../support/kube-api";
import { stackSettings } from "../support/stack-settings";

/**
 * The real engine and the real program of a region on Kubernetes, up to the guard: what comes after it needs a plugin
 * that may not be there. The cluster is an API server that says which one it is; the identity stack is the test's own,
 * and just names its outputs.
 */
describe("a region's stack, where its cluster is not as it should be", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const kubeconfig = path.join(copy.folder, "kubeconfig");
  const env = {
    ...pulumiEnvironment({ target: "kubernetes" }),
    PULUMI_BACKEND_URL: backendUrlOf(`${copy.cache}/state`),
    PULUMI_CONFIG_PASSPHRASE: "of this test",
    KUBECONFIG: kubeconfig,
  };
  const [environmentName, identity] = ["production-kubernetes", "production-kubernetes-identity"];
  const stack = `${environmentName}-iad`;
  let api: KubeApi;

  const run = promisify(execFile);
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive"], { cwd: copy.folder, env });
  /** What was shown of a run that failed, on one line. */
  async function failed(...args: string[]): Promise<string> {
    const { stdout } = await pulumi(...args).then(
      () => assert.fail("it did not fail"),
      (error: { stdout: string }) => error,
    );
    const text = stripVTControlCharacters(stdout);
    assert.doesNotMatch(text, /^\s+at .*:\d+:\d+/m, "a stack trace says nothing to a person");
    assert.doesNotMatch(text, /"?(apiVersion|current-context)/, "a kubeconfig may have credentials");
    return text.replace(/^[^]*\nDiagnostics:/, "").replace(/\s+/g, " ");
  }

  before(async () => {
    fs.mkdirSync(path.join(copy.cache, "state"), { mode: 0o700 });
    api = await KubeApi.start();
    api.put("/api/v1/namespaces/kube-system", {
      metadata: { annotations: { "supercluster/regions": `${environmentName}/ams` } },
    });
    api.put("/apis/storage.k8s.io/v1/storageclasses/standard", {});
    const { environment, tenants } = stackSettings(stack);
    fs.writeFileSync(path.join(copy.folder, "identity.json"), JSON.stringify(identityOutputs(environment, tenants)));
    fs.writeFileSync(
      path.join(copy.folder, "stacks", "identity.ts"),
      'import * as pulumi from "@pulumi/pulumi";\n' +
        'const read = () => JSON.parse(require("node:fs").readFileSync("identity.json", "utf8"));\n' +
        "export const identity = () => pulumi.output(read());\n",
    );
    for (const one of [identity, stack]) await pulumi("stack", "init", one, "--no-select");
    await pulumi("up", "--stack", identity, "--yes", "--skip-preview");
  });
  after(() => {
    api?.stop();
    copy.remove();
  });

  const commands = { preview: ["preview"], up: ["up", "--yes", "--skip-preview"] };
  for (const [name, command] of Object.entries(commands)) {
    it(`${name} refuses a cluster that is another region's, and nothing is written`, async () => {
      fs.writeFileSync(kubeconfig, api.kubeconfig());
      const text = await failed(...command, "--stack", stack);
      assert.match(
        text,
        /ClusterGuard resource 'iad-guard': property region value \{iad\} has a problem: this cluster is for production-kubernetes\/ams, not for production-kubernetes\/iad: is the right cluster named/,
      );
      const { deployment } = JSON.parse((await pulumi("stack", "export", "--stack", stack)).stdout) as {
        deployment: { resources?: { type: string }[] };
      };
      const made = (deployment.resources ?? [])
        .map(({ type }) => type)
        .filter((type) => /kubernetes:(?!Region)/.test(type));
      assert.deepEqual([made, api.writes], [[], []]);
    });
  }

  it("preview goes on without a cluster, and says what it could not check", async () => {
    fs.writeFileSync(kubeconfig, api.kubeconfig("another"));
    const text = await pulumi("preview", "--stack", stack).then(
      ({ stdout }) => stdout,
      // Where the plugin is not installed.
      ({ stdout }: { stdout: string }) => stdout,
    );
    assert.match(
      text,
      /SC1101: iad: its Kubernetes cluster cannot be reached, so only `up` checks that it is the right one: the kubeconfig has no context "nats-iad"; its contexts are another/,
    );
    assert.match(text, /\+ .*ClusterGuard iad-guard create/);
  });

  it("up ends without one, and says what to do", async () => {
    const text = await failed("up", "--yes", "--skip-preview", "--stack", stack);
    assert.match(
      text,
      /error: iad: its Kubernetes cluster could not be reached: the kubeconfig has no context "nats-iad"; its contexts are another; name the file in KUBECONFIG .*\. Nothing was written/,
    );
    assert.deepEqual(api.writes, []);
  });
});
