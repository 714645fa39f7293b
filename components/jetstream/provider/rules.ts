import type { Args } from "../wire";

/** What the server cannot change in place, with its error, so that a plan can say it. `when` sees what was deployed and what is wanted. */
export interface ImmutableRule {
  property: string;
  when(deployed: Args, wanted: Args): boolean;
  reason: string;
}

const changed = (property: string) => (deployed: Args, wanted: Args) => JSON.stringify(deployed[property]) !== JSON.stringify(wanted[property]);

const always = (property: string, reason: string): ImmutableRule => ({ property, when: changed(property), reason });

const turnedOff = (property: string): ImmutableRule => ({
  property,
  when: (deployed, wanted) => deployed[property] === true && !wanted[property],
  reason: "cannot be taken back once it is on (error 10052)",
});

const isAnother = (what: string) => `is another ${what}: give it its own entry, and take this one out when it is empty`;

export const streamRules: ImmutableRule[] = [
  always("account", isAnother("stream")),
  always("name", isAnother("stream")),
  always("storage", "cannot be changed in place (error 10052), and a new stream would start empty"),
  {
    property: "retention",
    when: (deployed, wanted) => changed("retention")(deployed, wanted) && [deployed.retention, wanted.retention].includes("workqueue"),
    reason: "cannot change to or from workqueue in place (error 10052), and a new stream would start empty",
  },
  {
    property: "mirror",
    when: (deployed, wanted) => changed("mirror")(deployed, wanted) && wanted.mirror !== undefined,
    reason: "cannot be set or changed on a stream that is there (error 10055); taking it away promotes the mirror",
  },
  turnedOff("denyDelete"),
  turnedOff("denyPurge"),
];

const losesPosition = "cannot be changed in place (error 10012), and a new durable would lose its position: give it another name";

export const consumerRules: ImmutableRule[] = [
  always("account", isAnother("consumer")),
  always("stream", isAnother("consumer")),
  always("name", isAnother("consumer")),
  ...["deliverPolicy", "ackPolicy", "replayPolicy", "idleHeartbeat", "flowControl", "maxWaiting"].map((property) => always(property, losesPosition)),
  {
    property: "deliverSubject",
    when: (deployed, wanted) => (deployed.deliverSubject === undefined) !== (wanted.deliverSubject === undefined),
    reason: `push and pull ${losesPosition}`,
  },
];
