export const projectFolder: string;
export const standInFolder: string;
export const DEFAULT_TOOLS: string[];
export const MONITORING_TOOLS: string[];
export const TEST_TOOLS: string[];
export const KUBE_TOOLS: string[];
/** Where releases are published, by who publishes them. */
export type Releases = Record<"pulumi" | "github" | "helm", string>;
export const RELEASES: Releases;
export interface Tool {
  name: string;
  pin: string;
  key: string;
  executables: string[];
  release?: (base: Releases) => {
    file: string;
    url: string;
    checksums: string[];
    /** What the archive calls the executables, where it is not their name here. */
    programs?: string[];
  };
  /** Debian's package, and the names of the executables in it, in their order. */
  debian?: {
    package: string;
    programs: string[];
    /** Folder of the programs and of data beside them. Default: usr/bin. */
    in?: string;
    /** Packages that it needs. */
    with?: string[];
    /** Whether what apt would install with it is unpacked too. */
    dependencies?: boolean;
  };
  builds?: { name: string; folder: string; module: string; version: string; go: string; package: string }[];
}
export function describeTool(name: string): Tool;
export function atLeast(version: string, wanted: string): boolean;
