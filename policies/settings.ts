/**
 * What rules are set to for all stacks of this project, by their names: what is excepted is stated here, each with its
 * reason.
 * Another file of settings, for one run: `--policy-pack-config`.
 */
export const settings: Record<string, unknown> = {
  "consumer-gives-up": [
    // An audit record that cannot be written is tried until it can.
    "covenant/*/AUDIT_LOGGER",
  ],
  "given-up-message-stays": [
    // The proof of an account writes its own messages, and reads them at once.
    "*/CANARY/canary",
    // A command that is older than a minute is useless: Discord has given up on it.
    "arrakis/COMMANDS/command-worker",
    // What happened in a guild five minutes ago is not news.
    "arrakis/EVENTS/event-worker",
  ],
};
