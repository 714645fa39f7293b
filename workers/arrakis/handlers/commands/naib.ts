import { type HandlerPorts, plain, replying } from "../interaction";
import { pageSize } from "../pages";
import type { HandlerFn } from "../registry";

/** `/naib`: the members of the highest tier. */
export const createNaibHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, async ({ member }) => {
    const tier = ports.tiers[0]?.name;
    const leaders = await ports.store.leaders(member.guildId, { offset: 0, limit: pageSize });
    const council = leaders.filter((each) => tier !== undefined && each.tier === tier);
    if (council.length === 0) return { content: `No one is ${tier ?? "in a tier"} yet.` };
    return { content: council.map(({ rank, nym, userId }) => `#${rank} ${plain(nym ?? userId)}`).join("\n") };
  });
