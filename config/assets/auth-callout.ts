import type { Environment } from "../schema/settings";
import { toMilliseconds } from "../units";
import { calloutAccount } from "./standard";
import type { WorkerAsset } from "./workers";

/** Folder of `workers/` with the auth callout's service. */
export const calloutSystem = "auth-callout";

/** The auth callout's service, which runs in every region of an environment that has one: none is asked across. */
export const calloutWorkers = ({ authCallout, regions }: Environment): WorkerAsset[] =>
  authCallout === undefined
    ? []
    : [
        {
          account: calloutAccount.name,
          name: calloutSystem,
          system: calloutSystem,
          objectName: calloutSystem,
          user: calloutAccount.user,
          durables: [],
          regions,
          replicas: 2,
          maximum: 2,
          lagPerReplica: 1,
          resources: { cpu: "100m", memory: "256MiB" },
          grace: 10_000,
          environment: { AUTH_EXPIRES: `${toMilliseconds(authCallout.expires ?? "1d")}ms` },
          secrets: [],
        },
      ];
