/** Which program of this machine it is; the rest of its inputs may change. */
export interface ProgramName {
  environment: string;
  /** Its folder in the environment's, e.g. `monitoring/prometheus`. */
  name: string;
}

/** Inputs of one program that runs beside local servers. */
export interface LocalProgramInputs extends ProgramName {
  /** Its executable, as tools/pins.mjs names it. */
  tool: string;
  /** Path of another executable to run. Default: the installed one. */
  program?: string;
  /** Its arguments, in which `{port}` stands for its port, and `{address}` for `127.0.0.1:<port>`. */
  args: string[];
  /** Its variables beside PATH and HOME. */
  env?: Record<string, string>;
  /** Port that it serves, while that is free. Default: any. */
  port?: number;
  /** Path that answers 200 once it serves. */
  ready: string;
  /** Files in its folder, which is its working directory. It reads them again on SIGHUP. */
  files: Record<string, string>;
  /**
   * Files of the project that a person may write, relative to it: where one is there, it takes the place of the file of
   * the same name. It may have secrets, and is in no state.
   */
  own?: Record<string, string>;
  /** Files, relative to the environment's folder, that tell others where it is; `{address}` as above. */
  announcements?: Record<string, string>;
}

/** Inputs of files that a program reads and that are not its own. */
export interface LocalFilesInputs extends ProgramName {
  /** Relative to the environment's folder. */
  files: Record<string, string>;
  /** Name of the program that reads them again on SIGHUP, where it runs. */
  reader: string;
}
