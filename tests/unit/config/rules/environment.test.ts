import { environmentRules } from "../../../../config/rules/environment";
import { type Case, itFinds, stream } from "../../../support/rule-cases";

const cases: Case[] = [
  ["a region twice", (_t, e) => e.regions.push("iad"), "environments.test.regions: iad is listed twice"],
  [
    "a server all alone",
    (t, e) => {
      Object.assign(e, { regions: ["ams"], servers: 1 });
      t.home = "ams";
      delete t.streams.ORDERS.mirrors;
    },
    "environments.test.servers: 1 server alone elects no JetStream meta leader",
  ],
  [
    "sizes of no region",
    (_t, e) => (e.byRegion = { fra: { servers: 1 } }),
    'environments.test.byRegion.fra: "fra" is not a region of the environment; known: iad, ams, syd',
  ],
  [
    "a disk of one region that its streams and mirrors do not fit on",
    (t, e) => {
      e.byRegion = { ams: { storage: { file: "100GiB" } } };
      t.streams.ORDERS.maxBytes = "60GiB";
      t.streams.ORDERS.mirrors.ams.maxBytes = "60GiB";
      t.streams.MORE = stream(["more.>"], { maxBytes: "60GiB", home: "ams" });
    },
    'environments.test.byRegion.ams.storage.file: "100GiB" per server is less than the 120GiB that the streams and ',
  ],
  [
    "a disk that is written all the time",
    (_t, e) => (e.syncInterval = "0s"),
    'environments.test.syncInterval: "0s" would do nothing but write; write "always"',
  ],
  [
    "a lame duck that is too quick",
    (_t, e) => (e.lameDuck.duration = "20s"),
    'environments.test.lameDuck.duration: "20s" is below the servers\' minimum; write "30s"',
  ],
  [
    "a grace period that is too long",
    (_t, e) => (e.lameDuck.gracePeriod = "30s"),
    "environments.test.lameDuck.gracePeriod: ",
  ],
  ["messages above what servers take", (_t, e) => (e.maxPayload = "65MiB"), "environments.test.maxPayload: "],
  [
    "messages below what requests need",
    (_t, e) => (e.maxPayload = "4KiB"),
    'environments.test.maxPayload: "4KiB" is out of range: servers accept up to 64MiB and warn above 8MiB, ' +
      "and requests that create streams are messages of up to 256KiB",
  ],
  [
    "ports that do not exist",
    (_t, e) => (e.basePort = 65_000 - 10) && (e.regions = [...e.regions, ..."abcdefghijklmnopqrstuvwxyz"]),
    "environments.test.basePort: 64990 is too high: 29 regions",
  ],
  [
    "ports of listeners that do not exist",
    (_t, e) => {
      Object.assign(e, { listeners: { websocket: {} }, listenersBasePort: 65_000 });
      e.regions.push(...Array.from({ length: 33 }, (_, index) => `r${index}`));
    },
    "environments.test.listenersBasePort: 65000 is too high: 36 regions of 15 ports would end above 65535",
  ],
  [
    "a CA that is not trusted",
    (_t, e) => (e.authorities.peers = { trusted: [1], signing: 2 }),
    "environments.test.authorities.peers.signing: " +
      "2 is not a trusted generation, so its certificates would be refused; " +
      "write one of trusted (1), or add 2 to trusted first",
  ],
  [
    "a supplied CA that is not trusted",
    (_t, e) => (e.authorities.peers = { trusted: [1], signing: 1, supplied: [2] }),
    "environments.test.authorities.peers.supplied: 2 is not a trusted generation, so it would not be used; " +
      "write those of trusted (1), or add it there",
  ],
  [
    "a CA twice",
    (_t, e) => (e.authorities.clients = { trusted: [1, 1], signing: 1 }),
    "environments.test.authorities.clients.trusted: 1, 1 lists a generation twice",
  ],
  [
    "an unknown tenant in a stack",
    (_t, e) => e.jetstream.jetstream.push("shob"),
    'environments.test.jetstream.jetstream[1]: "shob" is not a tenant; did you mean "shop"?',
  ],
  [
    "too little disk",
    (t) =>
      Object.assign(
        t.streams,
        Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`S${i}`, stream([`s${i}.>`], { maxBytes: "20GiB" })])),
      ),
    'environments.test.storage.file: "90GiB" per server is less than the 101GiB that the streams and ' +
      "mirrors of iad reserve on each (10047)",
  ],
  [
    "too little memory",
    (_t, e) => (e.storage.memory = "64MiB"),
    'environments.test.storage.memory: "64MiB" per server is less than the 65MiB that the streams and ' +
      "mirrors of iad reserve on each (10028)",
  ],
];

describe("rules about an environment", () => {
  itFinds(cases, environmentRules.length);
});
