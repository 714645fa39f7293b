import assert from "node:assert/strict";
import type { Result } from "../../../../engine/run";
import { PulumiFailure } from "../../../../engine/run";
import { unchangedRegions } from "../../../../operations/deploy/unchanged";

describe("regions that a deployment would not change", () => {
  const result = (change: Partial<Result>): Result => ({
    ...{ summary: "12 unchanged", isUnchanged: true, diagnostics: "", events: [], stdout: "", output: "" },
    ...{ log: "log", milliseconds: 1, exitCode: 0, ...change },
  });
  /** Answers with these previews; an error is thrown. */
  const runner = (previews: Record<string, Result | Error>) => ({
    preview: (stack: string) => {
      const preview = previews[stack];
      if (!preview) throw new Error(`${stack} was previewed`);
      return preview instanceof Error ? Promise.reject(preview) : Promise.resolve(preview);
    },
  });

  it("are those whose previews say so; one that fails is left to its up, which reports why", async () => {
    // The engine reports a summary of a preview that failed too.
    const failed = result({ isUnchanged: true, summary: "2 unchanged", exitCode: 255 });
    const found = await unchangedRegions(
      runner({
        iad: result({}),
        ams: result({ isUnchanged: false, summary: "1 updated, 11 unchanged" }),
        syd: new PulumiFailure({ stack: "syd", args: ["preview"], env: {} }, failed),
      }),
      ["iad", "ams", "syd"],
    );
    assert.deepEqual([...found], ["iad"]);
  });

  it("are not looked for where there is one: its up is as fast", async () => {
    assert.deepEqual([...(await unchangedRegions(runner({}), ["iad"]))], []);
  });
});
