import assert from "node:assert/strict";
import * as fc from "fast-check";
import { bytesOf } from "../../../../components/storage/quantity";
import * as values from "../../../../config/schema/kubernetes-values";
import { size } from "../../../../config/schema/values";
import { toBytes } from "../../../../config/units";

/** Kubernetes' and the registries' own expressions, as their sources have them. */
const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const qualifiedPart = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const quantity = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/;
const component = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const named = (value: string) => {
  const parts = value.split("/");
  const name = parts.at(-1)!;
  return (
    parts.length <= 2 &&
    name.length <= 63 &&
    whole(qualifiedPart).test(name) &&
    (parts.length === 1 || (parts[0]!.length <= 253 && whole(subdomain).test(parts[0]!)))
  );
};

/** Near the borders of each grammar: few characters, all kinds. */
const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."aZ0-_./:<>~$ é"), maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(..."019m.-e"), maxLength: 6 }),
  fc.tuple(fc.constantFrom("a", "A", "0"), fc.integer({ min: 60, max: 66 })).map(([each, n]) => each.repeat(n)),
  fc.tuple(fc.integer({ min: 125, max: 130 })).map(([n]) => "a".repeat(n)),
  fc.tuple(fc.integer({ min: 250, max: 258 })).map(([n]) => "a.".repeat(n / 2) + "a"),
);

describe("values of Kubernetes", () => {
  const equal: [string, { safeParse(value: unknown): { success: boolean } }, (value: string) => boolean][] = [
    ["names of objects", values.objectName, (value) => value.length <= 253 && whole(subdomain).test(value)],
    ["keys of labels", values.labelKey, named],
    ["drivers", values.provisioner, (value) => named(value.toLowerCase())],
    [
      "repositories",
      values.imageRepository,
      (value) => value.length <= 255 && whole(`${component}(?:/${component})*`).test(value),
    ],
    ["tags", values.imageTag, (value) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(value)],
  ];
  for (const [what, schema, theirs] of equal)
    it(`accept exactly the ${what} that Kubernetes accepts`, () =>
      fc.assert(fc.property(texts, (value) => assert.equal(schema.safeParse(value).success, theirs(value), value))));

  it("accept exactly the values of labels that Kubernetes accepts", () =>
    fc.assert(
      fc.property(texts, (value) =>
        assert.equal(
          values.labels.safeParse({ team: value }).success,
          value.length <= 63 && whole(`(${qualifiedPart})?`).test(value),
          value,
        ),
      ),
    ));

  it("accept no namespace and no CPU that Kubernetes refuses", () =>
    fc.assert(
      fc.property(texts, (value) => {
        if (values.namespaceTemplate.safeParse(value).success) {
          const filled = value.replaceAll("<region>", "iad");
          assert.ok(whole(label).test(filled), value);
        }
        if (values.cpu.safeParse(value).success) {
          assert.match(value, quantity);
          assert.ok(Number.isInteger(values.thousandthsOf(value)) && values.thousandthsOf(value) > 0, value);
        }
      }),
    ));

  it("of sizes are quantities of as many bytes", () =>
    fc.assert(
      fc.property(fc.nat(8191), fc.constantFrom("B", "KiB", "MiB", "GiB", "TiB"), (amount, unit) => {
        const text = `${amount}${unit}`;
        assert.ok(size.safeParse(text).success, text);
        const written = text.replace(/B$/, "");
        assert.match(written, quantity);
        assert.equal(bytesOf(written), toBytes(text));
      }),
    ));

  const accepted: [string, { safeParse(value: unknown): { success: boolean } }, unknown[], unknown[]][] = [
    ["CPU", values.cpu, ["1", "500m", "0.5", "1.125"], ["0", "0m", "0.000", "0.0005", "-1", "1k", ".5", "", 2]],
    [
      "namespace",
      values.namespaceTemplate,
      ["nats", "<region>", "<region>-nats"],
      ["nats-<regoin>", "nats-", "a.b", "<"],
    ],
    [
      "registry",
      values.imageRegistry,
      ["docker.io", "localhost", "localhost:5000", "mirror.example.com:5000/a/b"],
      ["https://mirror.example.com", "mirror", "mirror.example.com/", "mirror.example.com:x", ""],
    ],
    ["kubeconfig", values.homePath, ["~/.kube/config", "/a/b", "a"], ["~", "~me/config", "$HOME/.kube/config", ""]],
    ["path", values.plainPath, ["charts/nats", "/a/b.tgz"], ["~/nats", "$HOME/nats", ""]],
    [
      "annotations",
      values.annotations,
      [{}, { "Example.com/A": "any text" }, { a: "<other>" }, { a: "x".repeat(256 * 1024 - 1) }],
      [{ "a b": "" }, { a: 1 }, { a: "<regoin>" }, { a: "x".repeat(256 * 1024) }],
    ],
  ];
  for (const [what, schema, right, wrong] of accepted)
    it(`of ${what} are as documented`, () => {
      for (const value of right) assert.ok(schema.safeParse(value).success, JSON.stringify(value));
      for (const value of wrong) assert.ok(!schema.safeParse(value).success, JSON.stringify(value));
    });
});
