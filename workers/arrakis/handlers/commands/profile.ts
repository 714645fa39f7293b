import { type HandlerPorts, plain, replying, textOf } from "../interaction";
import type { HandlerFn } from "../registry";

/** `/profile`: the member's own, or with `nym` that of another; with `rename` the member gets another name. */
export const createProfileHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, async (interaction) => {
    const { store } = ports;
    const { member } = interaction;
    const rename = textOf(interaction, "rename")?.trim();
    if (rename) await store.change(member, { nym: rename.slice(0, 32) });
    const nym = textOf(interaction, "nym");
    const found = nym === undefined ? await store.find(member) : await store.byNym(member.guildId, nym);
    if (!found)
      return { content: nym === undefined ? "You have no profile yet." : `No member is called ${plain(nym)}.` };
    const badges = await store.badges(found);
    return {
      content: [
        `**${plain(found.nym ?? found.userId)}** #${found.rank}, ${found.tier ?? "in no tier"}`,
        `balance ${found.balance}, activity ${found.activity}`,
        ...(badges.length ? [`badges: ${badges.join(", ")}`] : []),
      ].join("\n"),
    };
  });
