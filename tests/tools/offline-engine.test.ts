import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compare } from "bcryptjs";
import { projectFolder, standInFolder } from "../../tools/pins.mjs";
import { ensureToolchain, toolchainEnv } from "../../tools/toolchain.mjs";
import { writeProject } from "./offline-project";
import { temporaryFolder } from "./support";
import { engineMs } from "../support/limits";

const PROGRAM = `
const random = require("@pulumi/random"), tls = require("@pulumi/tls");
const password = new random.RandomPassword("p", { length: 32, keepers: { turn: process.env.TURN } });
const key = new tls.PrivateKey("ca", { algorithm: "ECDSA", ecdsaCurve: "P256" });
const ca = new tls.SelfSignedCert("ca", {
  privateKeyPem: key.privateKeyPem, subject: { commonName: "CA" }, isCaCertificate: true,
  allowedUses: ["cert_signing"], validityPeriodHours: 24, earlyRenewalHours: Number(process.env.EARLY),
});
const request = new tls.CertRequest("r", { privateKeyPem: key.privateKeyPem, dnsNames: ["localhost"] });
const cert = new tls.LocallySignedCert("c", {
  certRequestPem: request.certRequestPem, caCertPem: ca.certPem, caPrivateKeyPem: key.privateKeyPem,
  allowedUses: ["server_auth"], validityPeriodHours: 24,
});
module.exports = { password: password.result, hash: password.bcryptHash, ca: ca.certPem, cert: cert.certPem };
`;

describe("offline stand-ins under the real engine", function () {
  this.timeout(engineMs);
  const folder = temporaryFolder();
  const project = writeProject(join(folder, "project"));

  before(async () => {
    await ensureToolchain();
    mkdirSync(join(folder, "state"));
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "offline", main: "index.js" }));
    writeFileSync(join(project, "index.js"), PROGRAM);
    for (const shared of ["node_modules", "tools"]) symlinkSync(join(projectFolder, shared), join(project, shared));
  });

  function pulumi(args: string, extra: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
    const tools = toolchainEnv({ local: true });
    const env = {
      ...process.env,
      ...tools,
      // Also where the real plugins are installed it is the stand-ins that are tested here.
      PATH: `${standInFolder}:${tools.PATH}`,
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      TURN: "1",
      EARLY: "0",
      ...extra,
    };
    return new Promise((resolve, reject) => {
      const child = spawn("pulumi", [...args.split(" "), "--non-interactive"], { cwd: project, env });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (data: Buffer) => (output += data.toString()));
      child.on("error", reject).on("close", (code) => resolve({ code, output }));
    });
  }

  async function up(extra?: Record<string, string>) {
    const { code, output } = await pulumi("up --yes --skip-preview --stack here-identity", extra);
    assert.equal(code, 0, output);
    return output;
  }

  it("bring a local stack up, change nothing the second time, replace and update as the real plugins do", async () => {
    await pulumi("stack init here-identity");
    assert.match(await up(), /\+ 6 created/);
    const { output } = await pulumi("stack output --json --show-secrets --stack here-identity");
    const made = JSON.parse(output) as Record<string, string>;
    assert.ok(await compare(made.password!, made.hash!));
    assert.ok(new X509Certificate(made.cert!).verify(createPublicKey(made.ca!)));
    const hidden = await pulumi("stack output --json --stack here-identity");
    assert.ok(!hidden.output.includes(made.password!) && !hidden.output.includes(made.hash!));

    assert.match(await up(), /6 unchanged/);
    assert.match(await up({ TURN: "2" }), /\+-1 replaced/);
    assert.match(await up({ TURN: "2", EARLY: "1" }), /~ 1 updated/);
    // The authority is due, and what it signed follows.
    assert.match(await up({ TURN: "2", EARLY: "24" }), /\+-2 replaced/);
    const destroyed = await pulumi("destroy --yes --skip-preview --stack here-identity");
    assert.match(destroyed.output, /- 6 deleted/);
  });

  it("refuse a stack whose target is not local, and say why", async () => {
    await pulumi("stack init there-identity");
    const { code, output } = await pulumi("preview --stack there-identity");
    assert.notEqual(code, 0);
    assert.ok(
      output.includes(
        "the offline stand-in serves local stacks only, " +
          'and the target of environment "there" of stack "there-identity" is kubernetes',
      ),
      output,
    );
  });
});
