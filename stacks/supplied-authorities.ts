import * as pulumi from "@pulumi/pulumi";
import { missingSupplied, suppliedKeys } from "../config/supplied-keys";
import type { Environment } from "../config/schema/settings";
import { certificateNames } from "../components/security/certificate-names";
import type * as Supplied from "../components/security/supplied-authority";

type Whose = keyof Environment["authorities"];

const protocols = { clients: ["client"], peers: ["route", "gateway"] } as const;

/**
 * Generations of an authority that are supplied, from the secrets of the stack's file, by generation.
 *
 * @throws {pulumi.RunError} with every reason why one cannot be used; nothing was done
 */
export function suppliedAuthorities(environment: Environment, whose: Whose): Map<number, Supplied.SuppliedParts> {
  const generations = environment.authorities[whose].supplied ?? [];
  const names = environment.regions.map((region) => certificateNames(environment, region, [...protocols[whose]]));
  const all = {
    dnsNames: [...new Set(names.flatMap(({ dnsNames }) => dnsNames))],
    ipAddresses: [...new Set(names.flatMap(({ ipAddresses }) => ipAddresses))],
  };
  const problems: string[] = [];
  const found = generations.flatMap((generation): [number, Supplied.SuppliedParts][] => {
    const keys = suppliedKeys(whose, generation);
    const [cert, key] = [keys.cert, keys.key].map(secretText);
    if (cert === undefined || key === undefined) {
      problems.push(...missingSupplied(pulumi.getStack(), keys, { cert, key }));
      return [];
    }
    const { readSupplied } = require("../components/security/supplied-authority") as typeof Supplied;
    const read = readSupplied({ cert, key }, all);
    if ("problems" in read) {
      problems.push(...read.problems.map((problem) => `${keys.cert}, ${keys.key}: ${problem}`));
      return [];
    }
    for (const warning of read.warnings) void pulumi.log.warn(`${keys.cert}: ${warning}`);
    return [[generation, read]];
  });
  if (problems.length)
    throw new pulumi.RunError(
      `the supplied authority of ${whose} cannot be used. Nothing was done.\n` +
        problems.map((problem) => `  ${problem}`).join("\n"),
    );
  return new Map(found);
}

/** Not `Config.get`, which warns of secrets: what leaves this file is marked as one again. */
const secretText = (key: string): string | undefined => pulumi.runtime.getConfig(`${pulumi.getProject()}:${key}`);
