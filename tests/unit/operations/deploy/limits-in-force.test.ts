import assert from "node:assert/strict";
import type { Held } from "../../../../config/assets/reservations";
import type { Access } from "../../../../operations/access/access";
import { waitForLimits } from "../../../../operations/deploy/limits-in-force";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";
import { kubernetesEnvironment } from "../../../support/kubernetes";

describe("account limits that were deployed", () => {
  const access = Promise.resolve({} as Access);
  const unlimited = Object.fromEntries(
    Object.keys(tenants).map((account) => [account, { file: Infinity, memory: Infinity }]),
  );
  const held = (limits: Held["limits"]): Held => ({ reservations: {}, use: {}, limits, silent: [] });

  /** What is logged where servers answer so; `isGood` is asked of each answer, as the real wait does. */
  async function logged(answers: Held[] | Error): Promise<string> {
    const lines: string[] = [];
    const { write } = process.stderr;
    process.stderr.write = (line: string | Uint8Array) => lines.push(String(line).trim()) > 0;
    try {
      await waitForLimits({ environment: kubernetesEnvironment(), accounts: tenants }, access, (_, isGood) => {
        if (answers instanceof Error) return Promise.reject(answers);
        return Promise.resolve(answers.find(isGood!) ?? answers.at(-1)!);
      });
    } finally {
      process.stderr.write = write;
    }
    return lines.join("\n");
  }

  it("are waited for until every server has loaded them", async () =>
    assert.equal(await logged([held({}), held(unlimited)]), ""));

  it("are named where servers do not load them in time", async () =>
    assert.match(
      await logged([held({ ...unlimited, irisx: { file: 1, memory: 1 } })]),
      /not all servers have loaded the limits of irisx, so streams of these accounts may be refused/,
    ));

  it("do not keep a deployment from going on where no server answers", async () =>
    assert.match(await logged(new Error("no region answers")), /is unknown: no region answers/));

  it("are in force at once on this machine", () =>
    waitForLimits({ environment: localEnvironment(), accounts: tenants }, access, () =>
      assert.fail("no server needs to be asked"),
    ));
});
