import type { AssetArgs } from "../../jetstream/schemas";
import assert from "node:assert/strict";
import type { Cost } from "../../jetstream/costs";
import type { Info } from "../../jetstream/info";
import type { Answer, Found } from "../../operations/plan/costs";
import { type PlannedChange, type Preview, stackPlan } from "../../operations/plan/preview";
import { rowOf } from "../../operations/plan/rows";
import recorded from "./previews.json";

/** What `pulumi preview --json` printed on the local environment, cut down to what is read. */
export const previews = recorded as unknown as {
  changes: Preview;
  protected: Preview;
  refused: Preview[];
  unreachable: Preview;
};

/** What servers answer where nothing is there. */
export const nothing: Found = { costs: [], differences: [], refusals: [], isForeign: false };
export const info = (beside: Partial<Info> = {}): Info => ({ config: {}, ts: "2026-01-01T00:00:00Z", ...beside });
export const cost = (change: string, effect: string, messages: number, of = messages): Cost => ({
  change,
  effect,
  messages,
  of,
  bytes: 0,
  isEstimate: false,
  behind: [],
});

/** The change of one stream or consumer, by its id. */
export function change(preview: Preview | Preview[], id: string): PlannedChange {
  const { changes } = stackPlan([preview].flat());
  const found = changes.find((one) => one.id === id);
  assert.ok(found, `${id} is not among ${changes.map((one) => one.id).join(", ")}`);
  return found;
}

export const details = (preview: Preview, id: string, answer: Answer = nothing) => {
  const { class: name, fields, reasons, notes } = rowOf(change(preview, id), answer);
  return { name, fields, reasons, notes };
};

const urn = (kind: string, name: string) =>
  `urn:pulumi:local-jetstream::supercluster::pulumi-nodejs:dynamic/nats:${kind}::${name}`;

/** A stream and its durable, of which tests plan changes. */
const mail = {
  account: "irisx",
  name: "MAIL",
  region: "iad",
  subjects: ["mail.>"],
  deletionPolicy: "delete-if-empty",
} as const;
const worker = { account: "irisx", stream: "MAIL", name: "worker", ackPolicy: "explicit" };

/** What a leaving tenant makes of its entries. */
export const absent = { absent: true, deletionPolicy: "delete" } as const;

/** The plan of one step of the engine that brings a stream and its durable from one to the other. */
export const planned = (op: string, from: object | undefined, to: object | undefined) =>
  stackPlan([
    {
      steps: Object.entries({ Stream: mail, Consumer: worker }).map(([type, args]: [string, AssetArgs]) => {
        const state = (change: object | undefined) =>
          change && { type, inputs: { ...args, ...change }, retainOnDelete: change === from };
        return { op, urn: urn(type, args.name), oldState: state(from), newState: state(to) };
      }),
    },
  ]).changes;
