/** Why previews fail that a person can do something about, by the engine's words. */
const remedies: { words: RegExp; remedy: string }[] = [
  {
    words: /resource plugin|install plugin|download plugin/i,
    remedy:
      "run this where the plugin can be downloaded; what the stacks of this project register is checked without it by: npm test",
  },
  {
    words: /PULUMI_ACCESS_TOKEN must be set/,
    remedy: "set PULUMI_BACKEND_URL to where the state of the environment is (docs/ci.md)",
  },
  {
    words: /passphrase must be set|incorrect passphrase/,
    remedy: "set what decrypts the stack's secrets (docs/ci.md)",
  },
];

/** The failure of a preview in few lines, with what to do about it where that is known. */
export function withRemedy(failure: string): string {
  const text = failure
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .join("\n")
    .trim();
  const known = remedies.find(({ words }) => words.test(text));
  return known ? `${text}\n${known.remedy}` : text;
}
