import { ButtonStyle, ComponentType } from "discord-api-types/v10";
import type { Message } from "../../discord/discord";
import { type HandlerPorts, replying } from "../interaction";
import type { HandlerFn } from "../registry";

/** `/alerts`, and its buttons: whether the member is told when its tier changes. */
export const createAlertsHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, async ({ member, argument }) => {
    if (argument === "on" || argument === "off") {
      const { alerts } = await ports.store.change(member, { alerts: argument === "on" });
      return alertsMessage(alerts);
    }
    return alertsMessage((await ports.store.find(member))?.alerts ?? false);
  });

const alertsMessage = (alerts: boolean): Message => ({
  content: `You are ${alerts ? "" : "not "}told when your tier changes.`,
  components: [
    {
      type: ComponentType.ActionRow,
      components: [
        {
          type: ComponentType.Button,
          style: ButtonStyle.Primary,
          label: alerts ? "Turn off" : "Turn on",
          custom_id: `alerts:${alerts ? "off" : "on"}`,
        },
      ],
    },
  ],
});
