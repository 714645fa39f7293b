import assert from "node:assert/strict";
import { renderRows } from "../../../../cli/render/plan";
import { stackPlan } from "../../../../operations/plan/preview";
import { inOrder, rowOf } from "../../../../operations/plan/rows";
import { change, nothing, previews } from "../../../support/plans";

describe("the plan as it is printed", () => {
  it("has each field of a change on a line, from and to", () => {
    const rows = inOrder(stackPlan([previews.changes]).changes.map((one) => rowOf(one, nothing)));
    assert.match(
      renderRows(rows),
      /in place +covenant\/COVENANT_USERS\n +maxMsgs: 100,000 -> 200,000\n +maxAge: 7d -> 14d\n/,
    );
  });

  it("reports that servers could not be read, with the first line of the reason", () => {
    const row = rowOf(change(previews.changes, "irisx/SMS"), {
      unknown: "no region of local answers\nirisx-provisioner could not connect to iad",
    });
    assert.match(renderRows([row]), /the servers could not be read: no region of local answers$/);
  });
});
