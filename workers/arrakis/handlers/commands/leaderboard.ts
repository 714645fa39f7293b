import type { Message } from "../../discord/discord";
import { type HandlerPorts, plain, replying } from "../interaction";
import { pageButtons, pageOf, pageSize } from "../pages";
import type { HandlerFn } from "../registry";

/** `/leaderboard`, and its buttons: members by balance, page by page. */
export const createLeaderboardHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, ({ member, argument }) => leaderboard(ports, member.guildId, pageOf(argument)));

async function leaderboard({ store }: HandlerPorts, guildId: string, page: number): Promise<Message> {
  const found = await store.leaders(guildId, { offset: page * pageSize, limit: pageSize + 1 });
  const lines = found
    .slice(0, pageSize)
    .map(({ rank, nym, userId, balance, tier }) => `#${rank} ${plain(nym ?? userId)}: ${balance} ${tier ?? ""}`.trim());
  return {
    content: lines.join("\n") || "There is no one on this page.",
    components: pageButtons("leaderboard", page, found.length > pageSize),
  };
}
