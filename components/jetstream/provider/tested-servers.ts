import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { outsideOfSupported } from "../../../config/versions";

/** What to print of a server that is none of those that this program is tested with; undefined of all others. */
export function untestedLine(version: string | undefined): string | undefined {
  const outside = version && outsideOfSupported(version);
  if (!outside) return undefined;
  const said = { older: diagnostics.serversOlder, newer: diagnostics.serversNewer }[outside];
  return diagnosticLine(said, "JetStream", version);
}
