import { type Database, openDatabase, type Query } from "../../database/database";
import { deleteOld } from "../../database/delete-old";
import type { DatabaseSettings } from "../../database/settings";
import type { Claim, Delivery, DeliveryKey, DeliveryStore } from "./delivery";
import { schema } from "./schema";

/**
 * The state of deliveries.
 *
 * @param onError told of connections that end while they are not in use
 * @throws Error where another process has the folder of PGlite
 */
export const deliveryStore = (settings: DatabaseSettings, onError: (error: Error) => void): DeliveryStore =>
  storeOf(openDatabase(settings, schema, onError));

const storeOf = ({ query, check, close }: Database): DeliveryStore => ({
  async queued({ channel, id, tenantId }) {
    await query(
      `insert into irisx.deliveries (channel, id, tenant_id, status) values ($1, $2, $3, 'queued')
       on conflict do nothing`,
      [channel, id, tenantId],
    );
  },

  async claim(key, lease): Promise<Claim> {
    const { rows } = await query<{ attempts: number }>(
      `insert into irisx.deliveries as known (channel, id, tenant_id, status, attempts, leased_until)
       values ($1, $2, $3, 'sending', 1, now() + $4 * interval '1 millisecond')
       on conflict (channel, id) do update
         set status = 'sending', attempts = known.attempts + 1, leased_until = excluded.leased_until, updated_at = now()
         where known.tenant_id = excluded.tenant_id
           and known.status not in ('sent', 'logged')
           and (known.leased_until is null or known.leased_until <= now())
       returning attempts`,
      [key.channel, key.id, key.tenantId, lease],
    );
    if (rows[0]) return { kind: "claimed", attempts: rows[0].attempts };
    const found = await row(query, key);
    // It was purged in between.
    if (!found) return { kind: "busy", remaining: 0 };
    const delivery = asDelivery(found);
    if (delivery.tenantId !== key.tenantId) return { kind: "foreign" };
    if (delivery.status === "sent" || delivery.status === "logged") return { kind: "done", delivery };
    return { kind: "busy", remaining: Math.max(0, found.remaining ?? 0) };
  },

  async record({ channel, id, tenantId }, { status, provider, providerId, error }) {
    const { rows } = await query<{ attempts: number }>(
      `update irisx.deliveries
       set status = $4, provider = $5, provider_id = $6, error = $7, leased_until = null, updated_at = now()
       where channel = $1 and id = $2 and tenant_id = $3 and status not in ('sent', 'logged')
       returning attempts`,
      [channel, id, tenantId, status, provider, providerId, error && storable(error)],
    );
    return rows[0]?.attempts;
  },

  async find(key) {
    const found = await row(query, key);
    return found && asDelivery(found);
  },

  purge: (age) => deleteOld(query, { table: "irisx.deliveries", key: "channel, id", time: "updated_at" }, age),

  check,
  close,
});

interface Row {
  channel: Delivery["channel"];
  id: string;
  tenant_id: string;
  status: Delivery["status"];
  attempts: number;
  provider: string | null;
  provider_id: string | null;
  error: string | null;
  created_at: Date;
  updated_at: Date;
  /** Milliseconds until the reservation ends. */
  remaining: number | null;
}

async function row(query: Query, { channel, id }: Omit<DeliveryKey, "tenantId">): Promise<Row | undefined> {
  const { rows } = await query<Row>(
    `select *, (extract(epoch from leased_until - now()) * 1000)::integer as remaining
     from irisx.deliveries where channel = $1 and id = $2`,
    [channel, id],
  );
  return rows[0];
}

const asDelivery = (found: Row): Delivery => ({
  channel: found.channel,
  id: found.id,
  tenantId: found.tenant_id,
  status: found.status,
  attempts: found.attempts,
  provider: found.provider ?? undefined,
  providerId: found.provider_id ?? undefined,
  error: found.error ?? undefined,
  createdAt: found.created_at,
  updatedAt: found.updated_at,
});

/** PostgreSQL stores no NUL in text (22021); of a long answer the beginning is enough. */
const storable = (text: string): string => text.replaceAll("\0", "").slice(0, 1_000);
