/** What the engine keeps of what it has changed on this machine. */
export interface Applied {
  /**
   * Fingerprint of what it was left with. Another one runs where a run was killed before the engine kept what it had
   * changed. Absent in a state of before. Secret: it changes with passwords.
   */
  applied?: string;
}

/** Whether what runs, by its fingerprint, is what the engine left. */
export const isAsLeft = ({ applied }: Applied, found: string | undefined): boolean =>
  applied === undefined || applied === found;
