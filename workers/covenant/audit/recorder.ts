import { Batches } from "../batches";
import { type Content, deadLettered, expired, type Head } from "./entry";
import { type Addition, EntryRefused, HeadMoved, type Trail } from "./trail";

/** A message, or that it was given up, with the stream that it is of. */
export interface Item {
  stream: string;
  /** `message`, `dead-lettered`, or `late`: of a replay. */
  content: Content;
}

export interface RecorderPorts {
  trail: Pick<Trail, "head" | "find" | "hasLate" | "append">;
  /** The message of a stream with this sequence, or the next one after it; undefined where there is none. */
  read(stream: string, sequence: number): Promise<Content | undefined>;
  /** Copies a message to the dead letters that the database refuses. Resolves when the copy is stored. */
  giveUp(stream: string, message: Content, error: Error): Promise<void>;
}

/** Entries that are written together, at most. */
const mostTogether = 250;

/** Bytes of bodies that are read and written together; a single message may be larger. */
const mostBytes = 8 * 1_048_576;

/** So often in a row another writer may be faster. */
const mostMoved = 10;

/** Replays have the time of their message in milliseconds. */
const inMs = (nanoseconds: bigint | null): bigint | null => nanoseconds && nanoseconds / 1_000_000n;

/**
 * Records messages in the trail, each stream in the order of its sequences and without a hole: what comes before a
 * message and has no entry yet is read from the stream, whether it is on its way here or was acknowledged without an
 * entry; what the stream has no longer gets an entry that says so.
 */
export class Recorder {
  private readonly streams = new Map<string, Batches<Content>>();

  constructor(private readonly ports: RecorderPorts) {}

  /**
   * Resolves when the item has an entry. What has one already is not recorded again.
   *
   * @throws what the database, the stream or the dead letters answer: record it again later
   */
  record({ stream, content }: Item): Promise<void> {
    let batches = this.streams.get(stream);
    if (!batches) {
      batches = new Batches((contents) => this.recordAll(stream, contents), mostTogether);
      this.streams.set(stream, batches);
    }
    return batches.add(content);
  }

  private async recordAll(stream: string, contents: readonly Content[]): Promise<void> {
    const left = contents.toSorted((a, b) => a.sequence - b.sequence);
    let head = await this.ports.trail.head(stream);
    for (let moved = 0; left.length > 0;) {
      try {
        const { additions, done } = await this.plan(stream, head, left);
        head = await this.write(stream, head, additions);
        left.splice(0, done);
      } catch (error) {
        if (!(error instanceof HeadMoved) || ++moved > mostMoved) throw error;
        head = await this.ports.trail.head(stream);
      }
    }
  }

  /** What is appended for the first of these contents; `done`: how many of them. */
  private async plan(
    stream: string,
    head: Head,
    contents: readonly Content[],
  ): Promise<{ additions: Addition[]; done: number }> {
    const additions: Addition[] = [];
    const seen = new Set<string>();
    let { generation, sequence } = head;
    const isFull = () =>
      additions.length >= mostTogether ||
      additions.reduce((sum, { content: { body } }) => sum + (body?.length ?? 0), 0) >= mostBytes;
    for (const [index, content] of contents.entries()) {
      const id = `${content.kind === "late"} ${content.sequence} ${content.storedNs}`;
      if (seen.has(id)) continue;
      if (isFull()) return { additions, done: index };
      seen.add(id);
      if (content.kind === "late" || content.sequence <= sequence) {
        const place = await this.placeOf(stream, head, content);
        if (place === "late") additions.push({ content: { ...content, kind: "late" }, generation });
        if (place !== "recreated") continue;
        // What was planned is of the stream before.
        if (additions.length > 0) return { additions, done: index };
        [generation, sequence] = [head.generation + 1, 0];
      }
      while (sequence + 1 < content.sequence) {
        if (isFull()) return { additions, done: index };
        const next = await this.ports.read(stream, sequence + 1);
        const upTo = Math.min(next?.sequence ?? Infinity, content.sequence) - 1;
        if (upTo > sequence) additions.push({ content: expired(sequence + 1, upTo), generation });
        sequence = upTo;
        if (next && next.sequence < content.sequence) {
          additions.push({ content: next, generation });
          sequence = next.sequence;
        }
      }
      additions.push({ content, generation });
      sequence = content.sequence;
    }
    return { additions, done: contents.length };
  }

  /**
   * Whether what is not after the head has its entry, in any generation: it may have been in hand while its stream was
   * deleted and made again. A message that is newer than all that was recorded, and not after it, is of the new stream.
   */
  private async placeOf(
    stream: string,
    { generation, storedNs: newest }: Head,
    { sequence, storedNs, kind }: Content,
  ): Promise<"known" | "late" | "recreated"> {
    for (let of = generation; of > 0; of--) {
      const recorded = await this.ports.trail.find(stream, of, sequence);
      const isRecorded =
        kind === "late"
          ? recorded?.kind === "message" && inMs(recorded.storedNs) === inMs(storedNs)
          : recorded !== undefined && recorded.kind !== "expired" && recorded.storedNs === storedNs;
      if (isRecorded) return "known";
    }
    if (kind !== "late" && (storedNs ?? 0n) > newest) return "recreated";
    return (await this.ports.trail.hasLate(stream, sequence, inMs(storedNs))) ? "known" : "late";
  }

  /** Appends; one by one where the database refuses one of them, which is given up. */
  private async write(stream: string, head: Head, additions: readonly Addition[]): Promise<Head> {
    if (additions.length === 0) return head;
    try {
      return await this.ports.trail.append(stream, head, additions);
    } catch (error) {
      if (!(error instanceof EntryRefused)) throw error;
      if (additions.length > 1) {
        let last = head;
        for (const addition of additions) last = await this.write(stream, last, [addition]);
        return last;
      }
      const [{ content, generation }] = additions as [Addition];
      if (content.kind !== "message") throw error;
      await this.ports.giveUp(stream, content, error);
      return this.ports.trail.append(stream, head, [{ content: deadLettered(content, error.message), generation }]);
    }
  }
}
