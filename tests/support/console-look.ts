import { pictureOf, type Shown } from "../../console/server/picture";
import { Rates } from "../../console/server/rates";
import { problemsOf } from "../../operations/supercluster/problems";
import type { Snapshot } from "../../operations/supercluster/snapshot";
import { statusOf } from "../../operations/supercluster/status";
import { irisx } from "../../tenants/irisx";
import { localEnvironment } from "./accounts";
import { healthySnapshot } from "./healthy-snapshot";

const environment = localEnvironment({ jetstream: { jetstream: ["irisx"] } });
export const checked: Shown = { name: "local", environment, tenants: { irisx }, failovers: {} };

/** What the console shows of servers on which irisx is as declared, but for a change. */
export const look = (change: (snapshot: Snapshot) => void = () => {}) => {
  const snapshot = healthySnapshot(checked);
  change(snapshot);
  return pictureOf(
    checked,
    {
      ...{ snapshot, failovers: [] },
      status: { ...statusOf(checked, snapshot), problems: problemsOf(checked, snapshot) },
    },
    new Rates(),
  );
};
