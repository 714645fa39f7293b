import assert from "node:assert/strict";
import { reservedIn } from "../../../config/reserved-subjects";

describe("a subject of a user", () => {
  it("may begin with a wildcard where no subject of servers or inbox can match it", () => {
    for (const subject of ["*.telemetry.up", "*.telemetry.>", "*.telemetry.*", "devices.*.up", "*.a.b.c"])
      assert.equal(reservedIn(subject), undefined, subject);
  });

  it("is refused with what it includes", () => {
    const cases: Record<string, string> = {
      ">": "JetStream's API ($JS.API)",
      "*.>": "JetStream's API ($JS.API)",
      "*.API.>": "JetStream's API ($JS.API)",
      "*.*.up": "JetStream's API ($JS.API)",
      "*.ACK.orders.>": "JetStream's own subjects ($JS.ACK)",
      "*.REQ.SERVER.PING": "the servers' own subjects ($SYS.REQ)",
      "*.*": "every user's inbox",
      "$JS.API.>": "JetStream's API ($JS.API)",
      "$JS.>": "JetStream's API ($JS.API)",
      "$SYS.>": "the servers' own subjects ($SYS)",
    };
    for (const [subject, what] of Object.entries(cases)) assert.equal(reservedIn(subject), what, subject);
    assert.equal(reservedIn("$JS.API.STREAM.INFO.ORDERS"), undefined, "one request by its name");
  });
});
