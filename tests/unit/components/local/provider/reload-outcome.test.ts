import assert from "node:assert/strict";
import { reloadOutcome } from "../../../../../components/local/provider/reload-outcome";

const rejected =
  "[42] 2026/01/01 10:00:00.000000 [ERR] Failed to reload server configuration: " +
  "config reload not supported for Gateway\n";
const varz = (loaded: string) => ({ config_load_time: loaded, config_digest: `digest ${loaded}` });

describe("outcome of a reload", () => {
  it("is the digest in force once the server reports another load time", () => {
    assert.deepEqual(reloadOutcome("10:00", varz("10:01"), ""), { digest: "digest 10:01" });
  });

  it("is open while the server reports the old load time, or does not answer", () => {
    assert.equal(reloadOutcome("10:00", varz("10:00"), ""), undefined);
    assert.equal(reloadOutcome("10:00", undefined, '[INF] Trapped "hangup" signal\n'), undefined);
  });

  it("is a rejection, with its reason, as soon as one is logged", () => {
    const rejection = "config reload not supported for Gateway";
    for (const now of [varz("10:00"), undefined])
      assert.deepEqual(reloadOutcome("10:00", now, `[INF] Reloading\n${rejected}[INF] more\n`), { rejection });
  });

  it("takes any answer for a reload where the server had not answered before", () => {
    assert.deepEqual(reloadOutcome(undefined, varz("10:00"), ""), { digest: "digest 10:00" });
  });
});
