import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import type { Args } from "../../jetstream/wire";
import { addStream, ask } from "../support/accounts";
import { Breakpoints } from "../support/breakpoints";
import { ConfigurationWrites } from "../support/configuration-writes";
import { connectionTo, Deployed } from "../support/deployed";
import { requestMs, serversMs } from "../support/limits";
import { fetchMessages, patiently } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";
import { sideBySide } from "../support/side-by-side";

/** `retain` gets no call of the provider: tests/e2e/jetstream.test.ts has it. */
describe("deletion", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let provider: ProviderProcess;
  const breakpoints = new Breakpoints();
  let app: NatsConnection;
  let writes: ConfigurationWrites;
  const providers: ProviderProcess[] = [];

  const start = async (change: Partial<ConnectionSettings> = {}, env?: NodeJS.ProcessEnv): Promise<ProviderProcess> => {
    const started = await ProviderProcess.start(connectionTo(cluster, change), env);
    providers.push(started);
    return started;
  };

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"] });
    app = await cluster.connect("app");
    [writes, provider] = await Promise.all([ConfigurationWrites.watch(cluster), start({}, breakpoints.env)]);
  });

  after(async () => {
    breakpoints.remove();
    await Promise.all(providers.map((started) => started.stop()));
    await writes?.stop();
    await app?.close();
    await cluster?.stop();
  });

  const base = (name: string, change: Args = {}): Args => ({
    account: "app",
    name,
    region: "iad",
    subjects: [`${name}.>`],
    storage: "memory",
    ...change,
  });
  const ifEmpty = (name: string, change: Args = {}): Args =>
    base(name, { deletionPolicy: "delete-if-empty", ...change });
  const publish = async (name: string) => void (await jetstream(app).publish(`${name}.a`, "1", patiently));
  const found = (name: string) =>
    ask(app, `STREAM.INFO.${name}`) as Promise<{ config: { subjects?: string[] }; state: { messages: number } }>;
  const stays = async (name: string, messages: number) => {
    const { config, state } = await found(name);
    assert.deepEqual([config.subjects, state.messages], [[`${name}.>`], messages]);
  };
  const isGone = (name: string) => assert.rejects(found(name), / 10059 /);

  sideBySide({
    '"delete": a stream goes with all that is in it, and with its durables; once it is gone, that is done already':
      async () => {
        const asset = await Deployed.create(provider, stream, base("DELETED"));
        const billing = await Deployed.create(provider, consumer, {
          account: "app",
          stream: "DELETED",
          name: "billing",
          ackPolicy: "explicit",
        });
        await publish("DELETED");
        await asset.delete();
        await isGone("DELETED");
        await billing.delete();
        await asset.delete();
        await writes.assertOf("DELETED", ["STREAM.CREATE", "STREAM.DELETE"]);
      },

    '"delete-if-empty": a stream with messages stays as it is, and nothing is written': async () => {
      const asset = await Deployed.create(provider, stream, ifEmpty("FILLED"));
      await publish("FILLED");
      await assert.rejects(
        asset.delete(),
        /stream app\/FILLED has 1 messages, and its deletionPolicy is delete-if-empty\. It was kept/,
      );
      await stays("FILLED", 1);
      await writes.assertOf("FILLED", ["STREAM.CREATE"]);
    },

    '"delete-if-empty": an empty stream loses its subjects, is looked at again, and goes': async () => {
      const asset = await Deployed.create(provider, stream, ifEmpty("EMPTY"));
      const deletion = breakpoints.stopAt("before", "STREAM.DELETE.EMPTY");
      const deleted = asset.delete();
      await deletion.reached();
      const { config } = await found("EMPTY");
      assert.deepEqual(config.subjects, ["parked.EMPTY.>"]);
      await assert.rejects(
        jetstream(app).publish("EMPTY.a", "1", { retries: 0 }),
        "no publisher is told that its message is stored",
      );
      assert.deepEqual(breakpoints.takeRequests("EMPTY").slice(-3), [
        "STREAM.UPDATE.EMPTY",
        "STREAM.INFO.EMPTY",
        "STREAM.DELETE.EMPTY",
      ]);
      deletion.goOn();
      await deleted;
      await isGone("EMPTY");
    },

    '"delete-if-empty": a message that comes before the subjects are taken away keeps the stream and its subjects':
      async () => {
        const asset = await Deployed.create(provider, stream, ifEmpty("LATE"));
        const parking = breakpoints.stopAt("before", "STREAM.UPDATE.LATE");
        const refused = assert.rejects(asset.delete(), /stream app\/LATE has 1 messages, .* It was kept/);
        await parking.reached();
        await publish("LATE");
        parking.goOn();
        await refused;
        await stays("LATE", 1);
        await publish("LATE");
        await writes.assertOf("LATE", ["STREAM.CREATE", "STREAM.UPDATE", "STREAM.UPDATE"]);
      },

    '"delete-if-empty": what a killed run began is finished by the next, whether the stream is still empty or not':
      async () => {
        const stops = new Breakpoints();
        const mortal = await start({}, stops.env);
        const names = ["ENDED", "KEPT"];
        const assets = await Promise.all(names.map((name) => Deployed.create(mortal, stream, ifEmpty(name))));
        const before = stops.stopAt("before", "STREAM.UPDATE.KEPT");
        const after = names.map((name) => stops.stopAt("after", `STREAM.UPDATE.${name}`));
        const interrupted = assets.map((asset) => assert.rejects(asset.delete()));
        await before.reached();
        await publish("KEPT");
        before.goOn();
        await Promise.all(after.map((update) => update.reached()));
        await mortal.stop();
        await Promise.all(interrupted);
        stops.remove();

        const [ended, kept] = assets as [Deployed, Deployed];
        ended.provider = kept.provider = provider;
        await Promise.all([ended.delete(), assert.rejects(kept.delete(), /has 1 messages, .* It was kept/)]);
        await isGone("ENDED");
        await stays("KEPT", 1);
      },

    '"delete-if-empty": a durable with messages to go stays, one that has acknowledged all of them goes': async () => {
      await Deployed.create(provider, stream, base("READ"));
      const asset = await Deployed.create(provider, consumer, {
        account: "app",
        stream: "READ",
        name: "billing",
        ackPolicy: "explicit",
        deletionPolicy: "delete-if-empty",
      });
      await publish("READ");
      await assert.rejects(asset.delete(), /consumer app\/READ\/billing has 1 unacknowledged messages/);
      const [message] = await fetchMessages(app, "READ", "billing", 1);
      await assert.rejects(asset.delete(), /has 1 unacknowledged messages/, "delivered is not acknowledged");
      await message!.ackAck({ timeout: requestMs });
      await asset.delete();
      await assert.rejects(ask(app, "CONSUMER.INFO.READ.billing"), / 10014 /);
    },

    '"delete-if-empty": a mirror, which has no subjects, goes when it is empty': async () => {
      await Deployed.create(provider, stream, base("ORIGIN"));
      const mirror = await Deployed.create(
        provider,
        stream,
        ifEmpty("MIRROR", { region: "ams", subjects: undefined, mirror: "ORIGIN" }),
      );
      await mirror.delete();
      await isGone("MIRROR");
      await writes.assertOf("MIRROR", ["STREAM.CREATE", "STREAM.DELETE"]);
    },

    "of a stream that others copy is refused until they are gone": async () => {
      const asset = await Deployed.create(provider, stream, base("COPIED"));
      const copy = await Deployed.create(
        provider,
        stream,
        base("COPY", { region: "ams", subjects: undefined, mirror: "COPIED" }),
      );
      await assert.rejects(
        asset.delete(),
        /stream app\/COPIED is copied by COPY: .* Nothing was changed; remove them first/,
      );
      await stays("COPIED", 0);
      await copy.delete();
      await asset.delete();
      await isGone("COPIED");
    },

    "of a stream that another account copies is refused, which servers do not tell": async () => {
      const asset = await Deployed.create(provider, stream, base("SHARED"));
      const knowing = await ProviderProcess.start(
        connectionTo(cluster, {}, { streams: {}, queues: {}, limited: {}, copied: { SHARED: ["other/COPY"] } }),
      );
      try {
        asset.provider = knowing;
        await assert.rejects(asset.delete(), /stream app\/SHARED is copied by other\/COPY: .* Nothing was changed/);
      } finally {
        asset.provider = provider;
        await knowing.stop();
      }
      await stays("SHARED", 0);
      await asset.delete();
    },

    "leaves what belongs to another stack by now, and says so": async () => {
      const asset = await Deployed.create(provider, stream, base("TAKEN"));
      const durable = await Deployed.create(provider, consumer, {
        account: "app",
        stream: "TAKEN",
        name: "billing",
        ackPolicy: "explicit",
      });
      const theirs = { metadata: { "supercluster.owner": "supercluster/two", "supercluster.nonce": "theirs" } };
      const [{ config: streamConfig }, { config: consumerConfig }] = await Promise.all([
        ask(app, "STREAM.INFO.TAKEN"),
        ask(app, "CONSUMER.INFO.TAKEN.billing"),
      ]);
      await ask(app, "STREAM.UPDATE.TAKEN", { ...(streamConfig as object), ...theirs });
      await ask(app, "CONSUMER.CREATE.TAKEN.billing", {
        stream_name: "TAKEN",
        action: "update",
        config: { ...(consumerConfig as object), ...theirs },
      });
      await durable.delete();
      await asset.delete();
      await stays("TAKEN", 0);
      await ask(app, "CONSUMER.INFO.TAKEN.billing");
      for (const id of ["app/TAKEN", "app/TAKEN/billing"])
        assert.ok(
          provider.stderr.includes(
            `${id} now belongs to another stack: it is kept on the server, and only removed from this state`,
          ),
        );
    },

    '"absent": a stream is deleted with at most the messages that are allowed, counted at preview and right before':
      async () => {
        const asset = await Deployed.create(provider, stream, base("LEFT"));
        const durable = await Deployed.create(provider, consumer, {
          account: "app",
          stream: "LEFT",
          name: "billing",
          ackPolicy: "explicit",
        });
        for (let index = 0; index < 2; index++) await publish("LEFT");
        const leaving = (maxMessages?: number) =>
          base("LEFT", {
            absent: true,
            ...(maxMessages !== undefined && { allowDataLoss: [{ change: "delete", maxMessages }] }),
          });
        const reason = "would delete 2 of 2 messages, 46 B; consumer billing is 2 behind";
        assert.deepEqual(await asset.check(leaving()), [
          {
            property: "absent",
            reason: `${reason}; to allow it: allowDataLoss: [{ change: "delete", maxMessages: 2 }]`,
          },
        ]);
        assert.deepEqual(await asset.check(leaving(1)), [
          { property: "absent", reason: `${reason}; allowDataLoss allows 1` },
        ]);
        await assert.rejects(
          asset.update(leaving()),
          /stream app\/LEFT has 2 messages, and allowDataLoss does not allow losing them/,
        );
        await assert.rejects(
          asset.update(leaving(1)),
          /app\/LEFT: deleting it would delete 2 of 2 .* allows 1\. Nothing was changed/,
        );
        await stays("LEFT", 2);

        assert.equal(await asset.up(leaving(2)), "updated");
        await isGone("LEFT");
        assert.equal(await durable.up({ ...durable.inputs, absent: true }), "updated");
        await asset.refresh();
        await durable.refresh();
        assert.deepEqual(
          [await asset.up(leaving(2)), await asset.up(leaving(0)), asset.state.absent, durable.state.absent],
          ["same", "updated", true, true],
        );
        await addStream(app, { name: "LEFT", subjects: ["LEFT.>"], storage: "memory" });
        // The account may be gone by then: nothing is asked.
        asset.provider = durable.provider = await start({ provisioners: {} });
        await Promise.all([asset.delete(), durable.delete()]);
        await stays("LEFT", 0);
        await writes.assertOf("LEFT", ["STREAM.CREATE", "STREAM.DELETE", "STREAM.CREATE"]);
      },

    '"absent": what was found empty and is not any more stays': async () => {
      const asset = await Deployed.create(provider, stream, base("FULL"));
      const parking = breakpoints.stopAt("before", "STREAM.UPDATE.FULL");
      const refused = assert.rejects(
        asset.up(base("FULL", { absent: true })),
        /stream app\/FULL has 1 messages, .* It was kept/,
      );
      await parking.reached();
      await publish("FULL");
      parking.goOn();
      await refused;
      await stays("FULL", 1);
    },

    '"absent": what is gone already is as it should be, also without state; taken back, it is recreated as specified':
      async () => {
        const durable: Args = { account: "app", stream: "BACK", name: "billing", ackPolicy: "explicit" };
        const assets = [
          await Deployed.create(provider, stream, base("BACK", { absent: true })),
          await Deployed.create(provider, consumer, { ...durable, absent: true }),
        ];
        await isGone("BACK");
        // In a stream that is there the storage could not be changed.
        assert.deepEqual(
          [await assets[0]!.up(base("BACK", { storage: "file" })), await assets[1]!.up(durable)],
          ["updated", "updated"],
        );
        await stays("BACK", 0);
        await ask(app, "CONSUMER.INFO.BACK.billing");
      },

    "of what lives in a region that is named degraded is refused, though its servers answer": async () => {
      const asset = await Deployed.create(provider, stream, base("FAR", { region: "ams" }));
      const { regions } = JSON.parse(connectionTo(cluster)["supercluster:connection"]!) as ConnectionSettings;
      asset.provider = await start({
        regions: regions.map((region) => ({ ...region, degraded: region.name === "ams" })),
      });
      await assert.rejects(
        asset.delete(),
        /region ams is named in supercluster:degraded; its streams and consumers are left as they are/,
      );
      await stays("FAR", 0);
      await writes.assertOf("FAR", ["STREAM.CREATE"]);
    },

    "of a stream whose region was taken out of the settings is done while its servers run": async () => {
      const asset = await Deployed.create(provider, stream, base("OUT", { region: "ams" }));
      const { regions } = JSON.parse(connectionTo(cluster)["supercluster:connection"]!) as ConnectionSettings;
      asset.provider = await start({ regions: regions.filter(({ name }) => name !== "ams") });
      await asset.delete();
      await isGone("OUT");
    },
  });
});
