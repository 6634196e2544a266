-- mvm 1.2 to 1.1. Stops, and changes nothing, when the market uses what 1.1 does not have.

\echo Use "ALTER EXTENSION mvm UPDATE TO '1.1'" to load this file. \quit

SET LOCAL search_path = pg_catalog, pg_temp;

ALTER TABLE mvm.universe
    DROP COLUMN max_hold_ttl,
    DROP COLUMN max_quote_ttl,
    DROP COLUMN max_open_holds,
    DROP COLUMN max_open_quotes;
ALTER TABLE mvm.rule_change
    DROP COLUMN max_hold_ttl,
    DROP COLUMN max_quote_ttl,
    DROP COLUMN max_open_holds,
    DROP COLUMN max_open_quotes;
ALTER TABLE mvm.journal DROP COLUMN memo;
ALTER TABLE mvm.user_account DROP COLUMN external_id, DROP COLUMN metadata;
ALTER TABLE mvm.item DROP COLUMN external_id, DROP COLUMN metadata;
