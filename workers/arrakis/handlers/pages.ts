import { ButtonStyle, ComponentType } from "discord-api-types/v10";
import type { Message } from "../discord/discord";

/** Members on one page. */
export const pageSize = 10;

/** The page that a component's argument names, from 0 on; the first where it names none. */
export function pageOf(argument: string): number {
  const page = Number(/^page:(\d{1,6})$/.exec(argument)?.[1] ?? 0);
  return page;
}

/** Buttons to the pages before and after; their interactions have `<name>:page:<number>`. */
export function pageButtons(name: string, page: number, hasMore: boolean): NonNullable<Message["components"]> {
  const button = (label: string, to: number, disabled: boolean) =>
    ({
      type: ComponentType.Button,
      style: ButtonStyle.Secondary,
      label,
      // Two components of a message may not have the same id.
      custom_id: `${name}:page:${Math.max(to, 0)}${disabled ? ":off" : ""}`,
      disabled,
    }) as const;
  if (page === 0 && !hasMore) return [];
  return [
    {
      type: ComponentType.ActionRow,
      components: [button("Back", page - 1, page === 0), button("Next", page + 1, !hasMore)],
    },
  ];
}
