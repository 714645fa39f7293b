import type { StackRule } from "../rule";
import { known, type Resource } from "../resource";

const requestType = "tls:index/certRequest:CertRequest";
const certificateType = "tls:index/locallySignedCert:LocallySignedCert";
const authorityTypes = ["tls:index/privateKey:PrivateKey", "tls:index/selfSignedCert:SelfSignedCert"];
const passwordType = "random:index/randomPassword:RandomPassword";

export const identityIsProtected: StackRule = {
  name: "identity-is-protected",
  description: "Outside local environments every JetStream key and every CA that signs is protected from deletion.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Without the JetStream key of a region every message in it is lost. " +
    "A new CA locks every server and client out until all have it.",
  remediation: "Keep protect as stacks/identity.ts sets it",
  types: [requestType, certificateType, ...authorityTypes, passwordType],
  violationsOfStack: (resources) =>
    isLocal(resources)
      ? []
      : resources
          .filter((resource) => isKept(resource, resources) && !resource.protect)
          .map((resource) => ({ resource, message: `${resource.name} is not protected` })),
};

function isKept(resource: Resource, resources: readonly Resource[]): boolean {
  if (resource.type === passwordType) return !isOfUsers(resource);
  return (
    authorityTypes.includes(resource.type) &&
    !isOfServers(resource) &&
    !isOfClient(resource) &&
    !isBesideProtected(resource, resources) &&
    !signsNothing(resource, resources)
  );
}

/** Whether all certificates of servers are known to be signed by others, as by an authority that was not made here. */
function signsNothing({ name }: Resource, resources: readonly Resource[]): boolean {
  const certificate = resources.find((one) => one.name === name.replace(/-key$/, "-cert"));
  const own = (certificate?.inputs.subject as { commonName?: string } | undefined)?.commonName;
  const signers = resources
    .filter(({ type }) => type === certificateType)
    .map(({ inputs }) => commonNameOf(known(inputs, "caCertPem")));
  return signers.length > 0 && signers.every((signer) => signer !== undefined && signer !== own);
}

/** Undefined where the certificate is not known yet. */
function commonNameOf(pem: unknown): string | undefined {
  // Loaded here: most runs know no certificate yet.
  const { X509Certificate } = require("node:crypto") as typeof import("node:crypto");
  try {
    return /^CN=(.*)$/m.exec(new X509Certificate(String(pem)).subject)?.[1];
  } catch {
    return undefined;
  }
}

/** Keys of servers are made again with their certificates. */
const isOfServers = ({ parent }: Resource): boolean => !!parent?.includes("supercluster:security:ServerCertificate::");

/** So are those of users, which are deleted with a user that is taken out. */
export const isOfClient = ({ parent }: Pick<Resource, "parent">): boolean =>
  !!parent?.includes("supercluster:security:ClientCertificate::");

/** Another generation of the same authority is protected: that one signs. */
const isBesideProtected = (resource: Resource, resources: readonly Resource[]): boolean =>
  resources.some(
    (other) => other.type === resource.type && other.protect && generationless(other) === generationless(resource),
  );

/** `peer-ca-2-key` is the second generation of `peer-ca-key`. */
const generationless = ({ name }: Resource): string => name.replace(/-\d+-(key|cert)$/, "-$1");

/** Passwords of users can be recreated, and are deleted with a tenant that leaves. */
const isOfUsers = ({ parent }: Resource): boolean => !!parent?.includes("supercluster:security:Credentials::");

/** Certificates of local servers name this machine alone; no other server could use them. */
function isLocal(resources: readonly Resource[]): boolean {
  const requests = resources.filter((resource) => resource.type === requestType && !isOfClient(resource));
  const names = requests.map(({ inputs }) => (inputs.dnsNames ?? []) as string[]);
  return names.length > 0 && names.every((all) => all.length > 0 && all.every((name) => name === "localhost"));
}
