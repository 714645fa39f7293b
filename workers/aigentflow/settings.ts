import * as z from "zod";
import { durationSetting } from "../messaging";

/* Environment variables of aigentflow, as workers/aigentflow/README.md lists them. */

const hour = 60 * 60_000;

/** `EVENT_ID_RETENTION` */
export const retentionSettings = z
  .object({
    EVENT_ID_RETENTION: durationSetting
      .refine((ms) => ms >= hour, "expected 1h or more")
      // As long as AGENT_EVENTS keeps an event.
      .default(7 * 24 * hour),
  })
  .transform((env) => env.EVENT_ID_RETENTION);
