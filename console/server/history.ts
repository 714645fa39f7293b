import type { Lines, Picture, StreamView } from "../picture";

/** Between two samples, and how many are kept: an hour. */
export const sampleMs = 30_000;
const samples = 120;

/** What is measured of each kind of object. */
const measures = {
  stream: ["rate", "messages", "fullness", "lag", "age"],
  durable: ["pending", "ackPending", "rate"],
  server: ["cpu", "memory", "messagesPerSecond", "connections"],
  gateway: ["roundTripMs", "bytesPerSecond"],
  worker: ["rate", "errorRate"],
} as const;

type Kind = keyof typeof measures;

/**
 * The last hour of every object, in memory: for each measure a ring of `samples` numbers of 4 bytes, about 4 MB for 500
 * streams and 2,000 durables. It is gone with the process.
 */
export class History {
  private readonly times: number[] = [];
  private readonly rings = new Map<string, { values: Float32Array; seen: number }>();
  private taken = 0;

  /** Keeps a sample, unless the last one is too young. Whether it did. */
  add(picture: Picture): boolean {
    const at = Date.parse(picture.head.time);
    if (at - (this.times.at(-1) ?? 0) < sampleMs * 0.9) return false;
    this.times.push(at);
    if (this.times.length > samples) this.times.shift();
    this.taken++;
    for (const [kind, rows] of rowsOf(picture))
      for (const [id, row] of rows)
        measures[kind].forEach((measure, index) => {
          const value = (row as Record<string, unknown>)[measure];
          this.ringOf(`${kind}:${id}`, kind).values[index * samples + ((this.taken - 1) % samples)] =
            typeof value === "number" ? value : NaN;
        });
    this.forgetOld();
    return true;
  }

  /** `key`: `<kind>:<id>`, e.g. `stream:irisx/SMS`. Undefined: nothing is known of such an object. */
  of(key: string): Lines | undefined {
    const ring = this.rings.get(key);
    const kind = key.slice(0, key.indexOf(":")) as Kind;
    if (!ring) return undefined;
    const count = this.times.length;
    const values = measures[kind].map((measure, index) => {
      const own = Array.from({ length: count }, (_, n) => {
        const value = ring.values[index * samples + ((this.taken - count + n) % samples)]!;
        return Number.isNaN(value) ? null : Math.round(value * 100) / 100;
      });
      return [measure, own] as const;
    });
    return {
      times: this.times.map((at) => Math.round(at / 1000)),
      values: Object.fromEntries(values.filter(([, own]) => own.some((value) => value !== null))),
    };
  }

  /** Undefined where too little is known to tell what is usual. */
  median(key: string, measure: string): number | undefined {
    const known = (this.of(key)?.values[measure] ?? []).flatMap((value) => value ?? []).toSorted((a, b) => a - b);
    return known.length < 5 ? undefined : known[Math.floor(known.length / 2)];
  }

  private ringOf(key: string, kind: Kind): { values: Float32Array } {
    let ring = this.rings.get(key);
    if (!ring) {
      ring = { values: new Float32Array(measures[kind].length * samples).fill(NaN), seen: this.taken };
      this.rings.set(key, ring);
    }
    if (ring.seen !== this.taken) {
      // Samples in which it was missing must not keep what was measured an hour before.
      for (let missed = ring.seen; missed < this.taken; missed++)
        measures[kind].forEach((_, index) => (ring.values[index * samples + (missed % samples)] = NaN));
      ring.seen = this.taken;
    }
    return ring;
  }

  private forgetOld(): void {
    for (const [key, { seen }] of this.rings) if (this.taken - seen >= samples) this.rings.delete(key);
  }
}

const rowsOf = ({ head, streams, durables }: Picture): [Kind, [string, object][]][] => [
  ["stream", Object.entries(streams).map(([id, row]) => [id, { ...row, age: ageOf(row, head.time) }])],
  ["durable", Object.entries(durables)],
  ["server", head.servers.map((server) => [server.name, server])],
  ["gateway", head.gateways.map((gateway) => [`${gateway.from}/${gateway.to}`, gateway])],
  ["worker", head.workers.map((worker) => [`${worker.account}/${worker.name}/${worker.region}`, worker])],
];

/** Of the oldest message, in seconds. */
const ageOf = ({ oldest }: StreamView, now: string): number | undefined =>
  oldest === undefined ? undefined : Math.max(0, (Date.parse(now) - Date.parse(oldest)) / 1_000);
