// Stand-in for the plugin "random": the resources this program uses.
import { randomBytes, randomInt } from "node:crypto";
import { hash } from "bcryptjs";
import type { Failure, Input, Resource } from "./resource";
import type { Values } from "./values";

// The lowest there is, where the real plugin has 10: nothing reads this hash of random characters (servers check one of
// their own), and each took 50 ms of a first start, one after another.
const BCRYPT_COST = 4;

const atLeast = (least: number) => (value: number) => (value >= least ? undefined : `${least} or more`);
const count: Input = { type: "integer", default: 0, expect: atLeast(0) };
const length: Input = { type: "integer", required: true, expect: atLeast(1) };
const yes: Input = { type: "boolean", default: true };

const password: Resource = {
  inputs: {
    length,
    keepers: { type: "map" },
    lower: yes,
    upper: yes,
    special: yes,
    numeric: yes,
    // The deprecated name of numeric.
    number: yes,
    minLower: count,
    minUpper: count,
    minSpecial: count,
    minNumeric: count,
    overrideSpecial: { type: "string" },
  },
  outputs: { result: true, bcryptHash: true },
  derive: ({ numeric, number }) => ({ numeric: number, number: numeric }),
  rules(planned) {
    const failures: Failure[] = [];
    const sets = characterSets(planned);
    const least = sets.reduce((sum, { min }) => sum + min, 0);
    if ((planned.length as number) < least) {
      failures.push({
        property: "length",
        reason:
          `${String(planned.length)} is not valid, expected ${least} or more: ` +
          `the sum of minLower, minUpper, minNumeric and minSpecial`,
      });
    }
    if (sets.every(({ used }) => !used)) {
      failures.push({
        property: "lower",
        reason: "false is not valid, expected at least one of lower, upper, numeric and special to be true",
      });
    }
    return failures;
  },
  async create(planned) {
    const result = makePassword(planned);
    return { id: "none", outputs: { result, bcryptHash: await hash(result, BCRYPT_COST) } };
  },
};

function characterSets(planned: Values) {
  return [
    { characters: "abcdefghijklmnopqrstuvwxyz", used: planned.lower, min: planned.minLower as number },
    { characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", used: planned.upper, min: planned.minUpper as number },
    { characters: "0123456789", used: planned.numeric, min: planned.minNumeric as number },
    {
      characters: (planned.overrideSpecial as string) || "!@#$%&*()-_=+[]{}<>:?",
      used: planned.special,
      min: planned.minSpecial as number,
    },
  ];
}

function makePassword(planned: Values): string {
  const sets = characterSets(planned);
  const pick = (from: string) => from[randomInt(from.length)]!;
  const characters = sets.flatMap((set) => Array.from({ length: set.min }, () => pick(set.characters)));
  const all = sets
    .filter(({ used }) => used)
    .map((set) => set.characters)
    .join("");
  while (characters.length < (planned.length as number)) characters.push(pick(all));
  // What was asked for at least must not always come first.
  for (let i = characters.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [characters[i], characters[j]] = [characters[j]!, characters[i]!];
  }
  return characters.join("");
}

const bytes: Resource = {
  inputs: { length, keepers: { type: "map" } },
  outputs: { base64: true, hex: true },
  async create(planned) {
    const made = randomBytes(planned.length as number);
    // The real plugin does the same: the id is the secret itself, in plain sight. RandomPassword does not do that.
    return { id: made.toString("base64"), outputs: { base64: made.toString("base64"), hex: made.toString("hex") } };
  },
};

export const resources: Record<string, Resource> = {
  "random:index/randomPassword:RandomPassword": password,
  "random:index/randomBytes:RandomBytes": bytes,
};
