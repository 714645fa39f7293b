import type { Drill, DrillName } from "./drill";

const local = (what: string) => ({
  refused: `${what}; rehearse it on a local environment`,
});

const killed = "a process of nats-server, by SIGKILL";
const startedAgain = "starts the server again from its own files; the next npm start does the same";
/** The goal: one server lost is no gap over 5 s. */
const goal = 5;
/**
 * A leader that ends without a word: followers wait 4 to 9 s before they elect another, and as long again where no one
 * wins (minElectionTimeout and maxElectionTimeout, nats-server 2.14.9 server/raft.go; they are no settings).
 */
const election = 15;

/** What each drill is. `run.ts` measures, `accidents/` makes it happen. */
export const drills: Record<DrillName, Drill> = {
  nothing: {
    name: "nothing",
    does: "nothing: what is measured without an accident, or while you cause one by hand",
    touches: "publishes to every stream of the tenants",
    undo: "nothing to undo; the messages stay until their streams' limits",
    ...{ holdSeconds: 15, takesSeconds: 25, production: "confirmed" },
    expected: { home: 1.5, elsewhere: 1.5 },
    prepare: () => () => Promise.resolve({ begin: () => Promise.resolve() }),
  },
  "server-stopped": {
    name: "server-stopped",
    does: "ends the server of the region that leads most streams by lame duck mode, as a deployment or a drained node",
    touches: "a process of nats-server, by SIGUSR2",
    ...{ undo: startedAgain, holdSeconds: 5, takesSeconds: 60 },
    production: local("it ends a process of this machine"),
    expected: { home: goal, elsewhere: goal, alerts: ["NATSServerDown"] },
    prepare: () => servers().serverStopped,
  },
  "server-killed": {
    name: "server-killed",
    does: "kills the server of the region that leads most streams",
    ...{ touches: killed, undo: startedAgain, holdSeconds: 15, takesSeconds: 35 },
    production: local("it kills a process of this machine"),
    expected: { home: election, elsewhere: election, alerts: ["NATSServerDown"] },
    prepare: () => servers().serverKilled,
  },
  "meta-leader-lost": {
    name: "meta-leader-lost",
    does: "kills the server that leads the meta group, which creates and changes streams, in whatever region it is",
    ...{ touches: killed, undo: startedAgain, holdSeconds: 15, takesSeconds: 35 },
    production: local("it kills a process of this machine"),
    expected: { home: election, elsewhere: election, alerts: ["NATSServerDown"] },
    prepare: () => servers().metaLeaderLost,
  },
  "slow-disk": {
    name: "slow-disk",
    does: "each write and synchronisation of one server's files takes 200 ms longer (strace delays the system calls)",
    touches: "the process of the server that leads most streams, by ptrace; it is slower in all it does",
    undo: "ends strace; a killed drill's ends with it",
    ...{ holdSeconds: 15, takesSeconds: 35 },
    production: local("it traces a process of this machine"),
    expected: { home: goal, elsewhere: goal },
    prepare: () => disk().slowDisk,
  },
  "disk-full": {
    name: "disk-full",
    does: "each write to one server's files fails with ENOSPC, as on a full volume (strace fails the system calls)",
    touches: "the process of the server that leads most streams, by ptrace; no file of another program",
    undo: "ends strace and restarts the server, which has turned JetStream off; the next npm start does the same",
    ...{ holdSeconds: 15, takesSeconds: 40 },
    production: local("it traces a process of this machine"),
    expected: { home: election, elsewhere: election },
    prepare: () => disk().diskFull,
  },
  "gateway-slow": {
    name: "gateway-slow",
    does: "250 ms more each way between the region and another one",
    touches: "restarts the servers of both regions, one after another, so that their gateways go through toxiproxy",
    undo: "removes the delay, and restarts them with their settings; the next npm start does the same",
    ...{ holdSeconds: 15, takesSeconds: 90 },
    production: local("it restarts servers behind proxies of this machine"),
    expected: { home: goal, elsewhere: goal },
    prepare: () => gateways().gatewaySlow,
  },
  "gateway-cut": {
    name: "gateway-cut",
    does: "nothing passes between the region and another one; connections stay open, as behind a broken line",
    touches: "restarts the servers of both regions, one after another, so that their gateways go through toxiproxy",
    undo: "lets everything pass, and restarts them with their settings; the next npm start does the same",
    ...{ holdSeconds: 15, takesSeconds: 90 },
    production: local("it restarts servers behind proxies of this machine"),
    // Gateways that are open get no answer to a ping for up to a minute; what the accident ends is dialled again.
    expected: { home: goal, elsewhere: { whileItLasts: 15 } },
    prepare: () => gateways().gatewayCut,
  },
  "certificate-expired": {
    name: "certificate-expired",
    does: "clients of the region are shown an expired certificate, by all of its servers",
    touches: "a certificate beside those of the region's servers, and a reload; authorities and keys stay",
    undo: "reloads their own; the next npm start does the same by a restart",
    ...{ holdSeconds: 15, takesSeconds: 35 },
    production: local("it changes files of servers of this machine"),
    expected: { home: goal, elsewhere: goal, alerts: ["NATSCertificateExpiring"] },
    prepare: () => (require("./accidents/certificate") as typeof import("./accidents/certificate")).certificateExpired,
  },
  "client-storm": {
    name: "client-storm",
    does: "5,000 clients connect to the region at the same time (--clients), and stay",
    touches: "connections of a user of the tenant with most streams, from processes of their own",
    undo: "closes them; a killed drill's end with it",
    ...{ holdSeconds: 10, takesSeconds: 90 },
    production: { refused: "5,000 logins at once are felt by real clients; rehearse it on a local environment" },
    expected: { home: goal, elsewhere: goal },
    prepare: () => (require("./accidents/storm") as typeof import("./accidents/storm")).clientStorm,
  },
  "poison-message": {
    name: "poison-message",
    does: "each account with workers gets a message that cannot be parsed; the others must go on, and it be given up",
    touches: "a message on a stream of each account that keeps dead letters, and its dead letter",
    undo: "drops the dead letters",
    ...{ holdSeconds: 15, takesSeconds: 30, production: "confirmed" },
    expected: { home: goal, elsewhere: goal, alerts: ["NATSDeadLetters"] },
    prepare: () => (require("./accidents/poison") as typeof import("./accidents/poison")).poisonMessage,
  },
  "provider-killed": {
    name: "provider-killed",
    does: "deletes the durable CANARY/canary of an account, and kills the provider in the up that creates it again",
    touches: "a durable that only npm run verify uses, and the state of a jetstream stack",
    undo: "runs the up again, which must leave nothing to do; npm start does the same",
    ...{ holdSeconds: 5, takesSeconds: 45 },
    production: local("it kills a process of a deployment"),
    expected: { home: goal, elsewhere: goal },
    prepare: () => (require("./accidents/provider") as typeof import("./accidents/provider")).providerKilled,
  },
  "two-of-three": {
    name: "two-of-three",
    does: "kills two servers of the region: what is left has no majority of three replicas",
    touches: "two processes of nats-server, by SIGKILL",
    ...{ undo: startedAgain, holdSeconds: 15, takesSeconds: 45 },
    production: local("it kills processes of this machine"),
    expected: {
      ...{ home: { whileItLasts: 30 }, elsewhere: { whileItLasts: 30 } },
      alerts: ["NATSClusterQuorumLost", "NATSServerDown"],
    },
    prepare: () => servers().twoOfThree,
  },
  "region-lost": {
    name: "region-lost",
    does: "kills all servers of the region, and starts them again: what waits for a region that comes back",
    touches: "all processes of nats-server of the region, by SIGKILL",
    ...{ undo: startedAgain, holdSeconds: 15, takesSeconds: 45 },
    production: local("it kills processes of this machine; npm run failover is what a lost region takes"),
    expected: {
      ...{ home: { whileItLasts: 30 }, elsewhere: { whileItLasts: 30 } },
      alerts: ["NATSClusterQuorumLost", "NATSRegionLost", "NATSServerDown"],
    },
    prepare: () => servers().regionLost,
  },
};

const servers = () => require("./accidents/servers") as typeof import("./accidents/servers");
const disk = () => require("./accidents/disk") as typeof import("./accidents/disk");
const gateways = () => require("./accidents/gateways") as typeof import("./accidents/gateways");
