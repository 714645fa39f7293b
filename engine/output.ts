/** What can be read from the lines of a `pulumi up` or `pulumi destroy` without a terminal. Pure. */
export interface Outcome {
  /** `4 created, 12 unchanged`. */
  summary: string;
  /** Whether it says that nothing was changed. */
  isUnchanged: boolean;
  /** Pulumi's own explanation of a failure. */
  diagnostics: string;
}

const finished = /^ *[-+~]{1,2} .* (created|updated|deleted|replaced|refreshed)( replacement)? \([\d.]+s\)/;

/** Whether a line reports that one resource is done. */
export const isFinished = (line: string): boolean => finished.test(line);

/** Reads the output of a run that ended. */
export function outcomeOf(output: string): Outcome {
  const lines = output.split("\n");
  // "3 changes. 4 unchanged" repeats what stands above it.
  const resources = section(lines, "Resources:").map((line) => line.trim().replace(/^[-+~]*\s*(\d+ changes?\. )?/, ""));
  const counted = resources.filter((line) => /^\d+ \w+/.test(line));
  const errors = lines.filter((line) => line.startsWith("error: "));
  const diagnostics = section(lines, "Diagnostics:").join("\n").trimEnd();
  return {
    summary: counted.join(", ") || "nothing to do",
    isUnchanged: counted.length > 0 && counted.every((line) => /^\d+ unchanged/.test(line)),
    diagnostics:
      diagnostics ||
      errors.join("\n") ||
      lines
        .filter((line) => line.trim())
        .slice(-10)
        .join("\n"),
  };
}

/** The indented lines under a title, up to the next title. */
function section(lines: string[], title: string): string[] {
  const start = lines.lastIndexOf(title);
  if (start < 0) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => /^\S/.test(line));
  return (end < 0 ? rest : rest.slice(0, end)).filter((line) => line.trim());
}
