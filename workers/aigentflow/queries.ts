import * as z from "zod";
import { question } from "../messaging";
import { type Kind, kindNames } from "./kinds";

/*
 * What the worker of a kind answers: the newest state that it knows. The subjects are of no stream: a request on one
 * would be stored, and answered by the stream itself.
 */

const state = z.object({
  kind: z.enum(["agent", "workflow", "task", "audit"]),
  tenantId: z.guid(),
  /** Of the agent, workflow or task; of audit events `<resourceType>/<resourceId>`. */
  id: z.string(),
  /** Of its newest event, as the stream has them in order. */
  type: z.string(),
  eventId: z.guid(),
  /** What the event has beside the envelope: payload or metadata, and the fields of its kind. */
  details: z.record(z.string(), z.unknown()),
  /** When the sender made the event. */
  timestamp: z.iso.datetime({ offset: true }),
  /** Of the event in its stream; 0 where only a replayed dead letter is known. */
  sequence: z.int(),
});
export type State = z.output<typeof state>;

const stateQuestion = (kind: Kind) =>
  question({
    name: kind,
    subject: `state.${kind}`,
    request: z.object({ tenantId: z.guid(), id: z.string().min(1).max(500) }),
    response: z.object({ state: state.optional() }),
  });

/** Asks where an agent, a workflow, a task or an audited resource stands; `state` is missing where nothing is known. */
export const stateOf = Object.fromEntries(kindNames.map((kind) => [kind, stateQuestion(kind)])) as Record<
  Kind,
  ReturnType<typeof stateQuestion>
>;
