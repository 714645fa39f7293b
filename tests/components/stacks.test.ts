import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { identity } from "../../stacks/identity";
import { jetstream } from "../../stacks/jetstream";
import { region } from "../../stacks/region";
import { identityOutputs } from "../support/identity";
import { record, settled } from "../support/mocks";
import { stackSettings } from "../support/stack-settings";

/** The keys of nested objects, with the kind of each leaf. */
const shapeOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)])) : typeof value;

describe("the identity stack", () => {
  it("exports, all secret, what tests take for its outputs", async () => {
    const settings = stackSettings("local-identity");
    const { result } = await record(() => identity(settings));
    const outputs = await Promise.all(Object.entries(result).map(async ([name, output]) => [name, await settled(output)] as const));
    for (const [name, { secret }] of outputs) assert.equal(secret, true, `${name} is secret`);
    const values = Object.fromEntries(outputs.map(([name, { value }]) => [name, value]));
    assert.deepEqual(shapeOf(values), shapeOf(identityOutputs(settings.environment, settings.tenants)));
  });

  it("protects everything it holds, except in the local environment", async () => {
    const isProtected = async (stack: string) =>
      new Set((await record(() => identity(stackSettings(stack)))).registrations.map(({ options }) => options.protect ?? false));
    assert.deepEqual([...(await isProtected("identity"))], [true]);
    assert.deepEqual([...(await isProtected("local-identity"))], [false]);
  });
});

describe("the jetstream stack with a region lost", () => {
  const settings = { ...stackSettings<"jetstream">("local-jetstream"), degraded: ["syd"] };
  const identities = { "organization/supercluster/local-identity": identityOutputs(settings.environment, settings.tenants) };
  const run = (accounts?: object) =>
    record(() => jetstream(settings), {
      stack: "local-jetstream",
      references: { ...identities, "organization/supercluster/local-jetstream": accounts ? { accounts } : {} },
    });
  const nameOf = ({ inputs }: { inputs: Record<string, unknown> }) => inputs.name;
  const inSyd = ({ inputs }: { inputs: Record<string, unknown> }) => inputs.region === "syd";

  it("plans nothing new in it", async () => {
    const { of } = await run();
    const streams = of("pulumi-nodejs:dynamic/nats:Stream");
    assert.deepEqual(streams.filter(inSyd).map(nameOf), []);
    assert.ok(streams.map(nameOf).includes("COVENANT_USERS-ams"));
  });

  it("leaves what was there before as it was, and keeps it in its outputs", async () => {
    const { of, result } = await run({ covenant: { streams: ["COVENANT_USERS-syd"], consumers: [] } });
    const lost = of("pulumi-nodejs:dynamic/nats:Stream").filter(inSyd);
    assert.deepEqual(lost.map(nameOf), ["COVENANT_USERS-syd"]);
    assert.deepEqual(lost.map(({ options }) => options.ignoreChanges), [["*"]]);
    assert.ok((result as { accounts: Record<string, { streams: string[] }> }).accounts.covenant!.streams.includes("COVENANT_USERS-syd"));
  });
});

describe("a region stack", () => {
  const settings = stackSettings<"region">("local-syd");
  const outputs = identityOutputs(settings.environment, settings.tenants);

  it("takes its own part of the identity and nobody else's", async () => {
    const references = { "organization/supercluster/local-identity": { syd: outputs.syd } };
    const { of } = await record(() => region(settings), { references });
    assert.deepEqual(of("pulumi:pulumi:StackReference").map(({ inputs }) => inputs.name), Object.keys(references));
    assert.equal(of("pulumi-nodejs:dynamic/local:Server").length, 3);
  });

  it("shows the CA, and passwords as secrets", async () => {
    const references = { "organization/supercluster/local-identity": outputs };
    const { result } = await record(() => region(settings), { references });
    assert.deepEqual(await settled(result.ca as pulumi.Output<string>), { value: "certificate of the client CA", secret: false });
    const accounts = result.accounts as Record<string, { users: Record<string, { password: pulumi.Output<string> }> }>;
    const users = Object.values(accounts).flatMap((account) => Object.values(account.users));
    assert.equal(users.length, Object.keys((outputs.syd as { users: object }).users).length);
    for (const { password } of users) assert.equal((await settled(password)).secret, true);
  });

  it("is the same on Kubernetes, for clients of its load balancer", async () => {
    const production = stackSettings<"region">("iad");
    const references = { "organization/supercluster/identity": identityOutputs(production.environment, production.tenants) };
    const { result, of } = await record(() => region(production), { references });
    assert.deepEqual((result.region as { clientUrls: string[] }).clientUrls, ["tls://nats.iad.nats.example.com:4222"]);
    assert.equal(of("kubernetes:helm.sh/v3:Release").length, 1);
    assert.equal(of("pulumi-nodejs:dynamic/local:Server").length, 0);
  }).timeout(30_000);
});
