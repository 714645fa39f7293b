import * as sdk from "@pulumi/policy";

/**
 * What the policy SDK wraps the properties of a resource with: reading a value that is not known throws an error that
 * `unreadPath` recognizes. The SDK exports both without types.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- exported without a type
export const withUnknowns: (props: Record<string, unknown>) => Record<string, unknown> = sdk.unknownCheckingProxy;

// eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- exported without a type
const UnknownValueError: new () => Error & { props: string[] } = sdk.UnknownValueError;

/** Path of the property that was not known, e.g. `spec.password`; undefined for any other error. */
export const unreadPath = (error: unknown): string | undefined =>
  error instanceof UnknownValueError ? error.props.join(".") : undefined;
