import { accounts, objects } from "./accounts";
import { connections } from "./connections";
import { groups } from "./groups";
import type { Part } from "./part";
import { plan } from "./plan";
import { regions } from "./regions";
import { consumers, messages, streams } from "./streams";

/** By the name that the command line has. */
export const parts: Readonly<Record<string, Part>> = {
  regions,
  groups,
  streams,
  consumers,
  messages,
  connections,
  accounts,
  objects,
  plan,
};
