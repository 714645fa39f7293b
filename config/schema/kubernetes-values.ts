import * as z from "zod";
import { suggestKnown } from "../problems";
import { isDnsLabel } from "./values";

/**
 * Field types by the grammar of Kubernetes and of container registries: what an API server or a node would refuse is
 * refused here, before anything is deployed. Sources: apimachinery/pkg/util/validation, apimachinery/pkg/api/resource,
 * github.com/distribution/reference.
 */

/** Text that passes `isValid`; the message is `<value> is not <what>; write <instead>`. */
const grammar = (isValid: (value: string) => boolean, what: string, instead: string) =>
  z
    .string({ error: `write ${instead}` })
    .refine(isValid, { error: ({ input }) => `${JSON.stringify(input)} is not ${what}; write ${instead}` });

const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

const isSubdomain = (value: string): boolean =>
  value.length <= 253 && value.split(".").every((part) => label.test(part));

/** Names of most objects (storage classes, Secrets): a DNS subdomain name, RFC 1123, at most 253 characters. */
export const objectName = grammar(
  isSubdomain,
  "a name of a Kubernetes object",
  "lower case letters, digits, dashes and dots, at most 253, each part between dots beginning and ending with a " +
    "letter or digit",
);

const qualified = /^([A-Za-z0-9][\w.-]*)?[A-Za-z0-9]$/;

/** A name of at most 63 characters, optionally after a DNS subdomain name and a slash. */
const isQualifiedName = (value: string): boolean => {
  const [name = "", prefix, ...rest] = value.split("/").toReversed();
  return (
    rest.length === 0 && name.length <= 63 && qualified.test(name) && (prefix === undefined || isSubdomain(prefix))
  );
};

const keyForm =
  "at most 63 letters, digits and . _ -, beginning and ending with a letter or digit; " +
  "before it at most a DNS name and a slash, e.g. example.com/team";

/** Key of a label: a qualified name (validation.IsQualifiedName). */
export const labelKey = grammar(isQualifiedName, "a label's key", keyForm);

const isLabelValue = (value: string): boolean => value === "" || (value.length <= 63 && qualified.test(value));

/** Value of a label: at most 63 characters, or empty (validation.IsValidLabelValue). */
export const labelValue = grammar(
  isLabelValue,
  "a label's value",
  "at most 63 letters, digits and . _ -, beginning and ending with a letter or digit",
);

/** Labels of an object. */
export const labels = z.record(labelKey, labelValue);

/** Keys by which objects are found, or that the chart, Helm, Kubernetes or this program set. */
const ownKeys = new RegExp(
  [
    "^app\\.kubernetes\\.io/(name|instance|component|version|managed-by)$",
    "^((apps|statefulset|pod-security)\\.kubernetes\\.io|(meta\\.)?helm\\.sh|supercluster)/",
    "^controller-revision-hash$",
  ].join("|"),
);

/** The same without keys of `own`: those have a value already. */
const others = <All extends z.ZodType<Record<string, string>>>(all: All, own: RegExp, instead: string) =>
  all.superRefine((given, context) => {
    for (const key of Object.keys(given).filter((each) => own.test(each)))
      context.addIssue({
        code: "custom",
        path: [key],
        message: `is a key that this program, the chart or Kubernetes sets; ${instead}`,
      });
  });

/** Further labels of objects that this program or the chart makes. */
export const moreLabels = others(labels, ownKeys, "choose another");

/** Bytes of an object's annotations, keys and values (apimachinery/pkg/api/validation, TotalAnnotationSizeLimitB). */
const longestAnnotations = 256 * 1024;

/**
 * Annotations of an object: keys as of labels, in any case; values any text; 256 KiB together. A misspelt `<region>` is
 * refused.
 */
export const annotations = z
  .record(
    grammar((key) => isQualifiedName(key.toLowerCase()), "an annotation's key", keyForm),
    z.string({ error: "write text, in quotes" }).refine((value) => !misspeltPlaceholder(value), {
      error: ({ input }) => unknownPlaceholder(input as string, misspeltPlaceholder(input as string)!),
    }),
  )
  .refine((all) => bytesOf(all) <= longestAnnotations, {
    error: ({ input }) =>
      `${bytesOf(input as Record<string, string>)} bytes of annotations are too many; ` +
      `write at most ${longestAnnotations}`,
  });

/** Further annotations of objects that this program or the chart makes. */
export const moreAnnotations = others(
  annotations,
  new RegExp(`${ownKeys.source}|^external-dns\\.alpha\\.kubernetes\\.io/hostname$`),
  "choose another (names of load balancers: kubernetes.loadBalancers)",
);

const bytesOf = (all: Record<string, string>): number =>
  Object.entries(all).reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);

/** The placeholder of most texts: the name of the region. */
const regionPlaceholder = "<region>";

/** Where there is one namespace a tenant. */
const tenantPlaceholder = "<tenant>";

const onlyRegion = [regionPlaceholder];

const unknownPlaceholders = (value: string, known: readonly string[]): string[] =>
  (value.match(/<[^<>]*>/g) ?? []).filter((found) => !known.includes(found));

/** Text in angle brackets that is near `<region>`; other text in brackets may be meant as it is written. */
const misspeltPlaceholder = (value: string): string | undefined =>
  unknownPlaceholders(value, onlyRegion).find((found) => suggestKnown(found, onlyRegion).startsWith("did you mean"));

const unknownPlaceholder = (value: string, found: string, known = onlyRegion): string =>
  `${JSON.stringify(value)} has the unknown placeholder ${JSON.stringify(found)}; ${suggestKnown(found, known)}`;

/** Like `name`, once every placeholder is replaced by a name; how long that is depends on the settings. */
const templateOf = (isValid: (value: string) => boolean, what: string, instead: string, placeholders = onlyRegion) =>
  z.string({ error: `write ${instead}` }).superRefine((value, context) => {
    const [unknown] = unknownPlaceholders(value, placeholders);
    if (unknown) context.addIssue({ code: "custom", message: unknownPlaceholder(value, unknown, placeholders) });
    else if (!isValid(placeholders.reduce((text, placeholder) => text.replaceAll(placeholder, "r"), value)))
      context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not ${what}; write ${instead}` });
  });

/** A namespace, which may contain `<region>`: a DNS label, RFC 1123, at most 63 characters. */
export const namespaceTemplate = templateOf(
  isDnsLabel,
  "a name for a namespace",
  "at most 63 lower case letters, digits and dashes, no dash at an end; <region> may be a part of it",
);

const tenantPlaceholders = [regionPlaceholder, tenantPlaceholder];

/** A namespace a tenant, so `<tenant>` must be in it; it may contain `<region>`. */
export const tenantNamespaceTemplate = templateOf(
  isDnsLabel,
  "a name for a namespace",
  'at most 63 lower case letters, digits and dashes, no dash at an end, with <tenant> in it, e.g. "workers-<tenant>"',
  tenantPlaceholders,
).refine((value) => value.includes(tenantPlaceholder) || unknownPlaceholders(value, tenantPlaceholders).length > 0, {
  error: ({ input }) =>
    `${JSON.stringify(input)} would have the passwords of all tenants in one namespace; ` +
    'write <tenant> in it, e.g. "workers-<tenant>"',
});

/** A namespace that exists: a DNS label, RFC 1123. */
export const namespaceName = grammar(
  (value) => isDnsLabel(value),
  "a name of a namespace",
  "at most 63 lower case letters, digits and dashes, no dash at an end",
);

/** A name of an object that may contain `<region>`. */
export const objectNameTemplate = templateOf(
  isSubdomain,
  "a name of a Kubernetes object",
  "lower case letters, digits, dashes and dots, at most 253; <region> may be a part of it",
);

/** Cores, or thousandths of one: nothing finer (a quantity of apimachinery/pkg/api/resource). More than 0. */
export const cpu = grammar(
  (value) => /^(\d+m?|\d+\.\d{1,3})$/.test(value) && thousandthsOf(value) > 0,
  "an amount of CPU",
  'cores or thousandths of one, more than 0, e.g. "500m" or "2"',
);

/** Thousandths of a core. */
export const thousandthsOf = (value: string): number =>
  value.endsWith("m") ? Number(value.slice(0, -1)) : Math.round(Number(value) * 1000);

const pathComponent = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
const repositoryForm = new RegExp(`^${pathComponent}(/${pathComponent})*$`);

/** Name of an image without registry, tag and digest, at most 255 characters. */
export const imageRepository = grammar(
  (value) => value.length <= 255 && repositoryForm.test(value),
  "a repository of images",
  'lower case letters, digits and . _ - between slashes, e.g. "natsio/nats-box"; ' +
    "the registry, tag and digest have settings of their own",
);

/** A tag of an image: at most 128 characters. */
export const imageTag = grammar(
  (value) => /^\w[\w.-]{0,127}$/.test(value),
  "a tag of an image",
  'letters, digits and . _ -, at most 128, beginning with a letter, digit or _, e.g. "2.14.9-alpine"',
);

/** Identifies one image by its content. */
export const imageDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "write sha256: and 64 hexadecimal digits");

const hostForm = /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*(:\d{1,5})?$/;

/**
 * Host of a registry, optionally with a port and a path. A first part without dot and port is not a host to container
 * runtimes, but a folder of Docker Hub; `localhost` is the exception.
 */
export const imageRegistry = grammar(
  (value) => {
    const [host = "", ...path] = value.split("/");
    return (
      hostForm.test(host) &&
      (/[.:]/.test(host) || host === "localhost") &&
      (path.length === 0 || repositoryForm.test(path.join("/")))
    );
  },
  "a registry",
  'its host, with a port or path where it has one and without https://, e.g. "mirror.example.com:5000/docker"',
);

/** Name of a driver of volumes: a qualified name, in any case (StorageClass.provisioner). */
export const provisioner = grammar(
  (value) => isQualifiedName(value.toLowerCase()),
  "a name of a driver",
  'e.g. "ebs.csi.aws.com"',
);

/**
 * A file that may begin with `~/`, the home of the user who deploys. Nothing else that a shell would replace is: not
 * `~user`, not `$HOME`.
 */
export const homePath = grammar(
  (value) => value !== "" && !/^~(?!\/)|\$/.test(value),
  "a path that can be expanded",
  'an absolute path, one from the folder of the project, or one that begins with "~/"',
);

/** A file or folder that is given to tools as it is: nothing that a shell would replace. */
export const plainPath = grammar(
  (value) => value !== "" && !/^~|\$/.test(value),
  "a path that is used as it is",
  "an absolute path, or one from the folder of the project",
);

/** Version of a chart: three numbers, so that a run today installs what the last one did. */
export const chartVersion = grammar(
  (value) => /^\d+\.\d+\.\d+(-[\w.-]+)?$/.test(value),
  "a version of a chart",
  'three numbers in quotes, e.g. "2.14.2"',
);

/** Address of a repository of charts: by HTTP, as Helm reads it. */
export const chartRepository = grammar(
  (value) => /^https?:\/\//.test(value) && URL.canParse(value),
  "a repository of charts",
  'a URL, e.g. "https://charts.example.com/"',
);
