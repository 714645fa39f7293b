import type { ResourceRule } from "../rule";
import { known } from "../resource";

export const secretIsInItsPlace: ResourceRule = {
  name: "secret-is-in-its-place",
  description: "Passwords, their hashes, tokens and private keys are in fields for secrets, and nowhere else.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Values of a chart, ConfigMaps, annotations and descriptions are plain text in the state, " +
    "in the cluster and in logs. The chart writes routes' passwords into its ConfigMap.",
  remediation: "Take it out; passwords and keys come from the identity stack, into Secrets",
  notSeen: "Values that are outputs, where a preview does not know them: an `up` checks those.",
  violations: ({ type, name, inputs }) =>
    (/^pulumi:/.test(type) ? [] : secretsIn(inputs, homes[type] ?? [], [])).map(
      (at) => `${name} has a secret in ${at}`,
    ),
};

/** Fields that are made for secrets, by type. */
const homes: Record<string, readonly string[]> = {
  "kubernetes:core/v1:Secret": ["data", "stringData"],
  "pulumi-nodejs:dynamic/local:Server": ["secrets"],
  "pulumi-nodejs:dynamic/local:Worker": ["connection", "database"],
  "pulumi-nodejs:dynamic/local:Database": ["passwords"],
  "pulumi-nodejs:dynamic/kubernetes:Rollout": ["cluster"],
  "pulumi-nodejs:dynamic/kubernetes:Objects": ["cluster", "objects"],
  "pulumi-nodejs:dynamic/kubernetes:StoredIdentity": ["cluster"],
  "aws:secretsmanager/secretVersion:SecretVersion": ["secretString"],
  "tls:index/selfSignedCert:SelfSignedCert": ["privateKeyPem"],
  "tls:index/certRequest:CertRequest": ["privateKeyPem"],
  "tls:index/locallySignedCert:LocallySignedCert": ["caPrivateKeyPem"],
};

const secretKey = /(password|passwd|passphrase|token|secret|nkey|seed)$/i;
const secretText = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\$2[aby]\$\d\d\$|:\/\/[^/\s:@]+:[^/\s@]+@/;
/** A variable, or a value that is written without quotes. */
const reference = /^(<<.*>>|\$.*)$/;

/** Paths of what looks like a secret. What is not known yet is an output, and is not looked into. */
function secretsIn(object: object, leftOut: readonly string[], at: readonly string[]): string[] {
  return Object.keys(object).flatMap((key) => {
    const value = leftOut.includes(key) ? undefined : known(object, key);
    const path = [...at, key];
    if (typeof value === "object" && value !== null) return secretsIn(value, [], path);
    if (typeof value !== "string" || value === "") return [];
    // A variable of a container's environment.
    const name = key === "value" ? known(object, "name") : undefined;
    if (typeof name === "string" && secretKey.test(name)) return [path.join(".")];
    return secretText.test(value) || (secretKey.test(key) && !reference.test(value)) ? [path.join(".")] : [];
  });
}
