import { nameOf, type Preview, messagesOf, type Step, typeOf } from "../plan/preview";
import { plural } from "../../config/plural";

/** Operations of the engine that change something, with the marks of its own output. */
const operations: Record<string, { mark: string; name: string }> = {
  create: { mark: "+", name: "to create" },
  import: { mark: "=", name: "to import" },
  update: { mark: "~", name: "to update" },
  replace: { mark: "+-", name: "to replace" },
  delete: { mark: "-", name: "to delete" },
};

/** Paths shown for a resource; the rest is a number. */
const mostPaths = 6;

/**
 * What an `up` of a stack would do, as text: a line for each resource that changes, with the changed paths but no
 * values, which may be secret. Pure.
 */
export function renderPreview(stack: string, preview: Preview): string {
  const steps = (preview.steps ?? []).filter(({ op }) => op in operations);
  const counts = Object.entries(operations).flatMap(([op, { name }]) => {
    const count = steps.filter((step) => step.op === op).length;
    return count ? [`${count} ${name}`] : [];
  });
  const lines = steps.map(
    (step) => `  ${operations[step.op]!.mark.padEnd(2)} ${typeOf(step.urn)} ${nameOf(step.urn)}${pathsOf(step)}`,
  );
  const notes = messagesOf(preview, ["warning", "info#err"]).map((text) => `  ${text}`);
  return [`${stack}: ${counts.join(", ") || "nothing to change"}`, ...lines, ...notes].join("\n");
}

function pathsOf({ op, detailedDiff, diffReasons, replaceReasons }: Step): string {
  if (op === "create" || op === "delete" || op === "import") return "";
  const replacing = new Set(replaceReasons ?? []);
  const paths = Object.keys(detailedDiff ?? {}).length ? Object.keys(detailedDiff!) : (diffReasons ?? []);
  if (paths.length === 0) return "";
  const shown = paths.slice(0, mostPaths).map((path) => (replacing.has(path) ? `${path} (replaces)` : path));
  const more = paths.length > mostPaths ? ` and ${plural(paths.length - mostPaths, "more path")}` : "";
  return `: ${shown.join(", ")}${more}`;
}
