import type { dynamic } from "@pulumi/pulumi";
import type { RegionIdentity } from "../../../config/assets/region";
import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { logProgress } from "../../log-progress";
import { identityFingerprint } from "../../security/identity-fingerprint";
import { kubectl } from "../kubectl";
import { externalSecretKind, identityKey, pushSecretKind } from "../secret-store";
import { converge, type Next, type Patience } from "./converge";
import { clientOf, type ClusterAccess, configOf, missing, reasonOf } from "./kubernetes-client";

/** Where a region's identity is expected, and which. */
export interface StoredIdentityInputs {
  environment: string;
  /** Name of the region, also in messages. */
  region: string;
  namespace: string;
  /** Of the ExternalSecret, and of the Secret that it fills. */
  name: string;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** Of the identity that the identity stack deployed last. */
  fingerprint: string;
  /** The PushSecret of the identity stack, for what to do. */
  pushed: ClusterAccess & { namespace: string; name: string };
}

interface StoredIdentityOutputs extends StoredIdentityInputs {
  identity: RegionIdentity;
}

/** What the operator needs is seconds; a store that does not answer is not waited for. */
const patience: Patience = { stuckMs: 2 * 60_000, everyMs: 1_000, logEveryMs: 15_000 };

/**
 * Reads a region's identity from the Secret that the operator fills from the store; create and update wait until it is
 * the one that the identity stack deployed last.
 */
export const storedIdentityProvider = (waiting = patience) => ({
  /** An update is planned where the Secret has another identity, or none. */
  async diff(_id: string, olds: StoredIdentityInputs, news: StoredIdentityInputs): Promise<dynamic.DiffResult> {
    // At a preview the fingerprint may be one that the identity stack has yet to make.
    if (olds.fingerprint !== news.fingerprint) return { changes: true };
    try {
      return { changes: "reason" in (await readIdentity(olds)) ? true : undefined };
    } catch (error) {
      logProgress(diagnosticLine(diagnostics.objectsNotRead, olds.region, reasonOf(error)));
      return { changes: undefined };
    }
  },

  async create(inputs: StoredIdentityInputs): Promise<dynamic.CreateResult<StoredIdentityOutputs>> {
    const outs = { ...inputs, identity: await awaited(inputs, waiting) };
    return { id: `${inputs.environment}/${inputs.region}`, outs };
  },

  async update(
    _id: string,
    _olds: unknown,
    inputs: StoredIdentityInputs,
  ): Promise<dynamic.UpdateResult<StoredIdentityOutputs>> {
    return { outs: { ...inputs, identity: await awaited(inputs, waiting) } };
  },

  delete: (): Promise<void> => Promise.resolve(),
});

/**
 * @throws {Error} with what the operator reports, and what to look at, where the Secret does not get the identity
 */
async function awaited(inputs: StoredIdentityInputs, waiting: Patience): Promise<RegionIdentity> {
  let found: RegionIdentity | undefined;
  const look = async (): Promise<Next> => {
    const read = await readIdentity(inputs);
    if ("reason" in read) return { do: "wait", reason: read.reason };
    found = read.identity;
    return { do: "nothing" };
  };
  await converge(inputs.region, look, adviceOf(inputs), waiting);
  return found!;
}

const adviceOf = ({ cluster, namespace, name, pushed }: StoredIdentityInputs): string =>
  `See ${kubectl(cluster, `-n ${namespace} describe externalsecret ${name}`)} and ` +
  `${kubectl(pushed, `-n ${pushed.namespace} describe pushsecret ${pushed.name}`)} (docs/secret-stores.md)`;

type Read = { identity: RegionIdentity } | { reason: string };

/** The identity, or why it is not there. A content that is not the expected one is never shown. */
async function readIdentity(inputs: StoredIdentityInputs): Promise<Read> {
  const { cluster, namespace, name, fingerprint } = inputs;
  const { CoreV1Api } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const secret = await missing(clientOf(configOf(cluster), CoreV1Api).readNamespacedSecret({ name, namespace }));
  const text = secret?.data?.[identityKey];
  const identity = text === undefined ? undefined : parsedIdentity(Buffer.from(text, "base64").toString());
  if (identity && identityFingerprint(identity) === fingerprint) return { identity };
  const what = !secret ? "is missing" : "does not have the identity that the identity stack deployed last";
  return { reason: `Secret ${name} ${what}: ${await operatorReport(inputs)}` };
}

/** Undefined for what is not JSON: the parser's own message would show part of it. */
function parsedIdentity(text: string): RegionIdentity | undefined {
  try {
    return JSON.parse(text) as RegionIdentity;
  } catch {
    return undefined;
  }
}

interface ExternalSecret {
  status?: { conditions?: { type: string; status: string; message?: string }[] };
}

/** What the operator wrote about the ExternalSecret. */
async function operatorReport({ cluster, namespace, name }: StoredIdentityInputs): Promise<string> {
  const { CustomObjectsApi } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const [group, version] = externalSecretKind.apiVersion.split("/") as [string, string];
  const found = (await missing(
    clientOf(configOf(cluster), CustomObjectsApi).getNamespacedCustomObject({
      ...{ group, version, namespace, name },
      plural: "externalsecrets",
    }),
  )) as ExternalSecret | undefined;
  if (!found) return `ExternalSecret ${name} is missing too; pulumi up --refresh of the region's stack creates it`;
  const ready = found.status?.conditions?.find(({ type }) => type === "Ready");
  if (!ready) return "the External Secrets Operator has not reported anything about it, is it running?";
  return ready.status === "True"
    ? `the store has another one; its ${pushSecretKind.kind} may have failed`
    : (ready.message ?? "the operator could not read it");
}
