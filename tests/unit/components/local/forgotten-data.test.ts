import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { forgottenStreams } from "../../../../components/local/forgotten-data";
import { ownCache } from "../../../support/own-cache";

describe("data of local servers that are not in the settings", () => {
  const cache = ownCache();
  const make = (...parts: string[]) =>
    fs.mkdirSync(path.join(cache(), "environments", "local", "iad", ...parts), { recursive: true });
  const found = () => forgottenStreams({ environment: "local", region: "iad" }, ["iad-0", "iad-1", "iad-2"]);

  it("is what their folders hold of streams, not what is left of a drained server, nor of servers that stay", () => {
    assert.deepEqual(found(), {});
    make("iad-0", "data", "jetstream", "app", "streams", "S");
    make("iad-3", "data", "jetstream", "sys", "_js_");
    make("iad-3", "data", "jetstream", "app", "streams");
    assert.deepEqual(found(), {});
    make("iad-4", "data", "jetstream", "app", "streams", "T");
    make("iad-4", "data", "jetstream", "app", "streams", "S");
    assert.deepEqual(found(), { "iad-4": ["app/S", "app/T"] });
  });
});
