import { randomBytes } from "node:crypto";
import type { Wire } from "../fields";

/**
 * Who reconciles a stream or consumer stands in its own metadata. The nonce tells two creators apart that run at the same
 * time: only one of them finds its own when it reads back.
 */
const keys = { owner: "supercluster.owner", nonce: "supercluster.nonce" } as const;

export const marker = (owner: string): Record<string, string> => ({ [keys.owner]: owner, [keys.nonce]: randomBytes(6).toString("hex") });

const metadata = (config: Wire): Record<string, string> => (config.metadata as Record<string, string> | undefined) ?? {};

export const ownerOf = (config: Wire): string | undefined => metadata(config)[keys.owner];

export const nonceOf = (config: Wire): string | undefined => metadata(config)[keys.nonce];
