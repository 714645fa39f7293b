import assert from "node:assert/strict";
import { withRemedy } from "../../../../operations/policy/remedies";

describe("a preview that failed", () => {
  for (const [failure, remedy] of [
    [
      "no resource plugin 'pulumi-resource-kubernetes' found in the workspace at version v4.34.2 " +
        "or on your $PATH\n    at /x.js:1:1",
      /npm test$/,
    ],
    ["error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", /set PULUMI_BACKEND_URL/],
    ["stack iad needs identity deployed first: pulumi up --stack identity.", /up --stack identity\.$/],
  ] as const) {
    it(`says what to do: ${failure.split("\n")[0]}`, () => {
      const text = withRemedy(failure);
      assert.match(text, remedy);
      assert.doesNotMatch(text, / at \/x/);
    });
  }
});
