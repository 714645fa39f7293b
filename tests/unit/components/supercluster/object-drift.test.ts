import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  comparable,
  driftOf,
  driftText,
  fieldDifferences,
  type KubeObject,
  mergePatch,
} from "../../../../components/supercluster/object-drift";

const object = (kind: string, fields: object, metadata: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name: "nats", namespace: "nats", ...metadata },
  ...fields,
});
const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("an object in a cluster", () => {
  const same: [string, unknown, unknown][] = [
    ["what the API server and controllers add", { a: 1 }, { a: 1, status: {}, managedFields: [] }],
    ["defaults in a list's elements", { ports: [{ port: 1 }] }, { ports: [{ port: 1, protocol: "TCP", nodePort: 3 }] }],
    ["zero values, which it leaves out", { a: false, b: 0, c: "", d: [], e: {}, f: { g: false } }, {}],
    ["null, which is the default", { a: null }, { a: "Cluster" }],
    ["a port as text or number", { targetPort: "4222" }, { targetPort: 4222 }],
    ["quantities", { cpu: "0.5", memory: "1.5Gi", size: 1024 }, { cpu: "500m", memory: "1536Mi", size: "1Ki" }],
  ];
  for (const [what, expected, found] of same)
    it(`is as it was deployed, whatever there is of ${what}`, () =>
      assert.deepEqual(fieldDifferences(expected, found), []));

  const different: [string, unknown, unknown, string[]][] = [
    ["a field with another value", { spec: { replicas: 3 } }, { spec: { replicas: 2 } }, ["spec.replicas"]],
    ["a field that is gone", { spec: { a: { b: "x" } } }, { spec: {} }, ["spec.a.b"]],
    ["a field of an element", { ports: [{ port: 1 }] }, { ports: [{ port: 2 }] }, ["ports[0].port"]],
    ["an element more", { list: ["a"] }, { list: ["a", "b"] }, ["list"]],
    ["an element less", { list: ["a", "b"] }, { list: ["a"] }, ["list"]],
    ["another order", { list: ["a", "b"] }, { list: ["b", "a"] }, ["list[0]", "list[1]"]],
    [
      "what should be off",
      { publishNotReadyAddresses: false },
      { publishNotReadyAddresses: true },
      ["publishNotReadyAddresses"],
    ],
    ["another amount", { cpu: "500m", memory: "1Gi" }, { cpu: "5", memory: "1G" }, ["cpu", "memory"]],
    ["a value of another kind", { a: { b: 1 } }, { a: 1 }, ["a"]],
  ];
  for (const [what, expected, found, paths] of different)
    it(`differs by ${what}`, () =>
      assert.deepEqual(
        fieldDifferences(expected, found).map(({ path }) => path),
        paths,
      ));

  it("is named with its fields, what was deployed and what is there", () => {
    const budget = object("PodDisruptionBudget", { spec: { maxUnavailable: 1, selector: { a: "b" } } });
    assert.equal(driftText(driftOf(budget, undefined)!), "PodDisruptionBudget nats is missing");
    assert.equal(driftOf(budget, budget), undefined);
    const changed = object("PodDisruptionBudget", { spec: { maxUnavailable: 3, selector: {} } });
    assert.equal(
      driftText(driftOf(budget, changed)!),
      "PodDisruptionBudget nats: spec.maxUnavailable is 3, deployed was 1, spec.selector.a is not set, " +
        'deployed was "b"',
    );
  });

  it("is named in a line, however much differs", () => {
    const many = (value: string) =>
      object("ConfigMap", { data: Object.fromEntries([..."abcdefgh"].map((key) => [key, value])) });
    const text = driftText(driftOf(many("x".repeat(5_000)), many("y".repeat(5_000)))!);
    assert.match(text, /, and 3 more fields$/);
    assert.ok(text.length < 1_200, String(text.length));
  });

  it("is a Secret by digests of its contents, which no message has", () => {
    const secret = object("Secret", { data: { "accounts.conf": base64("password"), "tls.key": base64("key") } });
    const changed = object("Secret", { data: { "accounts.conf": base64("stolen") } });
    const drift = driftOf(comparable(secret), comparable(changed))!;
    assert.equal(driftText(drift), "Secret nats: data.accounts.conf differs, data.tls.key is missing");
    const all = JSON.stringify([drift, comparable(secret), comparable(changed)]);
    for (const content of ["password", "key", "stolen"]) assert.ok(!all.includes(base64(content)), content);
  });

  it("is a Secret however its manifest was written", () => {
    const [written, kept] = [
      object("Secret", { stringData: { a: "b" } }),
      object("Secret", { data: { a: base64("b") } }),
    ];
    assert.equal(driftOf(comparable(written), comparable(kept)), undefined);
  });

  it("is compared without annotations for Pulumi's provider", () => {
    const own = object("Service", {}, { annotations: { "pulumi.com/skipAwait": "true", "example.com/a": "b" } });
    assert.equal(driftOf(comparable(own), object("Service", {}, { annotations: { "example.com/a": "b" } })), undefined);
  });

  it("is put back by a patch of what differs alone", () => {
    const expected = { spec: { replicas: 3, template: { a: 1 } }, metadata: { labels: { a: "b", c: "d" } } };
    const found = { spec: { replicas: 2, template: { a: 1, b: 2 } }, metadata: { labels: { a: "b", c: "e" } } };
    assert.deepEqual(mergePatch(expected, found), { spec: { replicas: 3 }, metadata: { labels: { c: "d" } } });
    assert.deepEqual(mergePatch(expected, expected), {});
  });

  it("differs in nothing once it was patched, whatever it was before", () => {
    const value = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom("x", "y"),
        fc.boolean(),
        fc.array(tie("any"), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom("a", "b", "c"), tie("any"), { maxKeys: 3 }),
      ),
    })).any;
    const fields = fc.dictionary(fc.constantFrom("a", "b", "c"), value, { maxKeys: 3 });
    fc.assert(
      fc.property(fields, fields, (expected, found) => {
        assert.deepEqual(fieldDifferences(expected, merge(found, mergePatch(expected, found))), []);
      }),
    );
  });
});

/** RFC 7386, without deletions. */
function merge(into: unknown, patch: unknown): unknown {
  const isMap = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  if (!isMap(patch)) return patch;
  const base = isMap(into) ? into : {};
  return {
    ...base,
    ...Object.fromEntries(Object.entries(patch).map(([key, value]) => [key, merge(base[key], value)])),
  };
}
