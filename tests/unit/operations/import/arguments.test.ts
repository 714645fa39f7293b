import assert from "node:assert/strict";
import { streamFields } from "../../../../jetstream/fields";
import { adoption, argumentsOf, inOrder } from "../../../../operations/import/arguments";
import type { Place } from "../../../../operations/import/draft";

describe("the arguments of what is imported", () => {
  it("are what is not the server's default; fields without an argument are passed on under JetStream's names", () =>
    assert.deepEqual(
      argumentsOf(streamFields, { name: "S", subjects: ["s"], max_age: 6e10, num_replicas: 1, new: 1 }),
      {
        name: "S",
        subjects: ["s"],
        maxAge: "1m",
        extraConfig: { new: 1 },
      },
    ));

  it("adopt what has another owner or none, and nothing of the stack's own", () => {
    const place = { owner: "supercluster/one" } as Place;
    const ownedBy = (owner: string) => ({ metadata: { "supercluster.owner": owner } });
    assert.deepEqual(adoption({}, place), { adopt: true });
    assert.deepEqual(adoption(ownedBy("supercluster/two"), place), { adopt: "supercluster/two" });
    assert.deepEqual(adoption(ownedBy("supercluster/one"), place), {});
  });

  it("stand in the order of tenants' files, without what is not set", () =>
    assert.deepEqual(Object.keys(inOrder({ z: 1, b: 2, none: undefined, a: 3 }, ["a", "b", "missing"])), [
      "a",
      "b",
      "z",
    ]));
});
