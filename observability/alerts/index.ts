import type { AlertName } from "../../config/schema/alerts";
import type { Alert } from "./alert";
import { backupAlerts } from "./backups";
import { clientAlerts } from "./clients";
import { calloutAlerts } from "./auth-callout";
import { limitAlerts } from "./limits";
import { probeAlerts } from "./probe";
import { serverAlerts } from "./servers";
import { streamAlerts } from "./streams";
import { systemAlerts } from "./systems";

/** Every alert, by its name. */
export const alerts: Record<AlertName, Alert> = {
  ...serverAlerts,
  ...streamAlerts,
  ...limitAlerts,
  ...clientAlerts,
  ...calloutAlerts,
  ...probeAlerts,
  ...backupAlerts,
  ...systemAlerts,
};
