import assert from "node:assert/strict";
import { refusalOfDeletion, refusalOfStop, remainingVolumes } from "../../../../operations/deploy/destroy";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";

const [local, production] = ["local", "production"].map((name) => checkedEnvironment(name)) as [
  ReturnType<typeof checkedEnvironment>,
  ReturnType<typeof checkedEnvironment>,
];

describe("stopping an environment", () => {
  it("needs no confirmation where it is local, with or without its data", () => {
    assert.equal(refusalOfStop(local, { keepData: false }), undefined);
    assert.equal(refusalOfStop(local, { keepData: true }), undefined);
  });

  it("needs the environment's own name elsewhere", () => {
    assert.equal(refusalOfStop(production, { keepData: false, yesDestroy: "production" }), undefined);
    for (const yesDestroy of [undefined, "local"])
      assert.match(
        refusalOfStop(production, { keepData: false, yesDestroy })!,
        /destroy environment production, its streams and its keys; .*--yes-destroy production\. Nothing was done\.$/,
      );
  });

  it("keeps data of local servers only, also when confirmed", () => {
    assert.match(refusalOfStop(production, { keepData: true, yesDestroy: "production" })!, /^--keep-data is for local/);
  });

  it("deletes nothing that is retained, and says how to keep and how to delete it", () => {
    assert.equal(refusalOfDeletion("local", []), undefined);
    assert.match(
      refusalOfDeletion("local", ["irisx-SMS", "irisx-EMAIL"])!,
      /keeps: irisx-EMAIL, irisx-SMS\. .*--keep-data.*deletionPolicy: "delete" first\. Nothing was done\.$/,
    );
  });

  it("leaves no volume where it is local, and one namespace for each region on Kubernetes", () => {
    assert.deepEqual(remainingVolumes(local.environment), []);
    const commands = remainingVolumes(production.environment).filter((line) => line.includes("kubectl"));
    assert.equal(commands.length, production.environment.regions.length);
    const inItsCluster = /^ {2}(aws eks update-kubeconfig --name .* && )?kubectl --context \S+ delete namespace \S+$/;
    assert.ok(commands.every((line) => inItsCluster.test(line)));
  });
});
