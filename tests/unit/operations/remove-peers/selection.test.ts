import assert from "node:assert/strict";
import { BadUsage } from "../../../../engine/failure";
import { possibleServers } from "../../../../operations/remove-peers/peers";
import { selectedServers } from "../../../../operations/remove-peers/selection";

const checked = { name: "local", environment: { regions: ["iad", "ams"] } };

describe("the servers whose peers are removed", () => {
  it("are all that a region can have had, once it has left the settings", () =>
    assert.deepEqual(selectedServers(checked, { region: "jnb" }), possibleServers("jnb")));

  it("are one server, also of a region that is in the settings", () =>
    assert.deepEqual(selectedServers(checked, { region: "ams", server: "ams-2" }), ["ams-2"]));

  for (const [what, selection, message] of [
    ["a region that is in the settings", { region: "ams" }, /ams is a region of environment local; take it out/],
    [
      "a server of another region",
      { region: "jnb", server: "ams-2" },
      /ams-2 is not a server of jnb; use one of jnb-0/,
    ],
  ] as const) {
    it(`are not ${what}`, () =>
      assert.throws(
        () => selectedServers(checked, selection),
        (error) => error instanceof BadUsage && message.test(error.message),
      ));
  }
});
