import "../tools/exit-with-engine.cjs";
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./registry";

// Making the pack starts its server, so this file does nothing else and is not imported.
new PolicyPack("supercluster", { policies });
