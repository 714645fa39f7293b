import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Wire } from "../../../jetstream/fields";
import { isOwn, marked, marker, nonceOf, ownerOf, refusalOf } from "../../../jetstream/ownership";

describe("the mark of ownership", () => {
  const text = fc.string({ minLength: 1 });
  const holders = fc.option(fc.constantFrom("a/one", "a/two"), { nil: undefined });
  const owned = (owner: string | undefined): Wire =>
    owner === undefined ? { metadata: { team: "x" } } : { metadata: { team: "x", ...marker(owner) } };

  it("is put on once, changes nothing else, and is new each time it is made", () =>
    fc.assert(
      fc.property(
        holders,
        fc.dictionary(fc.constantFrom("team", "_nats.level"), text, { noNullPrototype: true }),
        (holder, labels) => {
          const config: Wire = {
            name: "S",
            max_msgs: 1,
            metadata: { ...labels, ...(holder !== undefined && marker(holder)) },
          };
          const once = marked(config, "a/one");
          assert.equal(ownerOf(once), "a/one");
          assert.equal(marked(once, "a/one"), once);
          if (holder === "a/one") assert.equal(once, config);
          else assert.notEqual(nonceOf(once), nonceOf(config));
          const { metadata, ...rest } = once;
          const { "supercluster.owner": _, "supercluster.nonce": __, ...others } = metadata as Record<string, string>;
          assert.deepEqual([rest, others], [{ name: "S", max_msgs: 1 }, labels]);
          assert.notEqual(nonceOf({ metadata: marker("a/one") }), nonceOf({ metadata: marker("a/one") }));
        },
      ),
    ));

  it("lets a stack change its own assets, those that came with its state, and those it adopts; no others", () =>
    fc.assert(
      fc.property(
        holders,
        fc.constantFrom(undefined, true as const, "a/one", "a/two"),
        fc.boolean(),
        (holder, adopt, isKnown) => {
          const config = owned(holder);
          const claim = { owner: "a/one", adopt, nonce: isKnown ? nonceOf(config) : "another" };
          // A state that remembers a mark knows an asset that has none any more.
          const expected =
            holder === undefined ? adopt === true || !isKnown : holder === "a/one" || holder === adopt || isKnown;
          assert.equal(isOwn(config, claim), expected);
        },
      ),
    ));

  it("is named where it refuses, with the word that takes it over", () => {
    const claim = { owner: "a/one" };
    for (const holder of [undefined, "a/two"]) {
      const adopt = holder ?? true;
      assert.ok(refusalOf(owned(holder), claim).includes(`adopt: ${JSON.stringify(adopt)};`));
      assert.ok(isOwn(owned(holder), { ...claim, adopt }));
    }
    assert.match(
      refusalOf(owned("a/two"), claim),
      /^exists and belongs to a\/two; this stack is a\/one\. Nothing was changed\./,
    );
  });
});
