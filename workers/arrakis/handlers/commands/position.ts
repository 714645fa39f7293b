import { nextTier } from "../../eligibility/tiers";
import { type HandlerPorts, replying } from "../interaction";
import type { HandlerFn } from "../registry";

/** `/position`: the member's place, and what is missing to the next tier. */
export const createPositionHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, async ({ member }) => {
    const profile = await ports.store.find(member);
    if (!profile?.wallet) return { content: "No wallet of yours is known here yet." };
    const next = nextTier(profile.balance, ports.tiers);
    const place = `You are **#${profile.rank}** with ${profile.balance}, ${profile.tier ?? "in no tier"}.`;
    return { content: next ? `${place} ${next.missing} more for ${next.tier.name}.` : place };
  });
