import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerAsset } from "../../config/assets/asset";
import type { Failover, Start } from "../../config/schema/failover";
import { Failure } from "../../engine/failure";
import { plural } from "../../engine/terminal";
import { park } from "./park";
import { startAfter, startOf } from "./positions";
import type { Site } from "./failover-pair";
import { type Facts, type FailoverStep, nextFailoverStep, type Step, type StreamView } from "./steps";

export interface FailoverOptions {
  to: string;
  /** For durables whose position nobody can tell. */
  start: Start;
}

/** What there is, and what to do next. */
export async function nextOf(
  site: Site,
  { to }: Pick<FailoverOptions, "to">,
): Promise<{ facts: Facts; next: Step<FailoverStep> }> {
  const facts = await site.facts();
  const mirror = facts.mirrors.find(({ region }) => region === to)!;
  const isThere = typeof mirror.found === "object" && !mirror.found.isMirror;
  const missing = isThere ? (await missingDurables(site, to)).map(({ name }) => name) : [];
  return { facts, next: nextFailoverStep({ ...facts, to, missing }) };
}

/** Goes step by step until there is nothing left to do. */
export async function runFailover(site: Site, options: FailoverOptions): Promise<void> {
  for (;;) {
    const { next } = await nextOf(site, options);
    if ("refuse" in next) throw new Failure(next.refuse);
    if (next.step === "nothing" || next.step === "mirror") return;
    await steps[next.step](site, options, next.mirror!);
  }
}

type Mirror = { name: string; region: string; found: StreamView };

const steps: Record<FailoverStep, (site: Site, options: FailoverOptions, mirror: Mirror) => Promise<void>> = {
  async park(site) {
    const { name, spec } = site.stream;
    site.account.say(`taking ${spec.subjects.join(", ")} away from ${name}`);
    await park(site);
  },

  async "catch-up"(site, _, { name, found }) {
    const { name: stream } = site.stream;
    site.account.say(`${stream} answers: waiting until ${name} has all of it (now up to ${found.lastSeq})`);
    await caughtUp(site, name);
  },

  async declare(site, { to, start }, { name }) {
    const failover = await failoverOf(site, to, start);
    site.setting.write(failover);
    site.account.say(`written to ${site.setting.file}: ${site.stream.name} is in ${to}, as ${name}`);
  },

  async promote(site, { to }, { name }) {
    site.account.say(`making ${name} a stream of its own, with the subjects of ${site.stream.name}`);
    const asset = site.failedOver(site.setting.read()!).streams.find((stream) => stream.name === name)!;
    await site.ensureStream(asset);
    const found = await site.look(name);
    if (typeof found === "object")
      site.account.say(`${name} takes messages in ${to} from sequence ${found.lastSeq + 1} on`);
  },

  async consumers(site, { to }) {
    for (const asset of await missingDurables(site, to)) {
      await site.ensureConsumer(asset);
      site.account.say(
        `durable ${asset.name} is on ${asset.stream}, from ${startText(startOf({ deliver_policy: asset.spec.deliverPolicy, opt_start_seq: asset.spec.optStartSeq, opt_start_time: asset.spec.optStartTime }))}`,
      );
    }
  },
};

const catchUpMs = 60_000;

/** Nothing comes into the stream any more: when the mirror has its last message, it has all. */
async function caughtUp(site: Site, mirror: string): Promise<void> {
  for (const deadline = Date.now() + catchUpMs; Date.now() < deadline; await sleep(200)) {
    const [home, copy] = await Promise.all([site.look(site.stream.name), site.look(mirror)]);
    if (typeof home !== "object" || typeof copy !== "object" || copy.lastSeq >= home.lastSeq) return;
  }
  throw new Failure(
    `${mirror} has not got all of ${site.stream.name} within ${catchUpMs / 1000} s, and nobody can publish meanwhile. Run the command again to go on waiting, or give the subjects back: npm run failback`,
  );
}

/** Durables that the setting wants on the mirror, and that are not there. */
async function missingDurables(site: Site, to: string): Promise<ConsumerAsset[]> {
  const failover = site.setting.read();
  if (failover?.to !== to) return [];
  const { name: mirror } = site.mirrorIn(to);
  const wanted = site
    .failedOver(failover)
    .consumers.filter(
      ({ stream, name }) => stream === mirror && site.durables.some((durable) => durable.name === name),
    );
  const found = await Promise.all(wanted.map(({ name }) => site.consumerInfo(mirror, name)));
  return wanted.filter((_, index) => found[index] === "missing");
}

/** The entry for the setting: where each durable begins, as far as anybody knows. */
async function failoverOf(site: Site, to: string, start: Start): Promise<Failover> {
  const { name: mirror } = site.mirrorIn(to);
  const copy = await site.look(mirror);
  if (typeof copy !== "object")
    throw new Failure(`${mirror} is ${copy}; run the command again when its servers answer`);
  const starts = await Promise.all(
    site.durables
      .filter(
        ({ name }) => !site.durablesOfMirrors.some((durable) => durable.stream === mirror && durable.name === name),
      )
      .map(async ({ name }): Promise<[string, Start]> => {
        const [there, home] = await Promise.all([
          site.consumerInfo(mirror, name),
          site.consumerInfo(site.stream.name, name),
        ]);
        if (typeof there === "object") return [name, startOf(there.config)];
        if (typeof home !== "object") return [name, start];
        return [name, startAfter({ floor: home.ack_floor.stream_seq }, copy.lastSeq)];
      }),
  );
  return { to, consumers: Object.fromEntries(starts) };
}

function startText(start: Start): string {
  if (start === "all") return "its first message (what was processed comes again)";
  if (start === "new") return "the next message (what was not processed is skipped)";
  return typeof start === "number" ? `sequence ${start}` : start;
}

/** What is known before anything is done: above all, what may be missing in the mirror. */
export async function stateOf(site: Site, { home, mirrors }: Facts, { to, start }: FailoverOptions): Promise<string[]> {
  const { name, region } = site.stream;
  const { name: mirror } = site.mirrorIn(to);
  const copy = mirrors.find((one) => one.region === to)!.found;
  const info = await site.infoOf(mirror);
  const source = typeof info === "object" ? info.mirror : undefined;
  const behind = typeof home === "object" && typeof copy === "object" ? home.lastSeq - copy.lastSeq : undefined;
  const heard = source && source.active >= 0 ? `, last heard of ${name} ${Math.round(source.active / 1e9)} s ago` : "";
  return [
    `${name} (${region}): ${typeof home === "object" ? `${plural(home.messages, "message")}, up to sequence ${home.lastSeq}` : home}`,
    `${mirror} (${to}): ${typeof copy === "object" ? `${plural(copy.messages, "message")}, up to sequence ${copy.lastSeq}` : copy}${source ? `, lag as last known ${source.lag}${heard}` : ""}`,
    behind === undefined
      ? `what ${name} stored behind that sequence is not in ${mirror}: it is there again when ${region} is, if its disks are`
      : behind > 0
        ? `${plural(behind, "message")} of ${name} are still to be copied; that is waited for`
        : `nothing of ${name} is missing in ${mirror}`,
    ...(await unknownDurables(site)).map(
      (durable) =>
        `durable ${durable}: nobody can tell where it was, so on ${mirror} it begins with ${startText(start)} (--start)`,
    ),
  ];
}

async function unknownDurables(site: Site): Promise<string[]> {
  if (site.setting.read()) return [];
  const infos = await Promise.all(site.durables.map(({ name }) => site.consumerInfo(site.stream.name, name)));
  return site.durables.filter((_, index) => typeof infos[index] !== "object").map(({ name }) => name);
}
