import { aigentflow } from "./aigentflow";
import { arrakis } from "./arrakis";
import { covenant } from "./covenant";
import { irisx } from "./irisx";
import type { Requirement } from "./requirement";

/** What the documents want of workers, by system. */
export const requirements: Readonly<Record<string, readonly Requirement[]>> = { aigentflow, arrakis, covenant, irisx };
