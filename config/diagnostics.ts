import { supportedServers } from "./versions";

/**
 * Every line that a provider prints and that a program of this project reads. Readers go by the code, so that a text
 * can be reworded; the code can be searched for. Codes are never used for something else.
 */
export interface Diagnostic {
  code: `SC${number}`;
  severity: "warning" | "note";
  /** Something that had to be read was not: what is planned may be wrong, and `npm run plan` does not exit with 0. */
  isPartial: boolean;
  /** What happened and what follows from it, without the subject. `reason` comes last. */
  text: (reason: string) => string;
}

const declared = <Name extends string>(table: Record<Name, Diagnostic>): Record<Name, Diagnostic> => table;

export const diagnostics = declared({
  /** Of a stream or consumer, at a refresh. */
  stateKept: {
    code: "SC1001",
    severity: "warning",
    isPartial: true,
    text: (reason) => `could not be read, its last known state is kept: ${reason}`,
  },
  /** Of a stream or consumer, at a check. */
  costNotCounted: {
    code: "SC1002",
    severity: "warning",
    isPartial: true,
    text: (reason) => `what its change costs could not be counted, so only \`up\` checks it: ${reason}`,
  },
  /** Of JetStream as a whole, once a process. */
  jetstreamUnreachable: {
    code: "SC1003",
    severity: "warning",
    isPartial: true,
    text: (reason) => `no server can be reached, so only \`up\` checks what changes cost: ${reason}`,
  },
  /** Of a stream or consumer that exists and is adopted, one a field. The plan lists these fields itself. */
  adoptionChanges: {
    code: "SC1004",
    severity: "note",
    isPartial: false,
    text: (change) => `adopting it changes ${change}`,
  },
  /** Of a stream that gets a subject of another one, once a subject. A plan shows it beside the stream. */
  subjectMoves: {
    code: "SC1005",
    severity: "note",
    isPartial: false,
    text: (what) =>
      `${what}: between two requests, about as long as a server takes to answer one, no stream captures it, and ` +
      'publishers get "no responders"',
  },
  /** Of JetStream as a whole, once a process. */
  serversNewer: {
    code: "SC1006",
    severity: "warning",
    isPartial: false,
    text: (version) =>
      `a server runs ${version}, and this program is tested with those before ${supportedServers.before}: fields ` +
      "that it does not know are named, and stay as they are; what such servers refuse shows at `up` " +
      "(docs/runbooks/upgrade-nats.md)",
  },
  /** Of JetStream as a whole, once a process. */
  serversOlder: {
    code: "SC1007",
    severity: "warning",
    isPartial: false,
    text: (version) =>
      `a server runs ${version}, and this program is tested with ${supportedServers.from} and later: older ones may ` +
      "drop fields that they do not know, so what needs a later server is refused (docs/runbooks/upgrade-nats.md)",
  },
  /** Of a stream or consumer, at a refresh. */
  unknownFields: {
    code: "SC1008",
    severity: "note",
    isPartial: false,
    text: (fields) =>
      `has fields that this program does not know, and leaves as they are: ${fields}; extraConfig can set them`,
  },
  /** Of a region whose Kubernetes cluster does not answer a preview. */
  clusterNotChecked: {
    code: "SC1101",
    severity: "warning",
    isPartial: true,
    text: (reason) =>
      `its Kubernetes cluster cannot be reached, so only \`up\` checks that it is the right one: ${reason}`,
  },
  /** Of a region whose Kubernetes cluster does not answer a destroy. */
  clusterNotCheckedForDeletion: {
    code: "SC1102",
    severity: "warning",
    isPartial: true,
    text: (reason) => `its Kubernetes cluster cannot be reached, so it was not checked: ${reason}`,
  },
  /** Of a region. */
  volumesNotRead: {
    code: "SC1103",
    severity: "warning",
    isPartial: true,
    text: (reason) => `its volumes could not be read, so only \`up\` checks their change: ${reason}`,
  },
  /** Of a region. */
  objectsNotRead: {
    code: "SC1104",
    severity: "warning",
    isPartial: true,
    text: (reason) => `its objects could not be read, so deleted or changed ones were not looked for: ${reason}`,
  },
});

/**
 * Ends a refusal whose reason is what the servers are, such as their version: the servers that the same deployment
 * brings may not have it.
 */
export const dependsOnServers = "(SC1201)";

/** The line to print: `warning SC1001: irisx/SMS: could not be read, ...`. `subject` has no blank in it. */
export const diagnosticLine = ({ code, severity, text }: Diagnostic, subject: string, reason: string): string =>
  `${severity} ${code}: ${subject}: ${text(reason)}`;

/** A line that was printed by `diagnosticLine`. */
export interface ReadDiagnostic {
  diagnostic: Diagnostic;
  subject: string;
  /** The text as it was printed. */
  text: string;
}

const line = /^(?:warning|note) (SC\d+): (\S+): ([^]*)$/;

/** Reads a printed line; undefined where it is not a declared one. */
export function readDiagnostic(printed: string): ReadDiagnostic | undefined {
  const [, code, subject, text] = line.exec(printed.trim()) ?? [];
  const diagnostic = Object.values(diagnostics).find((one) => one.code === code);
  return diagnostic && { diagnostic, subject: subject!, text: text! };
}
