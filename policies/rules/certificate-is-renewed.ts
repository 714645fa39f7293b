import type { ResourceRule } from "../rule";
import { isOfClient } from "./identity-is-protected";

const hoursOfAMonth = 30 * 24;

export const certificateIsRenewed: ResourceRule = {
  name: "certificate-is-renewed",
  description:
    "Certificates are renewed at least a month before they expire, those of servers valid for servers, " +
    "those of users for clients.",
  severity: "high",
  enforcementLevel: "mandatory",
  why: "All servers of a region have one certificate: when it expires, no client and no other region can connect.",
  remediation:
    "Leave earlyRenewalHours and allowedUses as components/security writes them, " +
    "and deploy the identity stack at least once a quarter",
  types: ["tls:index/locallySignedCert:LocallySignedCert"],
  violations({ name, inputs, parent }) {
    const [use, of] = isOfClient({ parent })
      ? (["client_auth", "clients"] as const)
      : (["server_auth", "servers"] as const);
    const {
      earlyRenewalHours = 0,
      validityPeriodHours = 0,
      allowedUses = [],
    } = inputs as { earlyRenewalHours?: number; validityPeriodHours?: number; allowedUses?: string[] };
    return [
      ...(earlyRenewalHours >= hoursOfAMonth && earlyRenewalHours < validityPeriodHours
        ? []
        : [`${name} is renewed ${earlyRenewalHours} hours before it expires, of a lifetime of ${validityPeriodHours}`]),
      ...(allowedUses.includes(use) ? [] : [`${name} is not valid for ${of} (allowedUses has no ${use})`]),
    ];
  },
};
