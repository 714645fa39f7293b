import { type HandlerPorts, plain, replyingToAdmins, textOf } from "../interaction";
import type { HandlerFn } from "../registry";
import { badgeNames } from "./badges";

/** `/admin-badge`: gives a member a badge, or with `action: revoke` takes it. For administrators. */
export const createAdminBadgeHandler = (ports: HandlerPorts): HandlerFn =>
  replyingToAdmins(ports, async (interaction) => {
    const { store } = ports;
    const { member } = interaction;
    const nym = textOf(interaction, "nym") ?? "";
    const badge = textOf(interaction, "badge") ?? "";
    if (!Object.hasOwn(badgeNames, badge))
      return { content: `There is no badge "${plain(badge)}"; there are ${Object.keys(badgeNames).join(", ")}.` };
    const found = await store.byNym(member.guildId, nym);
    if (!found) return { content: `No member is called ${plain(nym)}.` };
    const name = plain(found.nym ?? found.userId);
    if (textOf(interaction, "action") === "revoke") {
      const had = await store.revokeBadge(found, badge);
      return {
        content: had ? `${name} has no longer the badge ${badge}.` : `${name} does not have the badge ${badge}.`,
      };
    }
    const isNew = await store.grantBadge(found, badge, member.userId);
    return { content: `${name} has ${isNew ? "now" : "already"} the badge ${badge}.` };
  });
