-- Looking after a market.

CREATE FUNCTION @extschema@.mvm_version() RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'mvm_version';
COMMENT ON FUNCTION @extschema@.mvm_version() IS 'Version of the loaded library';

CREATE FUNCTION @extschema@.mvm_seed() RETURNS void
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_seed';
COMMENT ON FUNCTION @extschema@.mvm_seed() IS
    'Loads the sample market (universes Earth, Mars, Venus, three users, three items) into an empty one. MV205 when it is not empty';

CREATE FUNCTION @extschema@.mvm_purge_idempotency_keys(older_than interval DEFAULT interval '24 hours') RETURNS bigint
    LANGUAGE c VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_purge_idempotency_keys';
COMMENT ON FUNCTION @extschema@.mvm_purge_idempotency_keys(interval) IS
    'Forgets idempotency keys older than the given age and returns how many; a repeat under a forgotten key acts again. MV203 for a negative age';

CREATE FUNCTION @extschema@.mvm_sync_sequences()
    RETURNS TABLE (sequence_name text, from_value bigint, to_value bigint)
    LANGUAGE c VOLATILE SECURITY DEFINER ROWS 8 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_sync_sequences';
COMMENT ON FUNCTION @extschema@.mvm_sync_sequences() IS
    'Brings every sequence of the market that lies behind up to the highest id in use, never back, and answers which: for a logical replica that was promoted, as replication carries no sequences. Where one lies behind, waits for the transactions that drew from it';

CREATE FUNCTION @extschema@.mvm_relink_journal() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_relink_journal';
COMMENT ON FUNCTION @extschema@.mvm_relink_journal() IS
    'Links the journal''s rows anew, for rows of a dump of an earlier version or ones that were inserted by hand, and answers how many rows it put right. Writes mvm.journal, mvm.wallet and mvm.balance_snapshot anew and keeps everybody from them meanwhile. For their owner';

CREATE FUNCTION @extschema@.mvm_grant(role_name name, privilege_set text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_grant';
COMMENT ON FUNCTION @extschema@.mvm_grant(name, text) IS
    'Gives a role exactly the set ''reader'' (views and reading functions), ''trader'' (reader, and what trades), ''gateway'' (trader, and what the REST gateway calls) or ''operator'' (gateway, and everything else but this function and mvm_revoke()); what other sets have is taken away. MV203 for an unknown role or set, or the owner';

CREATE FUNCTION @extschema@.mvm_revoke(role_name name) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_revoke';
COMMENT ON FUNCTION @extschema@.mvm_revoke(name) IS
    'Takes away from a role all that mvm_grant() gives: functions, views, and the use of schema mvm. MV203 for an unknown role or the owner';

CREATE FUNCTION mvm.privilege_sets() RETURNS TABLE (privilege_set text, name text, is_view boolean)
    LANGUAGE c IMMUTABLE
    AS 'MODULE_PATHNAME', 'mvm_privilege_sets';
COMMENT ON FUNCTION mvm.privilege_sets() IS
    'Which functions and views each set of mvm_grant() adds to the one before it: reader, trader, gateway, operator';
