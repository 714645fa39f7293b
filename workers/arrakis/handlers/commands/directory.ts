import { ComponentType } from "discord-api-types/v10";
import type { Message } from "../../discord/discord";
import { type HandlerPorts, type Interaction, plain, replying } from "../interaction";
import { pageButtons, pageOf, pageSize } from "../pages";
import type { HandlerFn } from "../registry";

/** The entry of the select that asks for all tiers. */
const all = "all";

/** `/directory`, its buttons and its select: members by name, page by page, of one tier or of all. */
export const createDirectoryHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, (interaction) => directory(ports, interaction));

async function directory({ store, tiers }: HandlerPorts, interaction: Interaction): Promise<Message> {
  const { member, argument, values } = interaction;
  // Buttons carry the tier that was selected: `directory:<tier>:page:2`.
  const [, carried = all, rest = ""] = /^(?:([\w-]+):)?(page:.*)$/.exec(argument) ?? [];
  const tier = values[0] ?? carried;
  const page = pageOf(rest);
  const known = tiers.some(({ name }) => name === tier) ? tier : undefined;
  const query = { offset: page * pageSize, limit: pageSize + 1, ...(known && { tier: known }) };
  const found = await store.directory(member.guildId, query);
  const options = [all, ...tiers.map(({ name }) => name)].map((name) => ({
    label: name,
    value: name,
    default: name === (known ?? all),
  }));
  const lines = found.slice(0, pageSize).map((each) => `${plain(each.nym ?? each.userId)} ${each.tier ?? ""}`.trim());
  return {
    content: lines.join("\n") || "There is no one on this page.",
    components: [
      {
        type: ComponentType.ActionRow,
        components: [{ type: ComponentType.StringSelect, custom_id: "directory:tier", options }],
      },
      ...pageButtons(`directory:${known ?? all}`, page, found.length > pageSize),
    ],
  };
}
