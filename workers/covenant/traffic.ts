import { randomUUID } from "node:crypto";
import { runTraffic, type Samples } from "../traffic";
import { entities } from "./messages";
import { type CovenantSample, sample } from "./samples";

export const traffic: Samples<CovenantSample["kind"]> = {
  system: "covenant",
  about: `Publishes sample events of countries, projects and users, and incidents, to covenant's streams, as its API
would. With a real push service, every tenth message is a notification on the devices of all who subscribe.`,
  kinds: [...entities, "incidents"],
  sample: (number) => ({ ...sample(number), messageId: randomUUID() }),
};

if (require.main === module) runTraffic(traffic);
