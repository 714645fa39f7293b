import "../../tools/promise-stacks.cjs";
import "./known-hashes";
import * as pulumi from "@pulumi/pulumi";
import type {
  ReadResourceRequest,
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import { isComponent, knownTypes } from "./known-types";

/** One resource as the engine is asked to register it: with what the SDK's own mocks leave out. */
export interface Registration {
  type: string;
  name: string;
  /** Secrets stand where they were given; see {@link unsecret} and {@link isSecret}. */
  inputs: Record<string, unknown>;
  /** Those that are set; resources are told by their names. */
  options: {
    parent?: string;
    provider?: string;
    dependencies?: string[];
    protect?: boolean;
    retainOnDelete?: boolean;
    deleteBeforeReplace?: boolean;
    ignoreChanges?: string[];
    replaceOnChanges?: string[];
    secretOutputs?: string[];
    aliases?: unknown[];
  };
  /** What a component (or the stack) said with `registerOutputs`. */
  outputs?: Record<string, unknown>;
}

export interface Recording<T> {
  result: T;
  registrations: Registration[];
  /** The registrations of one type, in the order of their names. */
  of(type: string): Registration[];
}

export interface RecordOptions {
  stack?: string;
  /** Outputs of the stacks that may be referred to; all secret. */
  references?: Record<string, Record<string, unknown>>;
  /** Functions that may be called, by token, and what they answer. */
  calls?: Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>>;
  /** As a preview does: what providers would add is not known. */
  preview?: boolean;
  /** Resources (`<type>::<name>`) that have just been replaced: what their providers add differs from before. */
  replaced?: ReadonlySet<string>;
}

const readStackOutputs = "pulumi:pulumi:readStackOutputs";

/** Runs what registers resources, waits until all of them are, and returns both. Throws on anything unexpected. */
export async function record<T>(
  program: () => T | Promise<T>,
  { stack = "test", references = {}, calls = {}, preview = false, replaced = new Set() }: RecordOptions = {},
): Promise<Recording<T>> {
  const registrations = new Map<string, Registration>();
  const problems: Error[] = [];
  const answer = (
    { type, name, ...given }: pulumi.runtime.MockResourceArgs,
    request?: Registration,
  ): pulumi.runtime.MockResourceResult => {
    const inputs = given.inputs as Record<string, unknown>;
    if (type === "pulumi:pulumi:StackReference")
      return { id: name, state: referred(inputs.name as string, references) };
    if (isComponent(type)) return { id: "", state: inputs };
    const known = knownTypes[type];
    if (!known) throw new Error(`registers ${name}, which is a ${type}: tests/support/known-types.ts has no such type`);
    if (preview) return { id: undefined, state: inputs };
    const made = replaced.has(`${type}::${name}`) ? `${name}, replaced` : name;
    const outputs = Object.entries({ ...inputs, ...known(made) });
    return {
      id: name,
      state: Object.fromEntries(
        outputs.map(([key, value]) => [
          key,
          request?.options.secretOutputs?.includes(key) ? pulumi.secret(value) : value,
        ]),
      ),
    };
  };
  const engineCalls: Required<RecordOptions>["calls"] = {
    [readStackOutputs]: ({ name }) => referred(name as string, references),
  };
  let current: Registration | undefined;
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => noted(problems, () => answer(args, current)),
      call: ({ token, inputs }) => {
        // A program may ask whether a stack exists: the engine answers so where it does not.
        const { name } = inputs as { name?: string };
        if (token === readStackOutputs && !(name! in references))
          throw Object.assign(new Error(), { details: `unknown stack "${name}"` });
        return noted(problems, () =>
          (
            ({ ...engineCalls, ...calls })[token] ??
            fail(`calls ${token}: only ${Object.keys(calls).join(", ") || "no function"} may be called`)
          )(inputs as Record<string, unknown>),
        );
      },
    },
    "supercluster",
    stack,
    preview,
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const { registerResource, readResource, registerResourceOutputs } = monitor;
  const add = (registration: Registration) => {
    current = registration;
    const key = `${registration.type}::${registration.name}`;
    if (registrations.has(key)) problems.push(new Error(`registers two resources ${key}`));
    registrations.set(key, registration);
  };
  monitor.registerResource = (request, callback) => {
    add(registrationOf(request));
    return registerResource.call(monitor, request, callback);
  };
  // Stack references are read, not registered.
  monitor.readResource = (request, callback) => {
    add({
      type: request.getType(),
      name: request.getName(),
      inputs: propertiesOf(request.getProperties()),
      options: {},
    });
    return readResource.call(monitor, request, callback);
  };
  monitor.registerResourceOutputs = (request, callback) => {
    // "...::<parents' types>$<type>::<name>"
    const [types, name] = request.getUrn().split("::").slice(-2) as [string, string];
    registrations.get(`${types.split("$").at(-1)}::${name}`)!.outputs = propertiesOf(request.getOutputs());
    return registerResourceOutputs.call(monitor, request, callback);
  };

  const result = await program();
  await pulumi.runtime.disconnect();
  if (problems.length)
    throw new AggregateError(problems, `the program ${problems.map(({ message }) => message).join("; ")}`);
  const all = [...registrations.values()];
  return {
    result,
    registrations: all,
    of: (type) => all.filter((one) => one.type === type).sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

interface Monitor {
  registerResource(request: RegisterResourceRequest, callback: unknown): unknown;
  readResource(request: ReadResourceRequest, callback: unknown): unknown;
  registerResourceOutputs(request: RegisterResourceOutputsRequest, callback: unknown): unknown;
}

/** An error in a mock only rejects a promise that may not be awaited anywhere. */
function noted<T>(problems: Error[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    problems.push(error as Error);
    throw error;
  }
}

function fail(message: string): never {
  throw new Error(message);
}

function referred(name: string, references: Record<string, Record<string, unknown>>) {
  const outputs =
    references[name] ??
    fail(`refers to the stack ${name}: only ${Object.keys(references).join(", ") || "no stack"} may be referred to`);
  return { name, outputs, secretOutputNames: Object.keys(outputs) };
}

function registrationOf(request: RegisterResourceRequest): Registration {
  const given = <T>(key: string, value: T) =>
    value && (!Array.isArray(value) || value.length) ? { [key]: value } : {};
  const stack = (urn: string) => urn.includes("::pulumi:pulumi:Stack::");
  return {
    type: request.getType(),
    name: request.getName(),
    inputs: propertiesOf(request.getObject()),
    options: {
      ...given("parent", stack(request.getParent()) ? "" : nameOf(request.getParent())),
      // "<urn>::<id>"
      ...given("provider", nameOf(request.getProvider().split("::").slice(0, -1).join("::"))),
      ...given("dependencies", request.getDependenciesList().map(nameOf).sort()),
      ...given("protect", request.getProtect()),
      ...given("retainOnDelete", request.getRetainondelete()),
      ...given("deleteBeforeReplace", request.getDeletebeforereplace()),
      ...given("ignoreChanges", request.getIgnorechangesList()),
      ...given("replaceOnChanges", request.getReplaceonchangesList()),
      ...given("secretOutputs", request.getAdditionalsecretoutputsList().sort()),
      ...given(
        "aliases",
        request.getAliasesList().map((alias) => alias.toObject()),
      ),
    },
  };
}

const propertiesOf = (struct?: { toJavaScript(): unknown }) =>
  (struct?.toJavaScript() ?? {}) as Record<string, unknown>;

const nameOf = (urn: string): string => urn.split("::").at(-1)!;

/** The key by which the engine knows a value that is more than JSON, and what says that it is a secret. */
const signature = { key: "4dabf18193072939515e22adb298388d", secret: "1b47061264138c4ac30d75fd1eb44270" };

export const isSecret = (value: unknown): value is { value: unknown } =>
  typeof value === "object" && value !== null && (value as Record<string, unknown>)[signature.key] === signature.secret;

/** A registered value with all its secrets laid open, or with each replaced by what `shown` makes of it. */
export function unsecret(value: unknown, shown: (secret: unknown) => unknown = (secret) => unsecret(secret)): unknown {
  if (isSecret(value)) return shown(value.value);
  if (Array.isArray(value)) return value.map((item) => unsecret(item, shown));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unsecret(item, shown)]));
}

/** What an output turned out to be. */
export async function settled<T>(output: pulumi.Output<T>): Promise<{ value: T; secret: boolean }> {
  return {
    value: await (output as unknown as { promise(): Promise<T> }).promise(),
    secret: await pulumi.isSecret(output),
  };
}
