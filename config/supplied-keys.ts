/** Where a supplied authority stands in the identity stack's file, without the project's name. Pure. */
export const suppliedKeys = (whose: string, generation: number): { cert: string; key: string } => ({
  cert: `${whose}-ca-${generation}-cert`,
  key: `${whose}-ca-${generation}-key`,
});

export const isSuppliedKey = (name: string): boolean => /^(clients|peers)-ca-[1-9]\d*-(cert|key)$/.test(name);

/** What is missing of one, with the command that writes it. */
export const missingSupplied = (
  stack: string,
  keys: { cert: string; key: string },
  { cert, key }: { cert?: unknown; key?: unknown },
): string[] => [
  ...(cert === undefined ? [`${keys.cert} is missing; write it: ${setCommand(stack, keys.cert, "ca.pem")}`] : []),
  ...(key === undefined ? [`${keys.key} is missing; write it: ${setCommand(stack, keys.key, "ca.key")}`] : []),
];

/** Pulumi reads the value from its input, so that it stands in no history of a shell. */
export const setCommand = (stack: string, key: string, file: string): string =>
  `pulumi config set --stack ${stack} --secret ${key} < ${file}`;
