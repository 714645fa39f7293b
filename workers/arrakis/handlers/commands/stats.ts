import type { CommunityStats } from "../../profiles/profile";
import { type HandlerPorts, replying } from "../interaction";
import type { HandlerFn } from "../registry";

/** `/stats`: how many members a community has, by tier. */
export const createStatsHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, async ({ member }) => ({ content: statsText(await ports.store.stats(member.guildId)) }));

export const statsText = ({ members, wallets, tiers, badges }: CommunityStats): string =>
  [
    `**${members}** members, ${wallets} with a wallet, ${badges} badges`,
    ...Object.entries(tiers).map(([tier, count]) => `${tier}: ${count}`),
  ].join("\n");
