import { deadLetterNames } from "../../../workers/messaging/contract";
import { plural } from "../../../config/plural";
import type { HappenedEvent, Head, Picture } from "../../picture";

export type Happened = Omit<HappenedEvent, "id">;

type Said = Omit<Happened, "time">;

type Problem = Head["problems"][number];

/** Problems that begin, or end, at once and are told one by one. */
const mostNamed = 4;

/** What happened between two looks, in words. Pure. */
export function differencesOf(before: Picture, now: Picture): Happened[] {
  const { head } = now;
  // What they follow from comes last, which is what people read first.
  const said = [...ofProblems(before.head, head), ...ofStreams(before, now), ...ofGateways(before.head, head)];
  return [...said, ...ofServers(before.head, head)].map((one) => ({ time: head.time, ...one }));
}

function ofServers(before: Head, now: Head): Said[] {
  const earlier = new Map(before.servers.map((server) => [server.name, server]));
  const isLost = (head: Head, region: string) => head.regions.find(({ name }) => name === region)?.serversUp === 0;
  const lost = now.regions.filter(({ name }) => isLost(now, name) && !isLost(before, name)).map(({ name }) => name);
  const leader = (head: Head) => head.servers.find(({ isMetaLeader }) => isMetaLeader)?.name;
  return [
    ...lost.map((region): Said => ({
      ...{ severity: "problem", what: `region ${region}` },
      text: `region ${region} is lost: none of its servers answers`,
    })),
    ...now.servers.flatMap(({ name, region, isUp, started, unhealthy, version, slowConsumers }): Said[] => {
      const was = earlier.get(name);
      if (!was) return [];
      const server = { what: `server ${name}`, server: name };
      if (!isUp)
        return was.isUp && !lost.includes(region)
          ? [{ severity: "problem", ...server, text: `${name} does not answer any more` }]
          : [];
      if (!was.isUp) return [{ severity: "info", ...server, text: `${name} answers again` }];
      const slow = (slowConsumers ?? 0) - (was.slowConsumers ?? 0);
      const say = (isSo: boolean, severity: Said["severity"], text: string): Said[] =>
        isSo ? [{ severity, ...server, text }] : [];
      return [
        ...say(!!started && !!was.started && started !== was.started, "info", `${name} was restarted`),
        ...say(version !== was.version, "info", `${name} runs ${version} instead of ${was.version}`),
        ...say(!!unhealthy && !was.unhealthy, "problem", `${name} is not healthy: ${unhealthy}`),
        ...say(!unhealthy && !!was.unhealthy, "info", `${name} is healthy again`),
        ...say(slow > 0, "warning", `${name} disconnected ${plural(slow, "client")} that read too slowly`),
      ];
    }),
    ...(leader(now) !== leader(before)
      ? [
          leader(now) === undefined
            ? ({ severity: "problem", what: "meta group", text: "there is no meta leader" } as const)
            : ({ severity: "info", what: "meta group", text: `${leader(now)} is the meta leader` } as const),
        ]
      : []),
  ];
}

const ofGateways = (before: Head, now: Head): Said[] =>
  now.gateways.flatMap(({ from, to, connected }): Said[] => {
    const was = before.gateways.find((one) => one.from === from && one.to === to)?.connected;
    const isUp = (region: string) => now.regions.some(({ name, serversUp }) => name === region && serversUp > 0);
    // That a region is lost is said by itself.
    if (!was || !isUp(from) || !isUp(to)) return [];
    const what = `gateway ${from} ${to}`;
    if (was.servers > 0 && connected.servers === 0)
      return [{ severity: "problem", what, text: `no server of ${from} is connected to ${to}` }];
    if (was.servers === 0 && connected.servers > 0)
      return [{ severity: "info", what, text: `${from} is connected to ${to} again` }];
    return [];
  });

function ofStreams(before: Picture, now: Picture): Said[] {
  return Object.entries(now.streams).flatMap(([id, stream]): Said[] => {
    const was = before.streams[id];
    const about = { what: `stream ${id}`, account: stream.account, stream: stream.name };
    if (!was) return [{ severity: "info", ...about, text: `stream ${id} is new${by(stream.owner)}` }];
    if (!was.leader || !stream.leader) return [];
    const names = Object.keys({ ...was.config, ...stream.config });
    const changes = [
      ...names
        .filter((name) => was.config?.[name] !== stream.config?.[name])
        .map((name) => `${name} ${was.config?.[name] ?? "unset"} -> ${stream.config?.[name] ?? "unset"}`),
      ...(String(was.subjects) === String(stream.subjects)
        ? []
        : [`subjects ${was.subjects.join(", ") || "none"} -> ${stream.subjects.join(", ") || "none"}`]),
    ];
    const givenUp = stream.name === deadLetterNames.copies ? (stream.messages ?? 0) - (was.messages ?? 0) : 0;
    const changed: Said = {
      ...{ severity: "info", ...about },
      text: `${id} was changed${by(stream.owner)}: ${changes.join("; ")}`,
    };
    const lost: Said = {
      ...{ severity: "warning", ...about, what: `dead letters ${stream.account}` },
      text: `${stream.account} gave up ${plural(givenUp, "message")}`,
    };
    return [...(changes.length > 0 ? [changed] : []), ...(givenUp > 0 ? [lost] : [])];
  });
}

const by = (owner: string | undefined): string => (owner === undefined ? "" : ` (managed by ${owner})`);

/** Those of what is lost are said above, and counts of dead letters too. */
const isSaid = ({ what, detail }: Problem): boolean =>
  /^(region|server|gateway) /.test(what) ||
  (what.endsWith(`/${deadLetterNames.copies}`) && detail.endsWith("given up"));

function ofProblems(before: Head, now: Head): Said[] {
  const key = ({ what, severity }: Problem) => `${severity} ${what}`;
  const own = (head: Head) => new Map(head.problems.filter((one) => !isSaid(one)).map((one) => [key(one), one]));
  const [earlier, current] = [own(before), own(now)];
  // What is found to follow from something else neither ends then, nor begins when that is over.
  const folded = (head: Head) => head.problems.flatMap(({ follows = [] }) => follows.map(key));
  const known = new Set([...earlier.keys(), ...folded(before)]);
  const still = new Set([...current.keys(), ...folded(now)]);
  const about = ({ what, account, stream }: Problem) => ({ what, account, stream });
  const begun = [...current].flatMap(([name, one]) => (known.has(name) ? [] : [one]));
  const over = [...earlier].flatMap(([name, one]) => (still.has(name) ? [] : [one]));
  const many = (all: Head["problems"], severity: Said["severity"], words: string): Said[] => [
    { severity, what: "problems", text: `${plural(all.length, "problem")} ${words}: ${listOf(all)}` },
  ];
  return [
    ...(begun.length > mostNamed
      ? many(begun, begun.some(({ severity }) => severity === "problem") ? "problem" : "warning", "began")
      : begun.map((one): Said => ({ severity: one.severity, ...about(one), text: `${one.what}: ${one.detail}` }))),
    ...(over.length > mostNamed
      ? many(over, "info", "ended")
      : over.map((one): Said => ({ severity: "info", ...about(one), text: `${one.what}: no problem any more` }))),
  ];
}

const listOf = (all: Head["problems"]): string =>
  `${all
    .slice(0, 2)
    .map(({ what }) => what)
    .join(", ")}, ...`;
