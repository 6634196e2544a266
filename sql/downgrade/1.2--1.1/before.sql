-- Stops, and changes nothing, when the market uses what 1.1 does not have. The balances of the house, which 1.2 keeps by itself,
-- are given up: the ledger has them. What is there of 1.1 beside before.sql, storage.sql and after.sql is frozen.

-- Waits for who writes, before it looks what the market uses and which grants there are: nothing can come between. In the order
-- in which most calls come to these tables.
LOCK TABLE mvm.user_account, mvm.item, mvm.universe, mvm.wallet, mvm.hold, mvm.quote, mvm.journal, mvm.balance_snapshot,
    mvm.rule_change
    IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    used text;
BEGIN
    -- A snapshot of before the lock does not have what others have written since.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'the market can be brought to version 1.1 of mvm at READ COMMITTED only'
            USING ERRCODE = 'feature_not_supported', HINT = 'It stays at version 1.2; nothing was changed.';
    END IF;
    SELECT string_agg(feature, ', ') INTO used FROM (
        SELECT 'memos' AS feature WHERE EXISTS (SELECT FROM mvm.journal WHERE memo IS NOT NULL)
        UNION ALL
        SELECT 'external ids or metadata'
        WHERE EXISTS (SELECT FROM mvm.user_account WHERE external_id IS NOT NULL OR metadata IS NOT NULL)
            OR EXISTS (SELECT FROM mvm.item WHERE external_id IS NOT NULL OR metadata IS NOT NULL)
        UNION ALL
        SELECT 'payouts' WHERE EXISTS (SELECT FROM mvm.journal WHERE kind IN ('o', 'f'))
        UNION ALL
        SELECT 'limits of holds or quotes' WHERE EXISTS (
            SELECT FROM mvm.universe
            WHERE max_hold_ttl <> interval '1 day' OR max_quote_ttl <> interval '5 minutes'
                OR max_open_holds <> 100 OR max_open_quotes <> 100)
    ) features;
    IF used IS NOT NULL THEN
        RAISE EXCEPTION 'the market uses what version 1.1 of mvm does not have'
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It has %s.', used),
                HINT = 'It stays at version 1.2; nothing was changed.';
    END IF;
END $$;

-- ---------------------------------------------------------------------------
-- What roles may do with the functions and views that are created anew below
-- ---------------------------------------------------------------------------

SELECT set_config('mvm.kept_grants', COALESCE((
    SELECT json_agg(kept)
    FROM (
        SELECT p.oid AS function, NULL::oid AS view, p.proname AS name, NULL::name AS column_name,
            g.grantee, g.privilege_type, g.is_grantable
        FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        CROSS JOIN aclexplode(p.proacl) g
        WHERE e.extname = 'mvm' AND p.proname LIKE 'mvm\_%' AND g.grantee <> p.proowner
        UNION ALL
        SELECT NULL, c.oid, c.relname, NULL, g.grantee, g.privilege_type, g.is_grantable
        FROM pg_class c
        CROSS JOIN aclexplode(c.relacl) g
        WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'v' AND g.grantee <> c.relowner
        UNION ALL
        SELECT NULL, c.oid, c.relname, a.attname, g.grantee, g.privilege_type, g.is_grantable
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid
        CROSS JOIN aclexplode(a.attacl) g
        WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'v' AND g.grantee <> c.relowner
    ) kept)::text, '[]'), true);

-- ---------------------------------------------------------------------------
-- Functions and views of 1.2
-- ---------------------------------------------------------------------------

DROP FUNCTION
    @extschema@.mvm_find_user(text, text),
    @extschema@.mvm_find_item(text),
    @extschema@.mvm_set_user_data(bigint, text, jsonb),
    @extschema@.mvm_set_item_data(bigint, text, jsonb),
    @extschema@.mvm_payout(integer, text, numeric, text, text),
    @extschema@.mvm_revoke(name),
    @extschema@.mvm_sync_sequences(),
    mvm.privilege_sets();
-- Not in every 1.2.
DROP FUNCTION IF EXISTS
    @extschema@.mvm_transactions(bigint, integer, bigint),
    @extschema@.mvm_relink_journal(),
    @extschema@.mvm_verify(bigint);
DROP FUNCTION
    @extschema@.mvm_create_universe(text, text, numeric, integer),
    @extschema@.mvm_set_exchange_rate(integer, numeric),
    @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint, interval, interval, bigint, bigint),
    @extschema@.mvm_create_user(text, integer, numeric, text, jsonb),
    @extschema@.mvm_move_user(bigint, integer),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer, text, jsonb),
    @extschema@.mvm_set_price(bigint, numeric),
    @extschema@.mvm_delist_item(bigint),
    @extschema@.mvm_relist_item(bigint),
    @extschema@.mvm_items(bigint, integer, bigint),
    @extschema@.mvm_deposit(bigint, numeric, integer, text, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text, text),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text, text),
    @extschema@.mvm_refund(bigint, bigint, text),
    @extschema@.mvm_restock(bigint, bigint, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric, text),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[], text[]),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[], text[]),
    @extschema@.mvm_trades(bigint, integer, bigint),
    @extschema@.mvm_capture(bigint, bigint, text),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint);
