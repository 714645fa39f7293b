/** Streams by account. */
export type Owned = ReadonlyMap<string, readonly string[]>;

/** Accounts that existed before and are no longer specified. */
export const droppedAccounts = (before: readonly string[], now: readonly string[]): string[] =>
  before.filter((account) => !now.includes(account));

const mostNamed = 10;

/**
 * Why these accounts cannot be taken out, or undefined where none owns a stream. Servers that hold a stream of an
 * account that they do not know stay unhealthy, and no user can log in to delete it.
 */
export function refusalOfDropping(accounts: readonly string[], ...sources: Owned[]): string | undefined {
  const owners = accounts.flatMap((account) => {
    const streams = [...new Set(sources.flatMap((owned) => owned.get(account) ?? []))].sort();
    if (streams.length === 0) return [];
    const more = streams.length > mostNamed ? ` and ${streams.length - mostNamed} more` : "";
    return [`account ${account} was taken out, and still owns ${streams.slice(0, mostNamed).join(", ")}${more}`];
  });
  if (owners.length === 0) return undefined;
  return [
    ...owners,
    "Without it servers would not become healthy (503), and no user could log in to delete the streams. " +
      "Nothing was done.",
    'Put its entry back with state: "leaving" and bring the identity and jetstream stacks up; ' +
      "streams that were created by hand are deleted by its provisioner.",
    "Then take the entry out: docs/runbooks/remove-a-tenant.md",
  ].join("\n");
}
