import { randomUUID } from "node:crypto";
import { runTraffic, type Samples } from "../traffic";
import { sample, type SampleKind } from "./samples";

export const traffic: Samples<SampleKind> = {
  system: "arrakis",
  about: `Publishes sample interactions and events to arrakis's streams, as its gateway would. Discord knows none of
them: workers that really call it are told so, and drop them.`,
  kinds: ["interaction", "event"],
  sample(number) {
    const { kind, subject, message } = sample(number, Date.now());
    const id = randomUUID();
    return { kind, subject, message: { ...message, event_id: id, id } };
  },
};

if (require.main === module) runTraffic(traffic);
