import assert from "node:assert/strict";
import { renderNextCommands } from "../../../../cli/render/next-commands";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";

describe("commands to try after a deployment", () => {
  it("name the environment unless it is local", () => {
    assert.match(renderNextCommands(checkedEnvironment("local")), /^ {2}npm run status +this table again$/m);
    const production = renderNextCommands(checkedEnvironment("production"));
    assert.match(production, /^ {2}npm run verify -- --env production +the checks/m);
    assert.match(production, /eval "\$\(npm run -s context -- --env production\)" && .*sys-admin-iad server list 9$/m);
  });
});
