import * as z from "zod";

/*
 * Messages of covenant: what its subjects carry. The source shows one, `{"code":"USA","name":"United States"}` on
 * `covenant.countries.created`: plain JSON without an envelope. All fields of a message are kept.
 */

export const entities = ["countries", "projects", "users"] as const;
export const actions = ["created", "updated", "deleted"] as const;
export const levels = ["critical", "warning", "info"] as const;

export type Entity = (typeof entities)[number];
export type Action = (typeof actions)[number];
export type Level = (typeof levels)[number];

/** The stream of each entity; its subjects are `covenant.<entity>.<action>`. */
export const entityStreams = {
  countries: "COVENANT_COUNTRIES",
  projects: "COVENANT_PROJECTS",
  users: "COVENANT_USERS",
} as const satisfies Record<Entity, string>;

/** The stream of `alerts.incidents.<level>`. */
export const incidentStream = "ALERTS_INCIDENTS";

const key = z.string().min(1).max(200);

/** What has happened to an entity. It has `code`, by which countries are known, or `id`, or both. */
export const entityEvent = z
  .looseObject({ id: key.optional(), code: key.optional() })
  .refine(
    ({ id, code }) => id !== undefined || code !== undefined,
    "expected code or id, by which the entity is known",
  );

/** Something that people have to know of. */
export const incident = z.looseObject({
  title: z.string().min(1).max(200),
  description: z.string().max(2_000).optional(),
  /** Notifications of one incident replace each other. Default: each message is an incident. */
  id: key.optional(),
});

export type EntityEvent = z.output<typeof entityEvent>;
export type Incident = z.output<typeof incident>;

/** What the entity of an event is known by: a country by its code, any other by its id; else by the other field. */
export const keyOf = (entity: Entity, { code, id }: EntityEvent): string =>
  (entity === "countries" ? (code ?? id) : (id ?? code))!;

const isOneOf = <T extends string>(all: readonly T[], text: string | undefined): text is T =>
  (all as readonly (string | undefined)[]).includes(text);

/** The subject of an entity's event, taken apart; undefined for any other. */
export function entitySubject(subject: string): { entity: Entity; action: Action } | undefined {
  const [system, entity, action, ...more] = subject.split(".");
  const isEntity = system === "covenant" && isOneOf(entities, entity) && isOneOf(actions, action) && more.length === 0;
  return isEntity ? { entity, action } : undefined;
}

/** The level of an incident's subject; undefined for any other. */
export function levelOf(subject: string): Level | undefined {
  const [alerts, incidents, level, ...more] = subject.split(".");
  return alerts === "alerts" && incidents === "incidents" && isOneOf(levels, level) && more.length === 0
    ? level
    : undefined;
}
