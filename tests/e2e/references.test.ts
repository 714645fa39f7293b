import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { backendUrlOf, pulumiEnvironment } from "../../engine/environment";
import { engineMs } from "../support/limits";
import { copyProject } from "../support/project-copy";

/**
 * The real engine and the real programs of stacks that read another one; only the identity stack is the test's own, and
 * just names its outputs.
 */
describe("a stack that needs identity", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const env = { ...pulumiEnvironment({ target: "local" }), PULUMI_BACKEND_URL: backendUrlOf(`${copy.cache}/state`) };
  const run = promisify(execFile);
  const pulumi = (args: string[], passphrase = "local") =>
    run("pulumi", [...args, "--non-interactive"], {
      cwd: copy.folder,
      env: { ...env, PULUMI_CONFIG_PASSPHRASE: passphrase },
    });
  const write = (file: string, text: string) => fs.writeFileSync(path.join(copy.folder, file), text);
  async function deployIdentity(outputs: object, passphrase?: string): Promise<void> {
    write("identity.json", JSON.stringify(outputs));
    await pulumi(["up", "--stack", "local-identity", "--yes", "--skip-preview"], passphrase);
  }
  /** What a preview ends with, on one line. */
  async function refusal(stack: string): Promise<string> {
    const { stdout } = await pulumi(["preview", "--stack", stack]).then(
      () => assert.fail("it was not refused"),
      (error: { stdout: string }) => error,
    );
    const diagnostics = stripVTControlCharacters(stdout).replace(/^[^]*\nDiagnostics:/, "");
    assert.doesNotMatch(diagnostics, /^\s+at |unhandled exception/m, "a stack trace says nothing to a person");
    return diagnostics.replace(/\s+/g, " ");
  }

  before(async () => {
    fs.mkdirSync(path.join(copy.cache, "state"), { mode: 0o700 });
    write(
      "stacks/identity.ts",
      'import * as pulumi from "@pulumi/pulumi";\n' +
        'const read = () => JSON.parse(require("node:fs").readFileSync("identity.json", "utf8"));\n' +
        "const secret = ([key, value]) => [key, pulumi.secret(value)];\n" +
        "export const identity = () => Object.fromEntries(Object.entries(read()).map(secret));\n",
    );
    for (const stack of ["local-ams", "local-jetstream"]) await pulumi(["stack", "init", stack, "--no-select"]);
  });
  after(() => copy.remove());

  for (const stack of ["local-ams", "local-jetstream"]) {
    it(`is told to deploy it first: ${stack}`, async () => {
      assert.match(
        await refusal(stack),
        new RegExp(
          `error: stack ${stack} needs local-identity deployed first: ` +
            "pulumi up --stack local-identity\\. Nothing was done\\.",
        ),
      );
    });
  }

  it("is told so too where there is one that was never brought up", async () => {
    await pulumi(["stack", "init", "local-identity", "--no-select"]);
    assert.match(await refusal("local-ams"), /error: stack local-ams needs local-identity deployed first: /);
  });

  it("is told to deploy it again where it is older than the region", async () => {
    await deployIdentity({ iad: { clientCa: "CA" }, jetstream: { ca: "CA" } });
    assert.match(
      await refusal("local-ams"),
      /error: stack local-ams needs output ams of local-identity, which was deployed without it: pulumi up --stack local-identity\./,
    );
  });

  describe("with secrets that it cannot decrypt", () => {
    before(async () => {
      await pulumi(["stack", "rm", "local-identity", "--yes", "--force", "--preserve-config"]);
      const file = path.join(copy.folder, "Pulumi.local-identity.yaml");
      fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(/^encryptionsalt:.*\n/m, ""));
      await pulumi(["stack", "init", "local-identity", "--no-select"], "another");
      await deployIdentity({ ams: { clientCa: "CA" }, jetstream: { ca: "CA" } }, "another");
    });

    for (const stack of ["local-ams", "local-jetstream"]) {
      it(`is told which, and does not go on without them: ${stack}`, async () => {
        const part = stack.replace("local-", "");
        assert.match(
          await refusal(stack),
          new RegExp(
            `error: stack ${stack} cannot decrypt output ${part} of local-identity: ` +
              "give both the same secrets provider or passphrase",
          ),
        );
      });
    }
  });
});
