import type { StackRule } from "../rule";
import type { Resource } from "../resource";

const requestType = "tls:index/certRequest:CertRequest";
const keptTypes = [
  "tls:index/privateKey:PrivateKey",
  "tls:index/selfSignedCert:SelfSignedCert",
  "random:index/randomPassword:RandomPassword",
];

export const identityIsProtected: StackRule = {
  name: "identity-is-protected",
  description: "Outside local environments every key and CA is protected from deletion.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Without the JetStream key of a region every message in it is lost. " +
    "A new CA locks every server and client out until all have it.",
  remediation: "Keep protect as stacks/identity.ts sets it",
  types: [requestType, ...keptTypes],
  violationsOfStack: (resources) =>
    isLocal(resources)
      ? []
      : resources
          .filter((resource) => keptTypes.includes(resource.type) && !resource.protect && !isOfUsers(resource))
          .map((resource) => ({ resource, message: `${resource.name} is not protected` })),
};

/** Passwords of users can be recreated, and are deleted with a tenant that leaves. */
const isOfUsers = ({ parent }: Resource): boolean => !!parent?.includes("supercluster:security:Credentials::");

/** Certificates of local servers name this machine alone; no other server could use them. */
function isLocal(resources: readonly Resource[]): boolean {
  const requests = resources.filter(({ type }) => type === requestType);
  const names = requests.map(({ inputs }) => (inputs.dnsNames ?? []) as string[]);
  return names.length > 0 && names.every((all) => all.length > 0 && all.every((name) => name === "localhost"));
}
