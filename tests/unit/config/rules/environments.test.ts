import assert from "node:assert/strict";
import { InvalidInput } from "../../../../config/problems";
import { problemsBetween } from "../../../../config/rules/environments";
import { validateDeployment, validateSettings } from "../../../../config/rules/validate";
import { listeners } from "../../../../config/schema/listeners";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { clusters, kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

const found = (environments: Parameters<typeof problemsBetween>[0]) =>
  problemsBetween(environments).map(({ path, message }) => `${path}: ${message}`);

describe("two environments", () => {
  const local = (basePort: number) => localEnvironment({ basePort });

  it("cannot have the same ports of this machine", () => {
    assert.deepEqual(found({ one: local(14_220), two: local(14_279) }), [
      'environments.two.basePort: 14279 to 14338 are also ports of environment "one" (14220 to 14279), ' +
        "so only one of the two could run; write e.g. 14280",
    ]);
    assert.deepEqual(found({ one: local(14_220), two: local(14_280), three: local(14_160) }), []);
    assert.match(found({ one: local(14_220), two: local(14_280), three: local(14_200) }).join(), /write e.g. 14340$/);
    const listening = { ...local(14_220), listeners: listeners.parse({ websocket: {} }) };
    assert.deepEqual(found({ one: local(14_220), two: local(14_440) }), []);
    assert.deepEqual(found({ one: listening, two: local(14_440) }), [
      'environments.two.basePort: 14440 to 14499 are also ports of environment "one" (14420 to 14464), ' +
        "so only one of the two could run; write e.g. 14465",
    ]);
    assert.deepEqual(found({ two: local(14_440), one: listening }), [
      'environments.one.listenersBasePort: 14420 to 14464 are also ports of environment "two" (14440 to 14499), ' +
        "so only one of the two could run; write e.g. 14500",
    ]);
  });

  it("cannot have the same addresses on Kubernetes, nor the same namespace", () => {
    const production = kubernetesEnvironment();
    const elsewhere = Object.fromEntries(
      Object.keys(clusters).map((region) => [region, { context: `other-${region}` }]),
    );
    const staging = (change: object, kubernetes: object = { clusters: elsewhere }) => ({
      ...production,
      domain: "staging.example.com",
      ...change,
      kubernetes: { ...production.kubernetes, ...kubernetes },
    });
    assert.deepEqual(found({ production, staging: staging({}) }), []);
    assert.deepEqual(found({ production, staging: staging({ domain: production.domain }) }), [
      `environments.staging.domain: "${production.domain}" is also the domain of environment "production", and ` +
        `nats.iad.${production.domain} would be the address of both; write e.g. "staging.${production.domain}"`,
    ]);
    const { volume: existing } = kubernetesSettings({ volume: { storageClass: { existing: "gp3" } } });
    const shared = { clusters: { ...elsewhere, ams: clusters.ams }, volume: existing };
    assert.deepEqual(found({ production, staging: staging({}, shared) }), [
      'environments.staging.kubernetes.namespace: "nats" of the cluster of ams is also used by environment ' +
        '"production"; write e.g. "nats-staging", or another cluster',
    ]);
    const { workers } = kubernetesSettings({ workers: { image: { repository: "example/workers", tag: "1" } } });
    const withWorkers = { ...production, kubernetes: { ...production.kubernetes, workers } };
    const besides = { ...shared, namespace: "nats-staging", workers };
    const tenant = Object.values(production.jetstream)[0]![0]!;
    assert.deepEqual(
      found({ production: withWorkers, staging: staging({ jetstream: { jetstream: [tenant] } }, besides) }),
      [
        `environments.staging.kubernetes.workers.namespace: "workers-${tenant}" of the cluster of ams is also used ` +
          'by environment "production"; write e.g. "workers-<tenant>-staging", or another cluster',
      ],
    );
    assert.deepEqual(found({ production, staging: staging({}, besides) }), [], "only one has workers");
    const { volume } = kubernetesSettings({ volume: { storageClass: {} } });
    assert.deepEqual(
      found({
        production: { ...production, kubernetes: { ...production.kubernetes, volume } },
        staging: staging({}, { namespace: "nats-staging", volume }),
      }),
      [
        'environments.staging.kubernetes.volume.storageClass: "nats-<region>" would also be created by environment ' +
          '"production" in the same cluster; write { name: "nats-staging-<region>" }',
      ],
    );
  });

  it("are compared wherever settings are checked", () => {
    const environments = { one: local(14_220), two: local(14_220) };
    const refused = (error: unknown) =>
      error instanceof InvalidInput && /two.basePort: 14220 to 14279/.test(error.message);
    assert.throws(() => validateSettings(environments), refused);
    assert.throws(() => validateDeployment(environments, "one", tenants), refused);
  });
});
