import { actions, entities, type Entity, levels } from "./messages";

/** A sample message, and its subject. */
export interface CovenantSample {
  kind: Entity | "incidents";
  subject: string;
  message: { id: string; [field: string]: unknown };
}

const countries: readonly (readonly [code: string, name: string])[] = [
  ["USA", "United States"],
  ["FRA", "France"],
  ["AUS", "Australia"],
  ["NLD", "Netherlands"],
];

/** Of ten messages three each are about countries, projects and users, and one is an incident. */
export function sample(number: number): CovenantSample {
  const place = number % 10;
  if (place === 9) {
    const level = levels[Math.floor(number / 10) % levels.length]!;
    const id = `incident-${number}`;
    return {
      kind: "incidents",
      subject: `alerts.incidents.${level}`,
      message: { id, title: `Sample incident ${number}`, description: "Sample traffic: nothing has happened." },
    };
  }
  const kind = entities[place % entities.length]!;
  const action = actions[Math.floor(number / 10) % actions.length]!;
  return { kind, subject: `covenant.${kind}.${action}`, message: entityOf(kind, number) };
}

function entityOf(kind: Entity, number: number): CovenantSample["message"] {
  if (kind === "countries") {
    const [code, name] = countries[number % countries.length]!;
    return { id: code, code, name };
  }
  const id = `${kind.slice(0, -1)}-${number % 1_000}`;
  return kind === "projects" ? { id, name: `Project ${number}` } : { id, email: `user-${number % 1_000}@example.com` };
}
