import type { JsMsg } from "@nats-io/jetstream";
import { DatabaseUnavailable } from "../../database/database";
import type { ProcessResult } from "../../messaging";
import { type Events, type Kind, kinds } from "../kinds";
import type { StateStore } from "./store";

/**
 * Takes an event over into the states. While the database does not answer, no other event is taken; what it can never
 * store, such as a NUL in a text, is terminal.
 */
export async function project<K extends Kind>(
  store: Pick<StateStore, "apply">,
  kind: K,
  event: Events[K],
  { info }: Pick<JsMsg, "info">,
): Promise<ProcessResult> {
  // A dead letter that is processed again comes from another stream.
  const sequence = info.stream === kinds[kind].stream ? info.streamSequence : undefined;
  try {
    await store.apply(kind, event, sequence);
    return { success: true };
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return { success: false, unavailable: true, error };
    if (error instanceof Error && isWrongData(error)) return { success: false, error };
    throw error;
  }
}

/** Classes 22 and 54 of SQLSTATE: data exception, and a limit that is exceeded. */
const isWrongData = (error: Error): boolean => "code" in error && /^(22|54)[0-9A-Z]{3}$/.test(String(error.code));
