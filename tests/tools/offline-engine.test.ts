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

interface Exported {
  deployment: { resources: { urn: string; protect?: boolean }[] };
}

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

/** Users as a former release had them, all of it protected, and as today's component has them. */
const USERS = `
require("./tools/runtime.cjs");
const pulumi = require("@pulumi/pulumi"), random = require("@pulumi/random");
const { Credentials } = require(${JSON.stringify(join(projectFolder, "components/security/credentials"))});
const users = process.env.USERS.split(",");
if (process.env.FORMER) {
  const options = { protect: true };
  const parent = new pulumi.ComponentResource("supercluster:security:Credentials", "users", {}, options);
  for (const user of users)
    new random.RandomPassword("users-app-" + user, { length: 32, special: false }, { ...options, parent });
  new random.RandomPassword("renewed", { length: 32 }, options);
} else {
  const all = users.map((name) => ({ name, login: "app-" + name }));
  new Credentials("users", { accounts: [{ name: "app", users: all }], protect: true });
  new random.RandomPassword("renewed", { length: 33 });
}
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

  it("let what was protected be replaced by the update that unprotects it, and removed by the next", async () => {
    writeFileSync(join(project, "index.js"), USERS);
    const protectedNow = async () => {
      const { output } = await pulumi("stack export --stack here-identity");
      const { resources } = (JSON.parse(output) as Exported).deployment;
      return resources.flatMap(({ urn, protect }) => (protect ? [urn.split("::").at(-1)!] : [])).sort();
    };
    await up({ USERS: "api,provisioner", FORMER: "1" });
    assert.deepEqual(await protectedNow(), ["renewed", "users", "users-app-api", "users-app-provisioner"]);
    const refused = await pulumi("up --yes --skip-preview --stack here-identity", {
      USERS: "provisioner",
      FORMER: "1",
    });
    assert.match(refused.output, /users-app-api[^]*cannot be deleted\s*because it is protected/);

    assert.match(await up({ USERS: "api,provisioner" }), /\+-1 replaced/);
    assert.deepEqual(await protectedNow(), ["users-app-provisioner", "users-salts"]);
    assert.match(await up({ USERS: "provisioner" }), /- 1 deleted/);
  });
});
