/** Limit of Secrets Manager: https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const maxBytes = 65_536;

/** Why Secrets Manager would not accept a value (over 65,536 bytes of UTF-8), if so. */
export function secretSizeRefusal(name: string, value: string): string | undefined {
  const bytes = Buffer.byteLength(value);
  if (bytes <= maxBytes) return undefined;
  return (
    `secret ${name} would have ${bytes} bytes, and Secrets Manager accepts ${maxBytes}: it has too many users. ` +
    "Remove its entry from the settings of aws"
  );
}
