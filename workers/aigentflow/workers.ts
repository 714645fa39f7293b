import * as z from "zod";
import type { WorkerPart } from "../messaging";
import type { WorkerSchema } from "../system";
import { kindNames, type Kind, kinds } from "./kinds";
import { type Context, ProjectionWorker } from "./projection/worker";
import type { StateStore } from "./projection/store";

/** A worker of a kind of events; it reads no environment variables of its own. */
const projection = (kind: Kind) =>
  z.unknown().transform(
    () =>
      (context: Context): WorkerPart =>
        new ProjectionWorker(kind, context),
  );

/** The workers by name, which is that of their durable in tenants/. */
export const workers: Record<string, WorkerSchema<{ database: StateStore }>> = Object.fromEntries(
  kindNames.map((kind) => [kinds[kind].durable, projection(kind)]),
);
