/**
 * Settings of rules for all stacks of this project, by the rules' names: every exception stands here, with its reason.
 * For one run, another file of settings: `--policy-pack-config`.
 */
export const settings: Record<string, unknown> = {
  "consumer-gives-up": [
    // While a dead letter cannot be stored, the advisory about it is all there is. It expires as dead letters do.
    "*/DEAD_LETTER_EVENTS/dead-letters",
  ],
  "data-is-protected": [
    // What probes send each other: it is deleted with its region, and after ten minutes anyway.
    "probe/*",
  ],
  "given-up-message-stays": [
    // The proof of an account writes its own messages, and reads them immediately.
    "*/CANARY/canary",
    // So does the probe.
    "probe/*/probe",
  ],
  "unlimited-has-a-reason": {
    ...Object.fromEntries(
      ["irisx/WEBHOOKS/webhook-worker", "irisx/REPLAYS/WEBHOOKS-webhook-worker"].map((durable) => [
        durable,
        "Retries that are not due wait unacknowledged: a limit would let one receiver that is down stop all webhooks.",
      ]),
    ),
    ...Object.fromEntries(
      ["", "-ams", "-syd"].flatMap((copy) => [
        [`covenant/KV_profiles${copy}`, "A profile is valid until it is replaced; maxBytes bounds them."],
        [`covenant/OBJ_documents${copy}`, "A document is kept until it is deleted; maxBytes bounds them."],
      ]),
    ),
  },
  "user-has-an-inbox-of-its-own": [
    // Its owner wrote `_INBOX.>`: clients that set no prefix get the answers to what they publish.
    "covenant-api",
  ],
};
