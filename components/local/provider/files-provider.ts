import * as path from "node:path";
import type { dynamic } from "@pulumi/pulumi";
import { environmentDir } from "../../../config/cache";
import type { LocalFilesInputs, ProgramName } from "../program-layout";
import { changedOnDisk, fingerprint, remove, writeAll } from "./files";
import { reloadProgram } from "./program-record";

/** What the engine keeps of files: a fingerprint of each, by its path in the environment's folder. */
interface Outputs extends ProgramName {
  written: Record<string, string>;
  reader: string;
}

const idOf = ({ environment, name }: ProgramName): string => `${environment}/${name}`;

const readerOf = ({ environment, reader }: Outputs): ProgramName => ({ environment, name: reader });

/** Files beside local servers as the engine sees them. */
export const filesProvider = {
  /** The engine compares inputs itself; this adds what inputs do not show: files that are gone or were changed. */
  async diff(id: string, olds: Outputs, news: LocalFilesInputs): Promise<dynamic.DiffResult> {
    const changed = await changedOnDisk(environmentDir(olds.environment), olds.written);
    return {
      changes: changed.length ? true : undefined,
      replaces: id === idOf(news) ? [] : ["name"],
      deleteBeforeReplace: true,
    };
  },

  async create(inputs: LocalFilesInputs): Promise<dynamic.CreateResult<Outputs>> {
    return { id: idOf(inputs), outs: await ensure(inputs) };
  },

  async update(_id: string, olds: Outputs, inputs: LocalFilesInputs): Promise<dynamic.UpdateResult<Outputs>> {
    await removeAll(olds, Object.keys(inputs.files));
    return { outs: await ensure(inputs) };
  },

  async delete(_id: string, known: Outputs): Promise<void> {
    await removeAll(known);
    await reloadProgram(readerOf(known));
  },
};

async function ensure({ environment, name, files, reader }: LocalFilesInputs): Promise<Outputs> {
  await writeAll(environmentDir(environment), files);
  const written = Object.fromEntries(Object.entries(files).map(([file, text]) => [file, fingerprint(text)]));
  const outputs = { environment, name, written, reader };
  await reloadProgram(readerOf(outputs));
  return outputs;
}

async function removeAll({ environment, written }: Outputs, kept: string[] = []): Promise<void> {
  const files = Object.keys(written).filter((file) => !kept.includes(file));
  await Promise.all(files.map((file) => remove(path.join(environmentDir(environment), file))));
}
