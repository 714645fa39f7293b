/**
 * What the engine sends to providers and policies for a value that a preview does not know yet: `unknownValue` of
 * `@pulumi/pulumi/runtime/rpc`, which a test compares with this one; importing it from there would load all of Pulumi.
 */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
