import assert from "node:assert/strict";
import * as path from "node:path";
import { BadUsage } from "../../../../engine/failure";
import { projectFolder } from "../../../../engine/project";
import { assertImportable, assertWritable, typeFrom } from "../../../../operations/import/import-account";
import { tenants } from "../../../../tenants/index";

describe("an import", () => {
  const checked = { name: "local", tenants, failovers: {} };
  const file = path.join(projectFolder, "tenants", "irisx.ts");
  const isRefused = (message: RegExp) => (error: unknown) => error instanceof BadUsage && message.test(error.message);

  it("is refused for an account that is not in the environment, or has failed over", () => {
    assert.doesNotThrow(() => assertImportable(checked, "irisx"));
    assert.throws(() => assertImportable(checked, "iris"), isRefused(/iris is not an account of environment local/));
    const failovers = { "irisx/SMS": { to: "ams", consumers: {} } };
    assert.throws(() => assertImportable({ ...checked, failovers }, "irisx"), isRefused(/irisx\/SMS failed over/));
    assert.doesNotThrow(() => assertImportable({ ...checked, failovers }, "arrakis"));
  });

  it("overwrites a file only where that is asked for", () => {
    assert.throws(() => assertWritable(file, false), isRefused(/exists already; .*--out.*--force/));
    assert.doesNotThrow(() => assertWritable(file, true));
    assert.doesNotThrow(() => assertWritable(`${file}.new`, false));
  });

  it("imports the type from where the file is", () => {
    assert.equal(typeFrom(file), "../config/schema/tenant");
    assert.equal(typeFrom(path.join(projectFolder, "irisx.ts")), "./config/schema/tenant");
  });
});
