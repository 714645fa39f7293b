import type { ResourceRule } from "../rule";

const hoursOfAMonth = 30 * 24;

export const certificateIsRenewed: ResourceRule = {
  name: "certificate-is-renewed",
  description: "Certificates of servers are renewed at least a month before they expire, and are valid for servers.",
  severity: "high",
  enforcementLevel: "mandatory",
  why: "All servers of a region have one certificate: when it expires, no client and no other region can connect.",
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
        : [`${name} is renewed ${earlyRenewalHours} hours before it expires, of a lifetime of ${validityPeriodHours}`]),
      ...(allowedUses.includes("server_auth")
        ? []
        : [`${name} is not valid for servers (allowedUses has no server_auth)`]),
    ];
  },
};
