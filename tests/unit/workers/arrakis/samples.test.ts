import assert from "node:assert/strict";
import fc from "fast-check";
import { receivedEvent, receivedInteraction } from "../../../../workers/arrakis/bridges";
import { eventTypes } from "../../../../workers/arrakis/handlers/events";
import { commands } from "../../../../workers/arrakis/handlers/registration";
import { sample } from "../../../../workers/arrakis/samples";
import { traffic } from "../../../../workers/arrakis/traffic";
import { checkMessage } from "../../../../workers/messaging";

describe("sample messages of arrakis", () => {
  it("are what the consumers take, on subjects that the gateway may publish", () => {
    fc.assert(
      fc.property(fc.nat(), (number) => {
        const { kind, subject, message } = traffic.sample(number);
        if (kind === "interaction") {
          checkMessage(receivedInteraction, message);
          assert.equal(subject, "commands.interaction");
        } else {
          const { payload } = checkMessage(receivedEvent, message);
          assert.equal(subject, `events.${payload.event_type}`);
        }
        assert.ok(message.id);
      }),
    );
  });

  it("are of every command and every event, and the same for the same number", () => {
    const all = Array.from({ length: 200 }, (_, number) => JSON.stringify(sample(number, 0)));
    for (const name of Object.keys(commands))
      assert.ok(
        all.some((text) => text.includes(`"command_name":"${name}"`)),
        name,
      );
    for (const type of eventTypes)
      assert.ok(
        all.some((text) => text.includes(`"event_type":"${type}"`)),
        type,
      );
    assert.equal(all[7], JSON.stringify(sample(7, 0)));
  });
});
