import assert from "node:assert/strict";
import { findStragglers } from "../../../../operations/migrate/stragglers";
import { fakeInfo, type FakeMessage, fakeMessages, messages } from "../../../support/fake-messages";

describe("messages that a stream stored after its subjects were taken away", () => {
  const same = messages("before", 1, 2, 3);
  const newer = messages("successor", 4, 5);
  async function find(predecessor: FakeMessage[], successor: FakeMessage[]) {
    const { ask, asked } = fakeMessages({ S: predecessor, T: successor });
    const found = await findStragglers(ask, {
      predecessor: fakeInfo("S", predecessor),
      successor: fakeInfo("T", successor),
    });
    return { ...found, asked };
  }

  it("are none where the successor has all, and then its newer messages are not read", async () => {
    const { common, sequences, asked } = await find(same, [...same, ...newer]);
    assert.deepEqual([common, sequences], [3, []]);
    assert.ok(asked.length < 6, String(asked));
  });

  it("are those after the common part", async () => {
    const { common, sequences } = await find([...same, ...messages("late", 4, 5)], [...same, ...newer]);
    assert.deepEqual([common, sequences], [3, [4, 5]]);
  });

  it("are without those that the successor has collected since", async () => {
    const collected: FakeMessage = { seq: 6, time: "late 4", from: ["S", 4] };
    const { sequences } = await find([...same, ...messages("late", 4, 5)], [...same, ...newer, collected]);
    assert.deepEqual(sequences, [5]);
  });
});
