import assert from "node:assert/strict";
import { Batches } from "../../../../workers/covenant/batches";

/** Writes groups when the test says so. */
function held(most = 10) {
  const groups: { items: readonly number[]; end: (error?: Error) => void }[] = [];
  const batches = new Batches<number>(
    (items) =>
      new Promise((resolve, reject) => groups.push({ items, end: (error) => (error ? reject(error) : resolve()) })),
    most,
  );
  return { groups, batches };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("batches", () => {
  it("write what comes together in one group, and what comes meanwhile in the next", async () => {
    const { groups, batches } = held();
    const first = [batches.add(1), batches.add(2)];
    await turn();
    const second = [batches.add(3), batches.add(4), batches.add(5)];
    await turn();
    assert.deepEqual(
      groups.map(({ items }) => items),
      [[1, 2]],
    );
    groups[0]!.end();
    await Promise.all(first);
    await turn();
    assert.deepEqual(
      groups.map(({ items }) => items),
      [
        [1, 2],
        [3, 4, 5],
      ],
    );
    groups[1]!.end();
    await Promise.all(second);
    const alone = batches.add(6);
    await turn();
    groups[2]!.end();
    await alone;
  });

  it("have at most the number of items asked for", async () => {
    const { groups, batches } = held(2);
    const all = [1, 2, 3].map((item) => batches.add(item));
    await turn();
    groups[0]!.end();
    await turn();
    groups[1]!.end();
    await Promise.all(all);
    assert.deepEqual(
      groups.map(({ items }) => items),
      [[1, 2], [3]],
    );
  });

  it("fail for those that are in them, and go on with the next", async () => {
    const { groups, batches } = held(1);
    const [failed, written] = [batches.add(1), batches.add(2)];
    await turn();
    groups[0]!.end(new Error("no"));
    await assert.rejects(failed, /^Error: no$/);
    await turn();
    groups[1]!.end();
    await written;
  });
});
