import { type HandlerPorts, replyingToAdmins } from "../interaction";
import type { HandlerFn } from "../registry";
import { statsText } from "./stats";

/** `/admin-stats`: the community's numbers, and whether the application is active in it. For administrators. */
export const createAdminStatsHandler = (ports: HandlerPorts): HandlerFn =>
  replyingToAdmins(ports, async ({ member: { guildId } }) => {
    const community = await ports.store.community(guildId);
    const state = community ? (community.active ? "active" : "inactive") : "not known";
    return { content: `${community?.name ?? guildId}: ${state}\n${statsText(await ports.store.stats(guildId))}` };
  });
