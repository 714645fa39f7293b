import type * as pulumi from "@pulumi/pulumi";

/** Plain arguments as a program gives them: each may come from another resource. */
export type Inputs<T> = T extends unknown ? { [Key in keyof T]: pulumi.Input<T[Key]> } : never;
