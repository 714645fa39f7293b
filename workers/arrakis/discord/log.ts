import type { Logger } from "../../messaging";
import type { Discord } from "./discord";

/** Writes one log line a call and calls nothing: the default, so that a clone of the project calls no one. */
export function logDiscord(log: Logger): Discord {
  const note = (call: string, fields: object) =>
    log.info(fields, `Discord is not called (${call}), only logged: DISCORD_PROVIDER is "log"`);
  return {
    async defer({ id }, how) {
      note("defer", { interaction: id, how });
      return "deferred";
    },
    async autocomplete({ id }, choices) {
      note("autocomplete", { interaction: id, choices: choices.length });
      return "answered";
    },
    async editReply({ id }, { content }) {
      note("edit the reply", { interaction: id, content });
    },
    async followUp({ id }, { content }) {
      note("follow up", { interaction: id, content });
    },
    async setRole({ guildId, userId }, roleId, has) {
      note(has ? "add a role" : "remove a role", { guild: guildId, user: userId, role: roleId });
    },
    async directMessage(user, { content }) {
      note("direct message", { user, content });
    },
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
