import { readFileSync } from "node:fs";
import * as path from "node:path";
import { isMap, parseDocument } from "yaml";
import { projectFolder } from "../../engine/project";
import { replaceFile } from "./replace-file";

/**
 * One entry of a map of settings in a stack's file, as of `supercluster:failover`. The rest of the file stays as it is,
 * comments included.
 */
export class StackSetting<Value> {
  readonly file: string;

  constructor(
    stack: string,
    private readonly map: `${string}:${string}`,
    private readonly key: string,
    folder = projectFolder,
  ) {
    this.file = path.join(folder, `Pulumi.${stack}.yaml`);
  }

  read(): Value | undefined {
    return (parseDocument(this.text()).getIn(this.path(), false) as { toJSON?(): Value } | undefined)?.toJSON?.();
  }

  /** Writes the entry, or takes it out. */
  write(value: Value | undefined): void {
    const before = this.text();
    const after = withEntry(before, this.path(), value);
    if (after !== before) replaceFile(this.file, after);
  }

  private path(): [string, string, string] {
    return ["config", this.map, this.key];
  }

  private text(): string {
    return readFileSync(this.file, "utf8");
  }
}

/** A YAML text with one entry of a map of a map set, or taken out together with a map that is empty then. */
export function withEntry(text: string, [top, map, key]: [string, string, string], value: unknown): string {
  const document = parseDocument(text);
  if (value === undefined) {
    if (!document.hasIn([top, map, key])) return text;
    document.deleteIn([top, map, key]);
    const left = document.getIn([top, map]);
    if (isMap(left) && left.items.length === 0) document.deleteIn([top, map]);
  } else {
    document.setIn([top, map, key], document.createNode(value));
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: text.includes("{ ") });
}
