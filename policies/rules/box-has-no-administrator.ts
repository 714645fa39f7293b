import type { ResourceRule } from "../rule";
import { known } from "../resource";
import { releaseType, valuesOf } from "../servers";

const secretType = "kubernetes:core/v1:Secret";
const administrator = /^sys-|-provisioner(\.json)?$/;

export const boxHasNoAdministrator: ResourceRule = {
  name: "box-has-no-administrator",
  description: "No pod with a shell holds the passwords of the system account or of provisioners.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Whoever may run commands in nats-box has the passwords of its contexts. " +
    "Those of administrators give all rights on every account.",
  remediation:
    "Set kubernetes.natsBox.administrators: false, and use `npm run context` on your own machine; " +
    "for one run, set this policy to advisory with --policy-pack-config",
  notSeen: "Contexts in a Secret whose contents a preview does not know yet: an `up` checks those.",
  types: [releaseType, secretType],
  violations(resource) {
    if (resource.type === secretType) {
      const files = ["data", "stringData"].map((field) => known(resource.inputs, field));
      return files
        .flatMap((content) => (typeof content === "object" && content !== null ? Object.keys(content) : []))
        .filter((file) => file.endsWith(".json") && administrator.test(file))
        .map((file) => `${resource.name} has the context ${file}`);
    }
    const box = valuesOf(resource)?.natsBox;
    return box?.enabled !== false && administrator.test(box?.defaultContextName ?? "")
      ? [`${resource.name}: nats-box starts as ${box?.defaultContextName}`]
      : [];
  },
};
