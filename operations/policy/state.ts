import { unknownValue } from "../../config/unknown-value";
import type { PolicyProviderResource, PolicyResource, ResourceValidationArgs } from "@pulumi/policy";
import * as z from "zod";
import { BadUsage } from "../../engine/failure";
import { finding, type Finding, type StackFindings } from "./findings";
import { concerns, isStackRule, type Policy } from "./pack";
import { unreadPath, withUnknowns } from "./unknown-values";

/** Output of `pulumi stack export`, as far as rules see it. */
const exported = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          inputs: z.record(z.string(), z.unknown()).default({}),
          /** URN and id of its provider. */
          provider: z.string().optional(),
          parent: z.string().optional(),
          dependencies: z.array(z.string()).default([]),
          propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).default({}),
          protect: z.boolean().default(false),
          /** Read, not created: a reference to another stack. */
          external: z.boolean().default(false),
          /** Replaced, and still to be deleted. */
          delete: z.boolean().default(false),
        }),
      )
      .default([]),
  }),
});

type Exported = z.infer<typeof exported>["deployment"]["resources"][number];

/**
 * Resources of an exported state, without external and deleted ones. Throws BadUsage for other text; `from`: its file.
 */
export function readState(text: string, from: string): Exported[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BadUsage(`${from} is not JSON; write it with: pulumi stack export --stack <stack> --file ${from}`);
  }
  const { data, error } = exported.safeParse(json);
  if (!data)
    throw new BadUsage(
      `${from} is not an exported state (${error.issues[0]!.path.join(".")}: ${error.issues[0]!.message}); ` +
        `write it with: pulumi stack export --stack <stack> --file ${from}`,
    );
  return data.deployment.resources.filter((resource) => !resource.external && !resource.delete);
}

/** The stack that a state belongs to, by its first resource. */
export const stackOfState = (resources: Exported[]): string | undefined =>
  resources[0]?.urn.split("::")[0]!.split(":").at(-1);

/** What the rules find in a deployed stack. A rule that reads an encrypted value has not judged the resource. */
export async function findingsOfState(
  stack: string,
  deployed: Exported[],
  rules: readonly Policy[],
): Promise<StackFindings> {
  const violations: Finding[] = [];
  const notJudged: Finding[] = [];
  const failures: string[] = deployed.length ? [] : [`stack ${stack} has no deployed resources`];
  const judging = new Set<string>();
  const resources = resourcesOf(deployed);
  /** Runs a rule and records its error, if any. */
  const judge = async (rule: Policy, urn: string, action: () => Promise<void> | void): Promise<void> => {
    try {
      await action();
    } catch (error) {
      if (error instanceof NotApplicable) return;
      const unread = unreadPath(error);
      if (unread !== undefined) notJudged.push(finding(rule, urn, `reads ${unread}, which is encrypted in the state`));
      else failures.push(`rule ${rule.name} failed at ${urn}: ${(error as Error).message}`);
    }
  };
  for (const rule of rules) {
    const report = (urn: string) => (found: string | { message?: string }, other?: string) =>
      void violations.push(finding(rule, other ?? urn, typeof found === "string" ? found : (found.message ?? "")));
    const beside = { stackTags: new Map<string, string>(), getConfig: <T>() => defaultsOf(rule) as T, notApplicable };
    if (isStackRule(rule)) {
      const stackUrn = deployed[0]?.urn ?? stack;
      judging.add(rule.name);
      await judge(rule, stackUrn, () => rule.validateStack({ resources, ...beside }, report(stackUrn)));
      continue;
    }
    for (const resource of resources.filter(({ type }) => concerns(rule, type))) {
      judging.add(rule.name);
      const args: ResourceValidationArgs = {
        ...resource,
        ...beside,
        isType: resource.isType,
        asType: resource.asType as ResourceValidationArgs["asType"],
      };
      for (const validate of [rule.validateResource ?? []].flat())
        await judge(rule, resource.urn, () => validate(args, report(resource.urn)));
    }
  }
  return { stack, resources: deployed.length, rules: [...judging].sort(), violations, notJudged, failures };
}

class NotApplicable extends Error {}

const notApplicable = (reason?: string): never => {
  throw new NotApplicable(reason);
};

/** The configuration that the engine gives a rule without settings: the defaults. */
const defaultsOf = ({ configSchema }: Policy): object =>
  Object.fromEntries(
    Object.entries(configSchema?.properties ?? {}).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value as unknown]],
    ),
  );

/** As the engine gives them to rules. */
function resourcesOf(deployed: Exported[]): PolicyResource[] {
  const propsOf = ({ inputs }: Exported) => withUnknowns(withoutSecrets(inputs) as Exported["inputs"]);
  const providers = new Map(
    deployed.map((one) => [
      one.urn,
      (): PolicyProviderResource => ({ type: one.type, props: propsOf(one), urn: one.urn, name: nameOf(one) }),
    ]),
  );
  const made = new Map(
    deployed.map((one): [string, PolicyResource] => {
      const isType = (resourceClass: object) => (resourceClass as { __pulumiType?: string }).__pulumiType === one.type;
      const props = propsOf(one);
      const resource: PolicyResource = {
        type: one.type,
        name: nameOf(one),
        urn: one.urn,
        props,
        opts: {
          protect: one.protect,
          parent: one.parent,
          ignoreChanges: [],
          aliases: [],
          additionalSecretOutputs: [],
          customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
        },
        provider: providers.get(one.provider?.split("::").slice(0, -1).join("::") ?? "")?.(),
        dependencies: [],
        propertyDependencies: {},
        isType,
        asType: ((resourceClass: object) => (isType(resourceClass) ? props : undefined)) as PolicyResource["asType"],
      };
      return [one.urn, resource];
    }),
  );
  const named = (urns: string[]) => urns.flatMap((urn) => made.get(urn) ?? []);
  for (const one of deployed) {
    const resource = made.get(one.urn)!;
    if (one.parent) resource.parent = made.get(one.parent);
    resource.dependencies = named(one.dependencies);
    resource.propertyDependencies = Object.fromEntries(
      Object.entries(one.propertyDependencies).map(([key, urns]) => [key, named(urns ?? [])]),
    );
  }
  return [...made.values()];
}

const nameOf = ({ urn }: Exported): string => urn.split("::").at(-1)!;

/** Pulumi's marks of a special value, and of a secret. */
const signature = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

/** Secrets that were exported in plain text are read; encrypted ones are unknown values, as at preview. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const { [signature]: mark, plaintext } = value as Record<string, unknown>;
  if (mark === secretSignature)
    return typeof plaintext === "string" ? withoutSecrets(JSON.parse(plaintext)) : unknownValue;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutSecrets(one)]));
}
