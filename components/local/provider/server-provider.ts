import type { dynamic } from "@pulumi/pulumi";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { isDeepStrictEqual } from "node:util";
import { logProgress } from "../../log-progress";
import { classify, type ServerState } from "../../supercluster/reload";
import { addressesOf, type LocalServerInputs } from "../layout";
import type { Applied } from "./applied";
import { natsServer, versionOf } from "./binary";
import { ensure, otherKey, skippedLine } from "./ensure";
import { observe, observeDrift } from "./observe";
import { fingerprintOf, type ServerName, stateOf } from "./record";
import { destroy } from "./stop";

/** What the engine keeps of a server. Nothing secret but `applied`, and no file: those are among the inputs. */
interface Outputs extends ServerName, Applied {
  /** `host:port` by what it is for. */
  addresses: Record<string, string>;
  /** Version of nats-server. */
  version: string;
  /** The one that settings name, where they name one. */
  serverVersion?: string;
  /** What a refresh found changed outside Pulumi. */
  drift?: string[];
}

const idOf = ({ environment, region, name }: ServerName): string => `${environment}/${region}/${name}`;

/** Local servers as the engine sees them. */
export const serverProvider = {
  async check(_olds: unknown, inputs: LocalServerInputs): Promise<dynamic.CheckResult<LocalServerInputs>> {
    const otherData = isKnown(inputs.jetstreamKeyFingerprint)
      ? await otherKey(inputs, inputs.jetstreamKeyFingerprint)
      : undefined;
    const skipped = skippedLine(inputs, await installedFor(inputs), await observe(inputs));
    return {
      inputs,
      failures: Object.entries({ secrets: otherData, program: skipped }).flatMap(([property, reason]) =>
        reason ? [{ property, reason }] : [],
      ),
    };
  },

  /** The engine compares inputs itself; this adds what inputs do not show: a server that died or was changed. */
  async diff(id: string, olds: Outputs, news: LocalServerInputs): Promise<dynamic.DiffResult> {
    const running = await observe(olds);
    if (running?.record && isKnown(news.jetstreamKeyFingerprint))
      announce(news, await installedFor(news), running.record.applied);
    const outOfStep = !running || (await observeDrift(olds, running)).length > 0;
    return {
      changes: outOfStep ? true : undefined,
      // Servers with new addresses cannot be found by those with the old ones: all are stopped, then started.
      replaces: [
        ...(id === idOf(news) ? [] : ["name"]),
        ...(isDeepStrictEqual(olds.addresses, addressesOf(news.config)) ? [] : ["config"]),
      ],
      deleteBeforeReplace: true,
    };
  },

  async create(inputs: LocalServerInputs): Promise<dynamic.CreateResult<Outputs>> {
    return { id: idOf(inputs), outs: await ensured(inputs) };
  },

  async update(_id: string, _olds: Outputs, inputs: LocalServerInputs): Promise<dynamic.UpdateResult<Outputs>> {
    return { outs: await ensured(inputs) };
  },

  /** A server that does not run is reported as deleted: the next `up` starts it again. */
  async read(id: string, { drift: _, ...known }: Outputs): Promise<dynamic.ReadResult<Outputs>> {
    const running = await observe(known);
    if (!running) return {};
    const drift = (await observeDrift(known, running)).map(({ what }) => what);
    return { id, props: drift.length ? { ...known, drift } : known };
  },

  delete: (_id: string, outputs: Outputs): Promise<void> => destroy(outputs),
};

const installedFor = (inputs: LocalServerInputs): Promise<string> => versionOf(natsServer(inputs));

/** Logs whether a change needs a reload or a restart, which the engine cannot know. */
function announce(wanted: LocalServerInputs, installed: string, running: ServerState): void {
  const { action, causes } = classify(running, stateOf(wanted, installed));
  if (action === "restart")
    logProgress(`${wanted.name}: ${causes.join(", ")} changed: the server is restarted when all others are current`);
  if (action === "reload")
    logProgress(`${wanted.name}: ${causes.join(", ")} changed: the server reloads it without a restart`);
}

async function ensured(inputs: LocalServerInputs): Promise<Outputs> {
  const { environment, region, name, config, serverVersion } = inputs;
  const version = await ensure(inputs);
  const applied = fingerprintOf(stateOf(inputs, version));
  return {
    ...{ environment, region, name, addresses: addressesOf(config), version, applied },
    ...(serverVersion !== undefined && { serverVersion }),
  };
}

/** Whether a preview knows the value already. */
const isKnown = (value: string): boolean => value !== unknownValue;
