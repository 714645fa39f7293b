import assert from "node:assert/strict";
import { driftOf, type Observation } from "../../../../../components/local/provider/drift";
import type { ServerRecord } from "../../../../../components/local/provider/record";

const record = (change: Partial<ServerRecord> = {}) => ({
  applied: { version: "2.14.9" } as ServerRecord["applied"],
  digest: "sha256:1",
  ...change,
});
const asLeft: Observation = { changedFiles: [], digest: "sha256:1", installed: "2.14.9", isKnown: true };

const cases: [
  title: string,
  record: Partial<ServerRecord>,
  seen: Partial<Observation>,
  what: string,
  restart: boolean,
][] = [
  [
    "changed files",
    {},
    { changedFiles: ["nats.conf", "tls/client.crt"] },
    "changed on disk: nats.conf, tls/client.crt",
    false,
  ],
  ["no answer", {}, { digest: undefined }, "it does not answer", true],
  ["another configuration in force", {}, { digest: "sha256:2" }, "it runs with another configuration", true],
  [
    "another configuration in force after a reload that was interrupted",
    { reloading: { version: "2.14.9" } as ServerRecord["applied"] },
    { digest: "sha256:2" },
    "a reload of it was interrupted",
    false,
  ],
  ["a restart that was interrupted", { stopping: true }, {}, "it was being stopped", true],
  [
    "a change that the engine did not keep",
    {},
    { isKnown: false },
    "it was changed by a run that was interrupted",
    false,
  ],
  ["another version installed", {}, { installed: "2.15.0" }, "version 2.14.9 runs, 2.15.0 is installed", false],
];

describe("drift of a local server", () => {
  it("is none where everything is as recorded", () => assert.deepEqual(driftOf(record(), asLeft), []));

  for (const [title, recorded, seen, what, restart] of cases)
    it(`shows ${title}${restart ? ", which only a restart fixes" : ""}`, () =>
      assert.deepEqual(driftOf(record(recorded), { ...asLeft, ...seen }), [{ what, restart }]));

  it("shows everything that differs", () => {
    const seen: Observation = { changedFiles: ["nats.conf"], installed: "2.15.0", isKnown: false };
    const drift = driftOf(record({ stopping: true }), seen);
    assert.deepEqual(
      drift.map(({ restart }) => restart),
      [false, true, true, false, false],
    );
  });

  it("does not compare the configuration of a server whose digest was not recorded", () => {
    assert.deepEqual(driftOf(record({ digest: undefined }), asLeft), []);
  });
});
