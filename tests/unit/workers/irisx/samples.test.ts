import assert from "node:assert/strict";
import fc from "fast-check";
import { contents } from "../../../../workers/irisx/messages";
import { sample } from "../../../../workers/irisx/samples";

describe("sample messages", () => {
  it("are what the API takes, and reach no one", () => {
    fc.assert(
      fc.property(fc.nat(), (number) => {
        const { channel, content } = sample(number);
        assert.ok(contents[channel].safeParse(content).success);
        assert.match(JSON.stringify(content), /"\+1202555010?[0-9]{2}"|@example\.com"|\.invalid\//);
      }),
    );
  });

  it("are of every kind, and the same for the same number", () => {
    const channels = Array.from({ length: 10 }, (_, number) => sample(number).channel);
    const count = (channel: string) => channels.filter((each) => each === channel).length;
    assert.deepEqual([count("sms"), count("email"), count("webhook")], [5, 3, 2]);
    assert.deepEqual(sample(7), sample(7));
  });
});
