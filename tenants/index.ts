import type { TenantSpec } from "../config/schema/tenant";
import { aigentflow } from "./aigentflow";
import { arrakis } from "./arrakis";
import { covenant } from "./covenant";
import { irisx } from "./irisx";

/** Every tenant by its account's name. A new one is a file beside this one and a line here. */
export const tenants: Record<string, TenantSpec> = { arrakis, covenant, irisx, aigentflow };
