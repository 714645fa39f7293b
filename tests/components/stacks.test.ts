import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Declared } from "../../config/assets/declared";
import type { Settings } from "../../config/load";
import { post, warehouse } from "../../docs/examples/tenants/copies";
import { declaredReservations, type Reservations, union } from "../../config/assets/reservations";
import { identity } from "../../stacks/identity";
import { jetstream } from "../../stacks/jetstream";
import { region } from "../../stacks/region";
import { identityOutputs } from "../support/identity";
import { serversMs } from "../support/limits";
import { record, settled } from "../support/mocks";
import { ownCache } from "../support/own-cache";
import { stackSettings } from "../support/stack-settings";

/** As the engine is asked for it. */
interface Alias {
  spec: { name: string };
}

/** The keys of nested objects, with the kind of each leaf. */
const shapeOf = (value: unknown): unknown =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shapeOf(item)]))
    : typeof value;

describe("the identity stack", () => {
  it("exports, all secret, what tests take for its outputs", async () => {
    const settings = stackSettings("local-identity");
    const { result } = await record(() => identity(settings));
    const outputs = await Promise.all(
      Object.entries(result).map(async ([name, output]) => [name, await settled(output)] as const),
    );
    for (const [name, { secret }] of outputs) assert.equal(secret, true, `${name} is secret`);
    const values = Object.fromEntries(outputs.map(([name, { value }]) => [name, value]));
    assert.deepEqual(shapeOf(values), shapeOf(identityOutputs(settings.environment, settings.tenants)));
  });

  it("protects what cannot be recreated and nothing that is renewed; in the local environment nothing", async () => {
    const protectedIn = async (stack: string) =>
      (await record(() => identity(stackSettings(stack)))).registrations
        .filter(({ options }) => options.protect)
        .map(({ name }) => name);
    assert.deepEqual((await protectedIn("identity")).sort(), [
      // Keys of AWS that encrypt the secret of a region's identity.
      ...["ams-identity-key", "ams-jetstream-key", "client-ca-cert", "client-ca-key"],
      ...["iad-identity-key", "iad-jetstream-key", "peer-ca-cert", "peer-ca-key"],
      ...["syd-identity-key", "syd-jetstream-key"],
      ...["aigentflow", "arrakis", "covenant", "irisx"].map((account) => `users-${account}-provisioner`),
      "users-salts",
    ]);
    assert.deepEqual(await protectedIn("local-identity"), []);
  });
});

describe("a tenant that is leaving", () => {
  const of = <Kind extends "identity" | "jetstream">(stack: string) => {
    const settings = stackSettings<Kind>(stack);
    const covenant = {
      ...settings.tenants.covenant!,
      state: "leaving" as const,
      allowDataLoss: [{ change: "delete" as const, maxMessages: 7 }],
    };
    return { ...settings, tenants: { ...settings.tenants, covenant } };
  };
  const [stream, consumer] = ["pulumi-nodejs:dynamic/nats:Stream", "pulumi-nodejs:dynamic/nats:Consumer"] as const;
  const run = (change: Partial<Settings<"jetstream">> = {}) => {
    const settings = { ...of<"jetstream">("jetstream"), ...change };
    const references = {
      "organization/supercluster/identity": identityOutputs(settings.environment, settings.tenants),
      "organization/supercluster/jetstream": {},
    };
    return record(() => jetstream(settings), { stack: "jetstream", references });
  };

  it("leaves its provisioner unprotected in the identity stack, and no other one", async () => {
    const { registrations } = await record(() => identity(of<"identity">("identity")));
    const unprotected = registrations
      .filter(({ options, name }) => !options.protect && name.endsWith("-provisioner"))
      .map(({ name }) => name);
    assert.deepEqual(unprotected, ["users-covenant-provisioner"]);
  });

  it("has every stream and durable absent and unprotected, with its allowed loss; others stay retained", async () => {
    const { of: registered } = await run();
    for (const { inputs, options, name } of [...registered(stream), ...registered(consumer)]) {
      const isGoing = inputs.account === "covenant";
      const isDerived = inputs.name === "CANARY" || inputs.name === "canary" || inputs.stream === "REPLAYS";
      assert.deepEqual(
        [inputs.absent, options.protect, options.retainOnDelete],
        isGoing || isDerived ? [isGoing || undefined, undefined, undefined] : [undefined, true, true],
        name,
      );
    }
    const users = registered(stream).filter(
      ({ inputs }) => inputs.account === "covenant" && (inputs.name as string).startsWith("COVENANT_USERS"),
    );
    assert.deepEqual(
      users.map(({ inputs }) => inputs.allowDataLoss),
      users.map(() => [{ change: "delete", maxMessages: 7 }]),
    );
  });

  it("has mirrors deleted before their origin, and durables after their stream", async () => {
    const { of: registered } = await run();
    const dependencies = (type: string, name: string) =>
      registered(type).find((one) => one.name === name)!.options.dependencies;
    assert.deepEqual(dependencies(stream, "covenant-COVENANT_USERS"), [
      "covenant-COVENANT_USERS-ams",
      "covenant-COVENANT_USERS-syd",
    ]);
    assert.equal(dependencies(stream, "covenant-COVENANT_USERS-ams"), undefined);
    assert.deepEqual(dependencies(consumer, "covenant-COVENANT_USERS-ANALYTICS"), ["covenant-COVENANT_USERS"]);
    assert.deepEqual(dependencies(stream, "arrakis-ELIGIBILITY-ams"), ["arrakis-ELIGIBILITY"]);
  });

  it("is no longer among the outputs once everything is deleted", async () => {
    const { value } = await settled(pulumi.output((await run()).result.accounts));
    assert.deepEqual(Object.keys(value), ["arrakis", "irisx", "aigentflow"]);
  });

  it("has what lives in a lost region left as it was", async () => {
    const settings = of<"jetstream">("jetstream");
    const before = { covenant: { streams: ["COVENANT_USERS-syd"], consumers: [] } };
    const references = {
      "organization/supercluster/identity": identityOutputs(settings.environment, settings.tenants),
      "organization/supercluster/jetstream": { accounts: before },
    };
    const { of: registered, result } = await record(() => jetstream({ ...settings, degraded: ["syd"] }), {
      stack: "jetstream",
      references,
    });
    const lost = registered(stream).filter(({ inputs }) => inputs.region === "syd");
    assert.deepEqual(
      lost.map(({ inputs, options }) => [inputs.name, inputs.absent, options.protect]),
      [["COVENANT_USERS-syd", undefined, true]],
    );
    assert.deepEqual((await settled(pulumi.output(result.accounts))).value.covenant, before.covenant);
  });
});

describe("streams and durables of the local environment", () => {
  const run = async () => {
    const settings = stackSettings<"jetstream">("local-jetstream");
    const irisx = settings.tenants.irisx!;
    const [[stream, spec]] = Object.entries(irisx.streams) as [[string, object]];
    const [[durable, reader]] = Object.entries(irisx.consumers) as [[string, object]];
    const streams = {
      ...irisx.streams,
      [stream]: { ...spec, deletionPolicy: "retain" },
      "A-B": { ...spec, subjects: ["a"] },
    };
    const consumers = {
      ...irisx.consumers,
      [durable]: { ...reader, deletionPolicy: "retain" },
      "B-c": { ...reader, streams: ["A-B"], filterSubjects: undefined },
    };
    const tenants = { ...settings.tenants, irisx: { ...irisx, streams, consumers } as typeof irisx };
    const recording = await record(() => jetstream({ ...settings, tenants }), {
      stack: "local-jetstream",
      references: {
        "organization/supercluster/local-identity": identityOutputs(settings.environment, tenants),
        "organization/supercluster/local-jetstream": {},
      },
    });
    return { ...recording, stream: `irisx-${stream}`, durable };
  };

  it("are deleted when they are taken out, unless they are retained explicitly", async () => {
    const { of, stream, durable } = await run();
    const isRetained = ({ options }: { options: { protect?: boolean } }) => options.protect ?? false;
    const streams = of("pulumi-nodejs:dynamic/nats:Stream");
    assert.deepEqual(
      streams.filter(isRetained).map(({ name }) => name),
      [stream],
    );
    const consumers = of("pulumi-nodejs:dynamic/nats:Consumer").filter(isRetained);
    // A consumer's lanes are durables of the same kind.
    assert.deepEqual(consumers.map(({ inputs }) => inputs.name).sort(), [durable, `${durable}-high`, `${durable}-low`]);
  });

  it("have names that cannot collide, and the former ones as aliases", async () => {
    const { of } = await run();
    const renamed = of("pulumi-nodejs:dynamic/nats:Consumer").filter(({ options }) => options.aliases?.length);
    assert.deepEqual(
      renamed.map(({ name, options }) => [name, options.aliases!.map((alias) => (alias as Alias).spec.name)]),
      [["irisx/A-B/B-c", ["irisx-A-B-B-c"]]],
    );
  });

  it("are known to the provider, which moves subjects between them", async () => {
    const { of } = await run();
    const [provider] = of("pulumi:providers:pulumi-nodejs");
    const { irisx } = JSON.parse(String(provider!.inputs["supercluster:declared"])) as Record<string, Declared>;
    assert.deepEqual(irisx!.streams["A-B"], ["a"]);
  });
});

describe("streams that copy those of another account", () => {
  it("are made after their origins, whichever tenant comes first, by the prefixes of accounts", async () => {
    const settings = stackSettings<"jetstream">("local-jetstream");
    const tenants = { warehouse, post };
    const environment = { ...settings.environment, jetstream: { jetstream: ["warehouse", "post"] } };
    const { of: registered } = await record(() => jetstream({ ...settings, environment, tenants }), {
      stack: "local-jetstream",
      references: {
        "organization/supercluster/local-identity": identityOutputs(environment, tenants),
        "organization/supercluster/local-jetstream": {},
      },
    });
    const asset = (name: string) => registered("pulumi-nodejs:dynamic/nats:Stream").find((one) => one.name === name)!;
    assert.deepEqual(asset("warehouse-PARCELS").options.dependencies, ["post-PARCELS"]);
    assert.deepEqual(asset("warehouse-EVENTS").options.dependencies, ["post-LETTERS"]);
    assert.deepEqual(asset("warehouse-PARCELS").inputs.mirror, {
      name: "PARCELS",
      external: { api: "$JS.ACCOUNTS.post.API", deliver: "$JS.COPIES.warehouse" },
    });
  });
});

describe("a tenant that was just taken out", () => {
  const streams = { covenant: { streams: ["COVENANT_USERS"], consumers: [] } };
  const refusal = /account covenant was taken out, and still owns COVENANT_USERS\n/;
  const without = <Kind extends "region" | "jetstream">(stack: string) => {
    const settings = stackSettings<Kind>(stack);
    const { covenant: _, ...tenants } = settings.tenants;
    return { ...settings, tenants };
  };

  it(
    "is refused by the jetstream stack that has its streams, before it registers anything; " +
      "not by one that it never was in",
    async () => {
      const settings = without<"jetstream">("local-jetstream");
      const run = (accounts: object) =>
        record(() => jetstream(settings), {
          stack: "local-jetstream",
          references: {
            "organization/supercluster/local-identity": identityOutputs(settings.environment, settings.tenants),
            "organization/supercluster/local-jetstream": { accounts },
          },
        });
      await assert.rejects(run(streams), refusal);
      await run({ covenant: { streams: [], consumers: [] } });
    },
  );

  it("is refused by a region by what the jetstream stacks have, where no server can be asked", async () => {
    const settings = without<"region">("local-syd");
    const environment = { ...settings.environment, basePort: 26120 } as typeof settings.environment;
    const admin = { login: "sys-admin", password: "secret", inboxPrefix: "_INBOX_admin" };
    const before = {
      ca: "CA of clients",
      accounts: { covenant: { users: {} }, irisx: { users: {} }, sys: { users: { admin } } },
    };
    const references = (deployed: Record<string, unknown>) => ({
      "organization/supercluster/local-syd": before,
      "organization/supercluster/local-jetstream": deployed,
      "organization/supercluster/local-identity": identityOutputs(settings.environment, settings.tenants),
    });
    const run = (deployed: Record<string, unknown>) =>
      record(() => region({ ...settings, environment }), { stack: "local-syd", references: references(deployed) });
    await assert.rejects(run({ accounts: streams }), refusal);
    // Regions come up also where all servers are down.
    assert.equal((await run({ accounts: {} })).of("pulumi-nodejs:dynamic/local:Server").length, 3);
  }).timeout(serversMs);
});

describe("a region with fewer servers than it was deployed with", () => {
  const cache = ownCache();
  const settings = stackSettings<"region">("local-syd");
  const environment = { ...settings.environment, basePort: 26120 } as typeof settings.environment;
  const admin = { login: "sys-admin", password: "secret", inboxPrefix: "_INBOX_admin" };
  const run = (servers: string[]) =>
    record(() => region({ ...settings, environment }), {
      stack: "local-syd",
      references: {
        "organization/supercluster/local-syd": {
          region: { servers },
          ca: "certificate",
          accounts: Object.fromEntries([
            ...Object.keys(settings.tenants).map((name) => [name, { users: {} }]),
            ["sys", { users: { admin } }],
          ]),
        },
        "organization/supercluster/local-identity": identityOutputs(settings.environment, settings.tenants),
      },
    });

  it("registers nothing while no server can be asked what the others hold, and reports the command", async () => {
    await assert.rejects(
      run(["syd-0", "syd-1", "syd-2", "syd-3", "syd-4"]),
      /syd was deployed with 5 servers .* syd-3, syd-4 cannot be stopped yet:\n {2}no server answers[^]*npm run drain-servers/,
    );
  }).timeout(serversMs);

  it("registers nothing when it is not deployed and folders of its former servers hold streams", async () => {
    fs.mkdirSync(path.join(cache(), "environments/local/syd/syd-3/data/jetstream/irisx/streams/SMS"), {
      recursive: true,
    });
    const references = {
      "organization/supercluster/local-identity": identityOutputs(settings.environment, settings.tenants),
    };
    await assert.rejects(
      record(() => region({ ...settings, environment }), { stack: "local-syd", references }),
      /syd has 3 servers in its settings, and syd-3, .* stopped with copies of irisx\/SMS\..*npm run drain-servers/,
    );
  });

  it("asks no server with as many as before, or more", async () => {
    for (const servers of [["syd-0"], ["syd-0", "syd-1", "syd-2"]])
      assert.equal((await run(servers)).of("pulumi-nodejs:dynamic/local:Server").length, 3);
  });
});

describe("the jetstream stack with a region lost", () => {
  const settings = { ...stackSettings<"jetstream">("local-jetstream"), degraded: ["syd"] };
  const identities = {
    "organization/supercluster/local-identity": identityOutputs(settings.environment, settings.tenants),
  };
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
    assert.deepEqual(
      lost.map(({ options }) => options.ignoreChanges),
      [["*"]],
    );
    assert.ok(
      (result as { accounts: Record<string, { streams: string[] }> }).accounts.covenant!.streams.includes(
        "COVENANT_USERS-syd",
      ),
    );
  });
});

describe("a region stack", () => {
  /** As it is before the first update. */
  const itself = { stack: "local-syd", references: { "organization/supercluster/local-syd": {} } };
  const settings = stackSettings<"region">("local-syd");
  const outputs = identityOutputs(settings.environment, settings.tenants);

  it("reads its own part of the identity only", async () => {
    const { of } = await record(() => region(settings), {
      ...itself,
      references: { ...itself.references, "organization/supercluster/local-identity": { syd: outputs.syd } },
    });
    assert.deepEqual(
      of("pulumi:pulumi:StackReference").map(({ inputs }) => inputs.name),
      ["organization/supercluster/local-identity"],
    );
    assert.equal(of("pulumi-nodejs:dynamic/local:Server").length, 3);
  });

  it("begins with the limits of another region, and lowers none where no server can be asked", async () => {
    // Where no server listens.
    const environment = { ...settings.environment, basePort: 26120 } as typeof settings.environment;
    const declared = declaredReservations(environment, settings.tenants);
    const admin = { login: "sys-admin", password: "secret", inboxPrefix: "_INBOX_admin" };
    const run = async (reservations: Reservations | undefined) => {
      const iad = { ca: "CA of clients", accounts: { sys: { users: { admin } } }, reservations };
      const { result } = await record(() => region({ ...settings, environment }), {
        ...itself,
        references: {
          ...itself.references,
          "organization/supercluster/local-iad": iad,
          "organization/supercluster/local-identity": outputs,
        },
      });
      return result.reservations as Reservations;
    };
    const retained = { irisx: { RETAINED: { file: 512 } } };
    assert.deepEqual(await run(union(declared, retained)), union(declared, retained));
    assert.deepEqual(await run(declared), declared);
    // Deployed by a version that did not record it.
    assert.deepEqual(await run(undefined), declared);
  });

  it("shows the CA, and passwords as secrets", async () => {
    const { result } = await record(() => region(settings), {
      ...itself,
      references: { ...itself.references, "organization/supercluster/local-identity": outputs },
    });
    assert.deepEqual(await settled(result.ca as pulumi.Output<string>), {
      value: "certificate of the client CA",
      secret: false,
    });
    const accounts = result.accounts as Record<string, { users: Record<string, { password: pulumi.Output<string> }> }>;
    const users = Object.values(accounts).flatMap((account) => Object.values(account.users));
    assert.equal(users.length, Object.keys((outputs.syd as { users: object }).users).length);
    for (const { password } of users) assert.equal((await settled(password)).secret, true);
  });

  it("is the same on Kubernetes, for clients of its load balancer", async () => {
    const stack = "production-kubernetes-iad";
    const production = stackSettings<"region">(stack);
    const references = {
      "organization/supercluster/production-kubernetes-identity": identityOutputs(
        production.environment,
        production.tenants,
      ),
      [`organization/supercluster/${stack}`]: {},
    };
    const { result, of } = await record(() => region(production), { stack, references });
    assert.deepEqual((result.region as { clientUrls: string[] }).clientUrls, ["tls://nats.iad.nats.example.net:4222"]);
    assert.equal(of("kubernetes:helm.sh/v3:Release").length, 1);
    assert.equal(of("pulumi-nodejs:dynamic/local:Server").length, 0);
  }).timeout(serversMs);
});
