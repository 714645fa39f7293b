import { runTraffic, type Samples } from "../traffic";
import { type Kind, kindNames } from "./kinds";
import { sample } from "./samples";

const traffic: Samples<Kind> = {
  system: "aigentflow",
  about: `Publishes sample events of agents, workflows, tasks and the audit trail to aigentflow's streams, as its
applications would.`,
  kinds: kindNames,
  sample,
};

if (require.main === module) runTraffic(traffic);
