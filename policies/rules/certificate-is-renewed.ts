import type { ResourceRule } from "../rule";

const hoursOfAMonth = 30 * 24;

export const certificateIsRenewed: ResourceRule = {
  name: "certificate-is-renewed",
  description: "Certificates of servers are renewed a month before they end at least, and are good for serving.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "All servers of a region have one certificate: when it ends, no client and no other region gets in, " +
    "all at once.",
  remediation:
    "Leave earlyRenewalHours and allowedUses as components/security writes them, " +
    "and deploy the identity stack at least once a quarter",
  types: ["tls:index/locallySignedCert:LocallySignedCert"],
  violations({ name, inputs }) {
    const {
      earlyRenewalHours = 0,
      validityPeriodHours = 0,
      allowedUses = [],
    } = inputs as { earlyRenewalHours?: number; validityPeriodHours?: number; allowedUses?: string[] };
    return [
      ...(earlyRenewalHours >= hoursOfAMonth && earlyRenewalHours < validityPeriodHours
        ? []
        : [`${name} is renewed ${earlyRenewalHours} hours before it ends, of ${validityPeriodHours}`]),
      ...(allowedUses.includes("server_auth") ? [] : [`${name} is not good for serving`]),
    ];
  },
};
