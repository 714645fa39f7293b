import { eventTypes } from "./handlers/events";
import { commands } from "./handlers/registration";

/** What the gateway publishes, by kind. */
export type SampleKind = "interaction" | "event";

/** A sample message: guilds and members that do not exist, and tokens that Discord does not know. */
export interface Sample {
  kind: SampleKind;
  subject: string;
  message: object;
}

/** Ids of Discord begin in 2015; these are of its first milliseconds. */
const idOf = (kind: number, number: number): string => String(100_000_000_000_000_000n * BigInt(kind) + BigInt(number));

const names = Object.keys(commands);

/** Of ten messages seven are interactions, three events. */
const isInteraction = (number: number): boolean => number % 10 < 7;

/** The sample with a number, from 0 on; the same number gives the same sample. */
export function sample(number: number, timestamp: number): Sample {
  const common = {
    timestamp,
    shard_id: 0,
    guild_id: idOf(2, number % 3),
    channel_id: idOf(5, number % 3),
    user_id: idOf(3, number % 1_000),
  };
  if (isInteraction(number))
    return {
      kind: "interaction",
      subject: "commands.interaction",
      message: {
        ...common,
        event_type: "interaction.create",
        data: {
          interaction_id: idOf(6, number),
          interaction_token: `sample-${number}`,
          application_id: idOf(1, 0),
          interaction_type: 2,
          command_name: names[number % names.length],
          member_permissions: "0",
        },
      },
    };
  const type = eventTypes[(Math.floor(number / 10) * 3 + (number % 10)) % eventTypes.length]!;
  const data = type.startsWith("guild")
    ? { name: `Guild ${number % 3}` }
    : { username: `member-${number % 1_000}`, roles: [] };
  return { kind: "event", subject: `events.${type}`, message: { ...common, event_type: type, data } };
}
