import type { NatsConnection } from "@nats-io/transport-node";
import { type Heard, inWords } from "./advisories";
import type { Happened } from "./differences";

/** What the system account is told without asking. */
const subjects = [
  "$JS.EVENT.ADVISORY.>",
  "$SYS.ACCOUNT.*.CONNECT",
  "$SYS.ACCOUNT.*.DISCONNECT",
  "$SYS.SERVER.*.SHUTDOWN",
  "$SYS.SERVER.*.LAMEDUCK",
  "$SYS.SERVER.*.CLIENT.AUTH.ERR",
];

/** Connections are counted in windows of ten of these. */
const windowMs = 1_000;

const isOfConnection = ({ subject }: Heard): boolean => /CONNECT$|AUTH\.ERR$/.test(subject);

/** Tells what servers say of themselves, in words, until the connection ends. */
export function listenTo(system: NatsConnection, tell: (events: Happened[]) => void): void {
  let [soon, later]: [Heard[], Heard[]] = [[], []];
  let windows = 0;
  const flush = () => {
    const isTenth = ++windows % 10 === 0;
    const heard = [...soon, ...(isTenth ? later : [])];
    soon = [];
    if (isTenth) later = [];
    const time = new Date().toISOString();
    const events = heard.length > 0 ? inWords(heard).map((said) => ({ time, ...said })) : [];
    if (events.length > 0) tell(events);
  };
  for (const subject of subjects)
    system.subscribe(subject, {
      callback: (error, message) => {
        if (error) return;
        try {
          const heard = { subject: message.subject, body: message.json<Heard["body"]>() };
          (isOfConnection(heard) ? later : soon).push(heard);
        } catch {
          // Anyone in the system account may publish what is no JSON there.
        }
      },
    });
  const timer = setInterval(flush, windowMs);
  void system.closed().then(() => clearInterval(timer));
}
