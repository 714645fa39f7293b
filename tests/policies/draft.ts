import * as assert from "node:assert/strict";
import type { Shown } from "../support/policies";

/** A copy of what stacks registered, to be broken. */
export class Draft {
  readonly resources: Shown[];

  constructor(resources: readonly Shown[]) {
    this.resources = structuredClone([...resources]);
  }

  /** The one resource of a type, or the one of that name. */
  one(type: string, name?: string): Shown {
    const found = this.resources.filter(
      (resource) => resource.type.endsWith(type) && (name === undefined || resource.name === name),
    );
    assert.equal(found.length, 1, `${type} ${name ?? ""}: there is one`);
    return found[0]!;
  }

  /**
   * Sets one property, named by its path (~1 is a slash in a key); `undefined` takes it out. It must have been another.
   */
  set(type: string, name: string | undefined, at: string, value: unknown): void {
    const path = at.split("/").map((key) => key.replaceAll("~1", "/"));
    const last = path.pop()!;
    let holder = this.one(type, name).props;
    for (const key of path) holder = (holder[key] ??= {}) as Record<string, unknown>;
    assert.notDeepEqual(holder[last], value, `${at}: the accident changes something`);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }

  /** A second resource like one that is there. */
  copy(type: string, name: string, as: string, change: Record<string, unknown>): void {
    const original = this.one(type, name);
    const { provider } = original;
    this.resources.push({
      ...structuredClone({ ...original, provider: undefined }),
      provider,
      name: as,
      urn: original.urn.replace(/[^:]+$/, as),
      props: { ...structuredClone(original.props), ...change },
    });
  }

  remove(type: string, name: string): void {
    this.resources.splice(this.resources.indexOf(this.one(type, name)), 1);
  }

  /** Accounts and users of a region, by account, as its servers include them. */
  accounts(change: (accounts: Record<string, Account>) => void): void {
    const files = this.one("core/v1:Secret", "iad-nats-server").props.data as Record<string, string>;
    const text = Buffer.from(files["accounts.conf"]!, "base64").toString();
    const accounts = JSON.parse(text.replace(/^[^]*?^accounts: /m, "")) as Record<string, Account>;
    const before = JSON.stringify(accounts);
    change(accounts);
    assert.notEqual(JSON.stringify(accounts), before);
    files["accounts.conf"] = Buffer.from(`accounts: ${JSON.stringify(accounts)}\n`).toString("base64");
  }
}

interface Account {
  users: User[];
  exports?: { stream?: string; service?: string; accounts?: string[] }[];
}

export interface User {
  user?: string;
  password?: string;
  nkey?: string;
  permissions?: { publish?: { allow?: string[]; deny?: string[] }; subscribe?: { allow?: string[]; deny?: string[] } };
}
