/** Milliseconds as a person reads them, rounded down: `12 s`, `3 min`, `5 h`, `2 d`. Pure. */
export function inWords(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1_000);
  const [size, unit] = (
    [
      [86_400, "d"],
      [3_600, "h"],
      [60, "min"],
    ] as const
  ).find(([one]) => seconds >= 2 * one) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit}`;
}
