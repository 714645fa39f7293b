import { hostname, userInfo } from "node:os";
import type { Process } from "../tools/processes.mjs";
import { isEngine } from "./processes";

/** Locks of stacks: who holds one, and what an operator does about it. Pure. */

/** Who holds a stack's lock, as the CLI writes it: `timestamp` is when the run started, RFC 3339. */
export interface LockHolder {
  pid: number;
  username: string;
  hostname: string;
  timestamp: string;
  /** Where the lock is, as far as the CLI reports it. */
  url?: string;
}

/**
 * Whether the holder of a lock runs. `dead`: its process has ended, or another program has its number now. `foreign`:
 * it is another machine's or another user's, whose processes cannot be checked from here.
 */
export function holderOf(
  lock: LockHolder,
  running: Process[],
  here = { hostname: hostname(), username: userInfo().username },
): "alive" | "dead" | "foreign" {
  if (lock.hostname !== here.hostname || lock.username !== here.username) return "foreign";
  return running.some(({ pid, args }) => pid === lock.pid && isEngine(args)) ? "alive" : "dead";
}

/** Commands that make a stack usable again after a run that has ended without releasing its lock. */
const release = (stack: string): string[] => [
  `  pulumi cancel --stack ${stack} --yes`,
  `  pulumi refresh --stack ${stack}   # asks what became of each resource that was being created`,
];

const again = "Then run this command again. More: docs/runbooks/stale-lock.md";

/** Why a run waits for an operator: the lock is held where it cannot be checked whether its process runs. */
export const heldElsewhere = (stack: string, { username, hostname: host, pid, timestamp }: LockHolder): string =>
  [
    `stack ${stack} is locked by ${username} on ${host} (process ${pid}, since ${timestamp}). ` +
      "Whether that run has ended cannot be checked from here. Nothing was done to this stack.",
    `While it runs, wait for it. If it has ended (on ${host}: ps -p ${pid}), run:`,
    ...release(stack),
    again,
  ].join("\n");

/** An update of a stack that Pulumi Cloud reports as in progress, as `pulumi stack --json` has it. */
export interface CurrentOperation {
  kind: string;
  author: string;
  started: string;
}

/** The same for Pulumi Cloud, which does not name the machine. */
export const inProgress = (stack: string, operation: CurrentOperation | undefined): string =>
  [
    `stack ${stack} has another update in progress` +
      (operation ? `: ${operation.kind} by ${operation.author}, started ${operation.started}` : "") +
      ". Nothing was done to this stack.",
    "While it runs, wait for it. If it has ended (it was killed, or its machine is gone), run:",
    ...release(stack),
    again,
  ].join("\n");

/** A resource that a run was working on when it was killed: `pending_operations` of a state. */
export interface PendingOperation {
  resource: { urn: string; type: string; inputs?: Record<string, unknown> };
  type: string;
}

/**
 * Packages whose creates may be repeated: values that exist in the state only (random, tls), objects that are created
 * or updated by their names (kubernetes), and this program's own providers, which look before they create.
 */
const repeatable = ["kubernetes", "pulumi", "pulumi-nodejs", "random", "supercluster", "tls"];

/** Created by a plain `helm install`, which fails where it exists: "cannot re-use a name that is still in use". */
const helmRelease = "kubernetes:helm.sh/v3:Release";

const isRepeatable = (type: string): boolean => type !== helmRelease && repeatable.includes(type.split(":")[0]!);

/**
 * Resources that a killed run may have created without recording them, and that a repeated create would duplicate, or
 * fail on.
 */
export const createdUnrecorded = (operations: PendingOperation[]): PendingOperation["resource"][] =>
  operations.flatMap(({ type, resource }) => (type === "creating" && !isRepeatable(resource.type) ? [resource] : []));

/** Why a killed run's lock is left to an operator. */
export const needsOperator = (stack: string, resources: PendingOperation["resource"][]): string =>
  [
    `an earlier run of ${stack} was killed while it created what may exist now without being in the state:`,
    ...resources.map(({ urn, type }) => `  ${type} ${urn.split("::").at(-1)}`),
    "Creating it again could make a second one, or fail. Nothing was done to this stack. Run, on a terminal:",
    ...release(stack),
    'choose "import" for what exists (with its id) and "clear" for what does not.',
    ...resources.flatMap(ofHelm),
    again,
  ].join("\n");

/** How to find out whether Helm has installed a release, and its id for an import. */
function ofHelm({ type, inputs }: PendingOperation["resource"]): string[] {
  if (type !== helmRelease) return [];
  const [namespace, name] = [inputs?.namespace, inputs?.name].map((value) =>
    typeof value === "string" ? value : "nats",
  );
  return [
    `The release exists if this lists a Secret with status=deployed; its id is ${namespace}/${name}:`,
    `  kubectl -n ${namespace} get secrets -l owner=helm,name=${name} --show-labels`,
    'With status=pending-install, delete that Secret and choose "clear".',
  ];
}

/** Why a lock stays that a run left which was killed while it created the stack: `pulumi cancel` needs one. */
export const ofNoStack = (stack: string, locks: LockHolder[]): string =>
  [
    `stack ${stack} does not exist, but is locked: an earlier run was killed while it created it. Delete the lock:`,
    ...locks.map(({ url }) => `  ${url}`),
    again,
  ].join("\n");
