import * as z from "zod";
import type { ProcessResult, Publisher } from "../../messaging";
import { eligibilitySubjects, type GatewayEventPayload } from "../messages";
import type { MemberEvent, Profile, ProfileStore } from "../profiles/profile";
import { rolesFor, type TierRoles } from "../profiles/roles";
import type { NatsHandler } from "./registry";

export interface EventPorts {
  store: Pick<ProfileStore, "guildJoined" | "guildLeft" | "memberJoined" | "memberLeft" | "memberUpdated">;
  publisher: Pick<Publisher, "publish">;
  tierRoles: TierRoles;
}

/** Events that something is done with; the gateway publishes others, too. */
export const eventTypes = ["guild.join", "guild.leave", "member.join", "member.leave", "member.update"] as const;
type EventType = (typeof eventTypes)[number];

const done: ProcessResult = { success: true };

/** Of an event that says less than its handler needs: no attempt will have more. */
class IncompleteEvent extends Error {
  override readonly name = "IncompleteEvent";
}

const memberData = z.looseObject({
  nick: z.string().nullish(),
  username: z.string().optional(),
  roles: z.array(z.string()).optional(),
  /** A wallet that the gateway knows to be the member's. */
  wallet_address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .optional(),
});

function memberOf({ guild_id: guildId, user_id: userId, timestamp: at, data }: GatewayEventPayload): MemberEvent {
  if (!guildId || !userId) throw new IncompleteEvent("guild_id and user_id are needed");
  const { data: read } = memberData.safeParse(data);
  return {
    ...{ guildId, userId, at },
    ...{ nym: read?.nick ?? read?.username, roles: read?.roles, wallet: read?.wallet_address },
  };
}

/** Handlers of what happens in guilds, by event type. */
export function registerEventHandlers(ports: EventPorts): Map<string, NatsHandler<GatewayEventPayload>> {
  const { store, tierRoles } = ports;

  const handlers: Record<EventType, (payload: GatewayEventPayload) => Promise<void>> = {
    "guild.join": async ({ guild_id: guildId, timestamp: at, data }) => {
      if (!guildId) throw new IncompleteEvent("guild_id is needed");
      const name = typeof data.name === "string" ? data.name : undefined;
      await store.guildJoined({ guildId, at, ...(name !== undefined && { name }) });
    },
    "guild.leave": async ({ guild_id: guildId, timestamp: at }) => {
      if (!guildId) throw new IncompleteEvent("guild_id is needed");
      await store.guildLeft({ guildId, at });
    },
    "member.join": async (payload) => askForCheck(ports, payload, await store.memberJoined(memberOf(payload))),
    "member.leave": async (payload) => store.memberLeft(memberOf(payload)),
    // Roles follow from the tier. They are set by the check, whose stream keeps it for a week: an outage of Discord
    // does not keep events, which expire after minutes.
    "member.update": async (payload) => {
      const profile = await store.memberUpdated(memberOf(payload));
      if (rolesFor(profile, tierRoles).length > 0) await askForCheck(ports, payload, profile);
    },
  };
  return new Map(
    Object.entries(handlers).map(([type, handle]) => [
      type,
      async (payload) => {
        try {
          await handle(payload);
          return done;
        } catch (error) {
          if (error instanceof IncompleteEvent) return { success: false, error };
          throw error;
        }
      },
    ]),
  );
}

/** Has a member's wallet checked, and its tier and roles set; one without a wallet has nothing to check. */
async function askForCheck(
  { publisher }: EventPorts,
  { event_id: cause, timestamp }: GatewayEventPayload,
  { guildId, userId, wallet }: Profile,
): Promise<void> {
  if (!wallet) return;
  const id = `${cause}:check`;
  const check = {
    ...{ event_id: id, timestamp, check_type: "single", community_id: guildId, user_id: userId },
    wallet_address: wallet,
  };
  // Delivered again, the event asks for the same check.
  await publisher.publish(eligibilitySubjects.single, check, { id });
}
