import assert from "node:assert/strict";
import { untestedLine } from "../../../../../components/jetstream/provider/tested-servers";
import { supportedServers, testedServers } from "../../../../../config/versions";

describe("servers that this program is not tested with", () => {
  it("are named in a preview, with what follows from it", () => {
    assert.match(
      untestedLine("2.99.0")!,
      new RegExp(`^warning SC1006: JetStream: a server runs 2\\.99\\.0, .* before ${supportedServers.before}: fields `),
    );
    assert.match(
      untestedLine("2.11.4")!,
      new RegExp(`^warning SC1007: JetStream: a server runs 2\\.11\\.4, .* ${supportedServers.from} and later: `),
    );
    for (const version of [testedServers.oldest, testedServers.newest, undefined])
      assert.equal(untestedLine(version), undefined);
  });
});
