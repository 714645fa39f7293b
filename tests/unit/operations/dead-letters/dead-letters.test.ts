import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { withDeadLetters } from "../../../../operations/dead-letters/dead-letters";
import { type CheckedEnvironment, checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { KubeApi } from "../../../support/kube-api";
import { ownCache } from "../../../support/own-cache";

describe("dead letters of a deployed environment", () => {
  const cache = ownCache();
  let api: KubeApi;

  before(async () => {
    api = await KubeApi.start();
  });
  after(() => api.stop());

  /** Outputs of a region's stack, by a program in the place of pulumi, which notes how it was called. */
  function deployed(outputs: object): () => string {
    const [bin, calls] = [path.join(cache(), "bin"), path.join(cache(), "calls")];
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(cache(), "outputs"), JSON.stringify(outputs));
    const script = `#!/bin/sh\necho "$@" >> ${calls}\ncat ${path.join(cache(), "outputs")}\n`;
    writeFileSync(path.join(bin, "pulumi"), script, { mode: 0o755 });
    return () => readFileSync(calls, "utf8");
  }

  /** An environment on Kubernetes that this machine reaches by port-forwarding only. */
  function forwarded(): CheckedEnvironment {
    const checked = checkedEnvironment("production-kubernetes");
    const { environment } = checked;
    assert.ok(environment.target === "kubernetes");
    const clusters = Object.fromEntries(
      environment.regions.map((region) => [region, { context: region, kubeconfig: api.kubeconfig(region) }]),
    );
    return {
      ...checked,
      environment: { ...environment, kubernetes: { ...environment.kubernetes, access: "portForward", clusters } },
    };
  }

  const login = { login: "irisx-dead-letters-cli", password: "secret", inboxPrefix: "_INBOX_dead-letters-cli" };
  const accounts = { irisx: { users: { "dead-letters-cli": login } } };
  const list = (checked: CheckedEnvironment) => withDeadLetters(checked, "irisx", (letters) => letters.list({}, 1));

  it("are reached as its user, by a region's outputs, through a forwarded port of each region", async () => {
    const calls = deployed({ ca: "PEM", accounts });
    const checked = forwarded();
    await assert.rejects(list(checked), ({ message }: Error) => {
      const [first, ...failures] = message.split("\n");
      assert.match(first!, /^no region of production-kubernetes answers; /);
      assert.deepEqual(
        failures.map((line) => line.replace(/:\d+\).*/, ":...")),
        checked.environment.regions.map(
          (region) => `irisx-dead-letters-cli could not connect to ${region} (tls://127.0.0.1:...`,
        ),
      );
      return true;
    });
    assert.equal(
      calls(),
      `stack output --stack ${checked.stacks.regions[0]} --json --non-interactive --show-secrets\n`,
    );
    const looked = api.reads.filter((read) => read.includes("/statefulsets/"));
    assert.ok(checked.environment.regions.every((region) => looked.some((read) => read.endsWith(`/${region}`))));
  });

  it("need their user to be deployed, and the environment", async () => {
    deployed({ ca: "PEM", accounts: { irisx: { users: {} } } });
    await assert.rejects(list(forwarded()), {
      message: /^user dead-letters-cli of account irisx is not deployed in environment production-kubernetes yet; /,
    });
    deployed({});
    await assert.rejects(list(forwarded()), { message: /^environment production-kubernetes is not deployed / });
  });
});
