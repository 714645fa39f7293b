/** What a system's documents want of its workers, and what shows that it is there. */
export interface Requirement {
  /** Numbers of the contradictions in the documents. */
  id?: string;
  /** What the document wants. */
  document: string;
  /** What is there, where it is not what the document says word for word; with the reason. */
  here?: string;
  /** What does it, from the project's folder; a folder where its files do it together. */
  files: readonly string[];
  /** What proves it. */
  tests: readonly Proof[];
}

/** A test: its file, from the project's folder, and the title that stands there after `it(`. */
export interface Proof {
  file: string;
  title: string;
}

/** Proofs of one file. */
export const provedBy = (file: string, ...titles: string[]): Proof[] => titles.map((title) => ({ file, title }));
