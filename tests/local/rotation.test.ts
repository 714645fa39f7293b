import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { type Authority, issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { makeIdentity, startSupercluster, type Supercluster } from "../support/nats";

const regions = ["iad", "ams", "syd"];

/** The steps of docs/runbooks/rotate.md on real servers: no one ever sees a certificate that it does not trust yet. */
describe("another certificate authority takes over", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let client: NatsConnection;
  let first: { clients: Authority; peers: Authority };
  let second: { clients: Authority; peers: Authority };

  before(async () => {
    const [clients, peers, newClients, newPeers] = await Promise.all(
      ["clients", "peers", "clients 2", "peers 2"].map((name) => makeAuthority(name)),
    );
    first = { clients: clients!, peers: peers! };
    second = { clients: newClients!, peers: newPeers! };
    cluster = await startSupercluster({ identity: await identityOf([first], first) });
    client = await cluster.connect("app", { servers: cluster.urls("iad"), ignoreClusterUpdates: true });
  });
  after(async () => {
    await client?.close();
    await cluster?.stop();
  });

  async function identityOf(trusted: (typeof first)[], signing: typeof first) {
    const bundle = (which: "clients" | "peers") => trusted.map((one) => one[which].cert).join("");
    return {
      ...(await makeIdentity()),
      clientCa: bundle("clients"),
      peerCa: bundle("peers"),
      server: await issue(signing.clients, "server"),
      peer: await issue(signing.peers, "peer", { clientAuth: true }),
    };
  }

  const isMeshed = async (region: string, server: { config: { http: string } }): Promise<boolean> => {
    const answer = await fetch(`http://${server.config.http}/gatewayz`).catch(() => undefined);
    const { outbound_gateways: out = {}, inbound_gateways: into = {} } = ((await answer?.json()) ?? {}) as {
      outbound_gateways?: object;
      inbound_gateways?: object;
    };
    const others = regions
      .filter((other) => other !== region)
      .sort()
      .join();
    return [out, into].every((gateways) => Object.keys(gateways).sort().join() === others);
  };

  const steps: [what: string, phase: () => [trusted: (typeof first)[], signing: typeof first]][] = [
    ["the new one is trusted beside the old one", () => [[first, second], first]],
    ["the new one signs", () => [[first, second], second]],
    ["the old one is trusted no more", () => [[second], second]],
  ];
  for (const [what, phase] of steps) {
    it(`${what}: region by region, with new connections to all others, and no client is rejected`, async () => {
      const before = client.info?.client_id;
      const [trusted, signing] = phase();
      const inputs = cluster.inputs({ identity: await identityOf(trusted, signing) });
      for (const region of regions) {
        const server = inputs[`${region}-0`]!;
        await cluster.ensure({ [server.name]: server });
        // A connection outlives its certificate: only new ones show whether each side accepts the other.
        if (region !== "iad") {
          await cluster.kill(server.name);
          await cluster.ensure({ [server.name]: server });
        }
        assert.ok(
          await pollUntil(() => isMeshed(region, server).then((is) => is || undefined), waitMs),
          `${region} is connected to all others, both ways`,
        );
        const ca = trusted.map(({ clients }) => clients.cert).join("");
        const another = await cluster.connect("app", {
          servers: cluster.urls(region),
          tls: { ca },
          ignoreClusterUpdates: true,
        });
        await another.close();
      }
      assert.deepEqual([client.isClosed(), client.info?.client_id], [false, before]);
    });
  }

  it("ends with clients that only know the old one turned away", async () => {
    await assert.rejects(cluster.connect("app", { tls: { ca: first.clients.cert } }));
  });
});
