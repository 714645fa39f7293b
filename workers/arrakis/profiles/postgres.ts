import { type Database, openDatabase } from "../../database/database";
import { deleteOld } from "../../database/delete-old";
import type { DatabaseSettings } from "../../database/settings";
import type { EligibilityResult } from "../messages";
import type { MemberEvent, Profile, ProfileStore, Ranked } from "./profile";
import { schema } from "./schema";

/**
 * The profile store, in PostgreSQL or PGlite.
 *
 * @param onError told of connections that end while they are not in use
 * @throws Error where another process has the folder of PGlite
 */
export const profileStore = (settings: DatabaseSettings, onError: (error: Error) => void): ProfileStore =>
  storeOf(openDatabase(settings, schema, onError));

interface Row {
  guild_id: string;
  user_id: string;
  nym: string | null;
  wallet: string | null;
  tier: string | null;
  balance: string;
  active: boolean;
  activity: number;
  alerts: boolean;
  roles: string[];
}

interface RankedRow extends Row {
  /** A bigint, which the driver returns as text. */
  rank: string;
}

const profileOf = (row: Row): Profile => ({
  guildId: row.guild_id,
  userId: row.user_id,
  nym: row.nym ?? undefined,
  wallet: row.wallet ?? undefined,
  tier: row.tier ?? undefined,
  balance: row.balance,
  active: row.active,
  activity: row.activity,
  alerts: row.alerts,
  roles: row.roles,
});

const rankedOf = (row: RankedRow): Ranked => ({ ...profileOf(row), rank: Number(row.rank) });

/** Without trailing zeros, as text: numbers of JavaScript are too short. */
const columns = `guild_id, user_id, nym, wallet, tier, trim_scale(balance)::text as balance, active, activity, alerts,
  roles`;

/** Active members of $1 with their places. Equal balances: by name, so that pages do not overlap. */
const ranked = `select ${columns}, row_number() over (order by profiles.balance desc, user_id) as rank
  from arrakis.profiles where guild_id = $1 and active`;

const at = "to_timestamp($2::double precision / 1000)";

const storeOf = ({ query, check, close }: Database): ProfileStore => {
  /**
   * Applies what an event says, unless a later one has said it; one that was applied before changes nothing either. A
   * new wallet has not been checked, whatever was found out about the one before.
   */
  async function member(
    { guildId, userId, at: time, nym, wallet, roles }: MemberEvent,
    active?: boolean,
  ): Promise<Profile> {
    await query(
      `insert into arrakis.profiles as known
         (guild_id, user_id, nym, roles, roles_at, wallet, wallet_at, active, activity, event_at)
       values ($1, $3, $4,
         coalesce($5::text[], '{}'), case when $5::text[] is null then '-infinity' else ${at} end,
         $7::text, case when $7::text is null then '-infinity' else ${at} end,
         coalesce($6::boolean, true), 1, ${at})
       on conflict (guild_id, user_id) do update set
         nym = coalesce(known.nym, excluded.nym),
         roles = case when known.roles_at < excluded.roles_at then excluded.roles else known.roles end,
         roles_at = greatest(known.roles_at, excluded.roles_at),
         wallet = case when known.wallet_at < excluded.wallet_at then excluded.wallet else known.wallet end,
         wallet_at = greatest(known.wallet_at, excluded.wallet_at),
         checked_at = case
           when known.wallet_at < excluded.wallet_at and known.wallet is distinct from excluded.wallet
           then '-infinity' else known.checked_at end,
         active = case
           when known.event_at < excluded.event_at then coalesce($6::boolean, known.active) else known.active end,
         activity = known.activity + (known.event_at < excluded.event_at)::integer,
         event_at = greatest(known.event_at, excluded.event_at)`,
      [guildId, time, userId, storable(nym), roles, active, wallet?.toLowerCase()],
    );
    const { rows } = await query<Row>(`select ${columns} from arrakis.profiles where guild_id = $1 and user_id = $2`, [
      guildId,
      userId,
    ]);
    return profileOf(rows[0]!);
  }

  const guild = async (guildId: string, time: number, active: boolean, name?: string) => {
    await query(
      `insert into arrakis.communities as known (guild_id, event_at, active, name) values ($1, ${at}, $3, $4)
       on conflict (guild_id) do update
         set active = excluded.active, name = coalesce(excluded.name, known.name), event_at = excluded.event_at
         where known.event_at < excluded.event_at`,
      [guildId, time, active, storable(name)],
    );
  };

  return {
    guildJoined: ({ guildId, name, at: time }) => guild(guildId, time, true, name),
    guildLeft: ({ guildId, at: time }) => guild(guildId, time, false),
    async community(guildId) {
      const { rows } = await query<{ name: string | null; active: boolean }>(
        "select name, active from arrakis.communities where guild_id = $1",
        [guildId],
      );
      return rows[0] && { guildId, name: rows[0].name ?? undefined, active: rows[0].active };
    },
    memberJoined: (event) => member(event, true),
    async memberLeft(event) {
      await member({ ...event, roles: [] }, false);
    },
    memberUpdated: (event) => member(event),

    async find({ guildId, userId }) {
      const { rows } = await query<RankedRow>(`select * from (${ranked}) as all_ranked where user_id = $2`, [
        guildId,
        userId,
      ]);
      return rows[0] && rankedOf(rows[0]);
    },
    async change({ guildId, userId }, { nym, alerts }) {
      const { rows } = await query<Row>(
        `insert into arrakis.profiles as known (guild_id, user_id, nym, alerts)
         values ($1, $2, $3, coalesce($4::boolean, false))
         on conflict (guild_id, user_id) do update set
           nym = coalesce($3, known.nym), alerts = coalesce($4::boolean, known.alerts)
         returning ${columns}`,
        [guildId, userId, storable(nym), alerts],
      );
      return profileOf(rows[0]!);
    },
    async leaders(guildId, { offset, limit }) {
      const { rows } = await query<RankedRow>(`${ranked} order by rank limit $2 offset $3`, [guildId, limit, offset]);
      return rows.map(rankedOf);
    },
    async directory(guildId, { offset, limit, tier }) {
      const { rows } = await query<Row>(
        `select ${columns} from arrakis.profiles
         where guild_id = $1 and active and ($4::text is null or tier = $4)
         order by nym nulls last, user_id limit $2 offset $3`,
        [guildId, limit, offset, tier],
      );
      return rows.map(profileOf);
    },
    async nyms(guildId, beginning, limit) {
      const { rows } = await query<{ nym: string }>(
        `select distinct nym from arrakis.profiles
         where guild_id = $1 and active and starts_with(lower(nym), lower($2)) order by nym limit $3`,
        [guildId, storable(beginning), limit],
      );
      return rows.map(({ nym }) => nym);
    },
    async byNym(guildId, nym) {
      const { rows } = await query<RankedRow>(
        `select * from (${ranked}) as all_ranked where lower(nym) = lower($2) order by rank limit 1`,
        [guildId, storable(nym)],
      );
      return rows[0] && rankedOf(rows[0]);
    },
    async stats(guildId) {
      const { rows } = await query<{ tier: string | null; members: number; wallets: number }>(
        `select tier, count(*)::integer as members, count(wallet)::integer as wallets
         from arrakis.profiles where guild_id = $1 and active group by tier order by tier`,
        [guildId],
      );
      const badges = await query<{ badges: number }>(
        "select count(*)::integer as badges from arrakis.badges where guild_id = $1",
        [guildId],
      );
      const sum = (of: "members" | "wallets") => rows.reduce((all, row) => all + row[of], 0);
      return {
        members: sum("members"),
        wallets: sum("wallets"),
        tiers: Object.fromEntries(rows.flatMap(({ tier, members }) => (tier ? [[tier, members]] : []))),
        badges: badges.rows[0]!.badges,
      };
    },
    async badges({ guildId, userId }) {
      const { rows } = await query<{ badge: string }>(
        "select badge from arrakis.badges where guild_id = $1 and user_id = $2 order by granted_at, badge",
        [guildId, userId],
      );
      return rows.map(({ badge }) => badge);
    },
    async grantBadge({ guildId, userId }, badge, by) {
      const { rowCount } = await query(
        `insert into arrakis.badges (guild_id, user_id, badge, granted_by) values ($1, $2, $3, $4)
         on conflict do nothing`,
        [guildId, userId, badge, by],
      );
      return rowCount === 1;
    },
    async revokeBadge({ guildId, userId }, badge) {
      const { rowCount } = await query(
        "delete from arrakis.badges where guild_id = $1 and user_id = $2 and badge = $3",
        [guildId, userId, badge],
      );
      return rowCount === 1;
    },

    async wallets(guildId, after, limit) {
      const { rows } = await query<{ wallet: string }>(
        `select distinct wallet from arrakis.profiles
         where guild_id = $1 and active and wallet > $2 order by wallet limit $3`,
        [guildId, after, limit],
      );
      return rows.map(({ wallet }) => wallet);
    },
    async applyCheck(guildId, result, time, { sync } = {}) {
      const { wallet_address, tier, balance } = result;
      const { rows } = await query<Row & { before: string | null }>(
        `with known as (
           select guild_id as known_guild, user_id as known_user, tier as before from arrakis.profiles
           where guild_id = $1 and wallet = $3 and checked_at <= ${at} for update
         ), applied as (
           update arrakis.profiles set tier = $4, balance = $5::numeric, checked_at = ${at}
           from known where guild_id = known_guild and user_id = known_user
           returning ${columns}, before
         ), noted as (
           insert into arrakis.sync_changes (guild_id, sync_id, wallet, result)
           select $1, $6::text, $3, $7::jsonb
           where $6::text is not null and exists (select from applied where before is distinct from tier)
           on conflict (guild_id, sync_id, wallet) do update set result = excluded.result
         )
         select * from applied`,
        [guildId, time, wallet_address.toLowerCase(), tier, balance, storable(sync, mostOfId), JSON.stringify(result)],
      );
      return rows.map((row) => ({ ...profileOf(row), before: row.before ?? undefined }));
    },
    async changesOf({ guildId, id }) {
      const { rows } = await query<{ result: EligibilityResult }>(
        "select result from arrakis.sync_changes where guild_id = $1 and sync_id = $2 order by wallet",
        [guildId, storable(id, mostOfId)],
      );
      return rows.map(({ result }) => result);
    },
    async noteRoles({ guildId, userId, roles: before }, roles) {
      await query(
        "update arrakis.profiles set roles = $3 where guild_id = $1 and user_id = $2 and roles = $4::text[]",
        [guildId, userId, roles, before],
      );
    },
    purge: (age) =>
      deleteOld(query, { table: "arrakis.sync_changes", key: "guild_id, sync_id, wallet", time: "noted_at" }, age),
    async balance(wallet) {
      const { rows } = await query<{ balance: string }>(
        `select trim_scale(balance)::text as balance from arrakis.profiles
         where wallet = $1 order by checked_at desc limit 1`,
        [wallet.toLowerCase()],
      );
      return rows[0]?.balance ?? "0";
    },
    check,
    close,
  };
};

/** Characters of an event's id, as its schema allows. */
const mostOfId = 200;

/** PostgreSQL stores no NUL in text (22021). Names in Discord have at most 32 characters, those of guilds 100. */
const storable = (text: string | undefined, most = 100): string | undefined =>
  text?.replaceAll("\0", "").slice(0, most);
