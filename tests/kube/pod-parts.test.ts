import assert from "node:assert/strict";
import { chartValues, restartAnnotation } from "../../components/supercluster/chart-values";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { regionOf } from "../support/accounts";
import { kubernetesEnvironment } from "../support/kubernetes";
import { podChanges } from "../support/pod-changes";
import { render } from "./chart";

/** The template of a server's pod, as the chart makes it, without the fingerprint of the configuration. */
function templateOf(settings: KubernetesEnvironment): unknown {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- its shape is the kind's
  const { template } = render(chartValues(regionOf(settings))).find(({ kind }) => kind === "StatefulSet")!.spec;
  // eslint-disable-next-line @typescript-eslint/no-unsafe-member-access -- its shape is the kind's
  delete template.metadata.annotations[restartAnnotation];
  return template;
}

/** Needs the chart, no cluster. */
describe("what is announced as a restart of pods, compared with what the official chart makes of it", function () {
  this.timeout(60_000);
  let deployed: unknown;
  before(() => (deployed = templateOf(kubernetesEnvironment())));

  for (const { what, settings, parts } of podChanges)
    it(`${parts.length ? "another template" : "the same template"}, for a change of ${what}`, () => {
      const after = templateOf(settings);
      if (parts.length > 0) assert.notDeepEqual(after, deployed);
      else assert.deepEqual(after, deployed);
    });
});
