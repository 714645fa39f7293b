import { setTimeout as sleep } from "node:timers/promises";
import { serverNames } from "../../config/topology";
import { serversInAll } from "../../config/sizes";
import type { Wire } from "../../jetstream/fields";
import { readPages, write } from "../../jetstream/api";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import { askAll } from "../../jetstream/system-requests";
import { Failure } from "../../engine/failure";
import type { Jsz } from "../../jetstream/monitoring";
import { parked } from "./configurations";
import { Presence } from "./presence";
import type { FailoverPair } from "./failover-pair";

const parkMs = 30_000;
const offline = 10118;

/**
 * Takes a stream's subjects away, whether it has a leader or not. Without one no server answers: the meta leader
 * records the change, and the stream's servers learn of it when they are back. It is recorded once the meta leader
 * no longer lists the stream for the subjects.
 */
export async function park(pair: FailoverPair): Promise<void> {
  const { name } = pair.stream;
  const info = await pair.infoOf(name);
  const presence = typeof info === "string" ? await presenceOfHome(pair) : undefined;
  const config = typeof info === "string" ? await recordedConfig(pair, presence!) : info.config;
  try {
    await recorded(pair, parked(config), presence);
  } finally {
    await presence?.announceGone();
  }
}

async function recorded(pair: FailoverPair, config: Wire, presence: Presence | undefined): Promise<void> {
  const { name } = pair.stream;
  const send = () =>
    write(pair.account.connection, `STREAM.UPDATE.${name}`, { ...config, pedantic: true }).then(
      () => undefined,
      (error: Error) => error,
    );
  let answer = send();
  for (const deadline = Date.now() + parkMs; Date.now() < deadline;) {
    const error = await Promise.race([answer, sleep(250)]);
    if (!(await pair.holders()).includes(name)) return;
    if (error === undefined || error instanceof NoAnswer) continue;
    if (!(error instanceof ApiError && error.errCode === offline && presence)) throw error;
    await presence.announceRunning();
    answer = send();
  }
  throw new Failure(
    `the subjects of ${name} could not be taken away within ${parkMs / 1000} s; ` +
      "run the command again: it continues from what was done",
  );
}

/** The servers of the home region that do not answer. */
async function presenceOfHome({ system, stream, environment }: FailoverPair): Promise<Presence> {
  const all = serversInAll(environment);
  const answers = await askAll<unknown>(system, "STATSZ", {}, all, 2_000);
  const names = serverNames(environment, [stream.region]);
  return new Presence(
    system,
    stream.region,
    names.filter((name) => !answers.some(({ server }) => server.name === name)),
  );
}

/** The configuration of a stream without a leader, from one of its servers or from the meta leader. */
async function recordedConfig(pair: FailoverPair, presence: Presence): Promise<Wire> {
  const { account, name, spec } = pair.stream;
  const answering = serversInAll(pair.environment) - presence.silent.length;
  const answers = await askAll<Jsz>(pair.system, "JSZ", { account, streams: true, config: true }, answering, 2_000);
  const details = answers
    .flatMap(({ data }) => data?.account_details ?? [])
    .flatMap(({ stream_detail = [] }) => stream_detail);
  const held = details.find((detail) => detail.name === name)?.config;
  if (held) return held;
  // The meta leader lists streams that it knows to be down; for others it waits for their own answer.
  await presence.announceGone();
  const listed = await readPages(
    pair.account.connection,
    "STREAM.LIST",
    { subject: spec.subjects[0] },
    ({ streams }: { streams?: { config: Wire }[] | null; total?: number }) => streams ?? [],
  );
  const found = listed.find(({ config }) => config.name === name)?.config;
  if (!found)
    throw new Failure(
      `the configuration of ${name} could not be read from any server. Nothing was changed; run the command again.`,
    );
  return found;
}
