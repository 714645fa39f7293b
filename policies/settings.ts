/**
 * Settings of rules for all stacks of this project, by the rules' names: every exception stands here, with its reason.
 * For one run, another file of settings: `--policy-pack-config`.
 */
export const settings: Record<string, unknown> = {
  "consumer-gives-up": [
    // An audit record that cannot be written is retried until it can be.
    "covenant/*/AUDIT_LOGGER",
  ],
  "given-up-message-stays": [
    // The proof of an account writes its own messages, and reads them immediately.
    "*/CANARY/canary",
    // A command that is older than a minute is useless: Discord has given up on it.
    "arrakis/COMMANDS/command-worker",
    // What happened in a guild five minutes ago is not news.
    "arrakis/EVENTS/event-worker",
  ],
};
