-- What promises of PostgreSQL's to a plain statement hold for a call; house accounts, memos, keys of a platform's own. Functions,
-- views and comments come after this, from sql/source.

-- Waits for who uses the market, before it looks which grants there are: what is taken away meanwhile stays away. In the order in
-- which most calls come to these tables.
LOCK TABLE mvm.user_account, mvm.item, mvm.universe, mvm.route, mvm.wallet, mvm.hold, mvm.quote, mvm.journal,
    mvm.balance_snapshot, mvm.rule_change
    IN ACCESS EXCLUSIVE MODE;

-- A snapshot of before the lock does not have what others have written since, which the balances of the house are made from.
DO $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
        AND pg_relation_size('mvm.journal') > 0 THEN
        RAISE EXCEPTION 'a market in use can be brought to version 1.2 of mvm at READ COMMITTED only'
            USING ERRCODE = 'feature_not_supported', HINT = 'It stays at version 1.1; nothing was changed.';
    END IF;
END $$;

-- ---------------------------------------------------------------------------
-- Constraints, made anew under the pinned path
-- ---------------------------------------------------------------------------

-- The scripts of 1.0 and 1.1 once looked operators up in the schema of CREATE EXTENSION, too. Where pg_catalog has none for
-- exactly the types at hand, a stranger's may have been taken. It has none that compares a numeric with an integer, as these
-- constraints do, and none that adds a bigint to a numeric, as the views of users, wallets and items do; all else that is
-- stored finds its own. Until both are made anew below, no statement may check these constraints or read these views.

ALTER TABLE mvm.universe
    DROP CONSTRAINT universe_exchange_rate_range,
    DROP CONSTRAINT universe_fee_rates_range,
    ADD CONSTRAINT universe_exchange_rate_range CHECK (
        exchange_rate > 0
        AND exchange_rate < 1e18
        AND scale(trim_scale(exchange_rate)) <= 18
        AND trim_scale(exchange_rate) * power(10::numeric, scale(trim_scale(exchange_rate))::numeric) < 1e18),
    ADD CONSTRAINT universe_fee_rates_range CHECK (
        sale_fee_rate > 0 AND sale_fee_rate < 1 AND scale(sale_fee_rate) <= 9
        AND exchange_fee_rate > 0 AND exchange_fee_rate < 1 AND scale(exchange_fee_rate) <= 9);
ALTER TABLE mvm.route
    DROP CONSTRAINT route_tariff_rate_range,
    ADD CONSTRAINT route_tariff_rate_range CHECK (tariff_rate > 0 AND tariff_rate < 100 AND scale(tariff_rate) <= 9);
ALTER TABLE mvm.journal
    DROP CONSTRAINT journal_money_positive,
    ADD CONSTRAINT journal_money_positive CHECK (
        CASE
            WHEN kind IN ('l', 's') THEN paid_minor IS NULL AND received_minor IS NULL
                AND fee_minor IS NULL AND tariff_minor IS NULL
            ELSE from_rate > 0 AND to_rate > 0 AND paid_minor >= 0 AND received_minor >= 0
                AND (kind = 'r' OR paid_minor > 0 AND received_minor + COALESCE(fee_minor, 0) > 0)
                AND COALESCE(fee_minor, 1) > 0 AND COALESCE(tariff_minor, 1) > 0
                AND paid_minor >= COALESCE(tariff_minor, 0)
        END IS TRUE);

-- ---------------------------------------------------------------------------
-- What roles may do with the functions that are created anew below
-- ---------------------------------------------------------------------------

-- The functions that are there: see privileges.sql.
SELECT set_config('mvm.known_functions', COALESCE((
    SELECT array_agg(p.oid)
    FROM pg_depend d
    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
    JOIN pg_proc p ON p.oid = d.objid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e')::text, '{}'), true);

SELECT set_config('mvm.kept_grants', COALESCE((
    SELECT json_agg(json_build_object('function', p.oid, 'name', p.proname, 'grantee', g.grantee,
        'is_grantable', g.is_grantable))
    FROM pg_depend d
    JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
    JOIN pg_proc p ON p.oid = d.objid
    CROSS JOIN LATERAL aclexplode(p.proacl) g
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND g.grantee <> p.proowner)::text, '[]'), true);

-- The largest set of 1.1 that each role has the whole of, by grants of its own: 1 reader, 2 trader, 3 what a gateway
-- calls, 4 operator. Nothing but the grants is kept of mvm_grant(), so what the owner took away afterwards counts. A role
-- that has the whole of a set of 1.0, and nothing that 1.1 added, has been there since 1.0.
SELECT set_config('mvm.kept_sets', COALESCE((
    SELECT json_agg(json_build_object('role', r.grantee, 'place', r.place, 'has_1_1', r.has_1_1))
    FROM (
        WITH set_function (name, place, since) AS (VALUES
            ('mvm_version', 1, '1.0'), ('mvm_convert', 1, '1.0'), ('mvm_balance', 1, '1.0'), ('mvm_trades', 1, '1.0'),
            ('mvm_audit', 1, '1.0'), ('mvm_items', 1, '1.1'), ('mvm_statement', 1, '1.1'),
            ('mvm_buy', 2, '1.0'), ('mvm_exchange', 2, '1.0'), ('mvm_buy_batch', 2, '1.0'),
            ('mvm_exchange_batch', 2, '1.0'), ('mvm_transfer', 2, '1.1'), ('mvm_quote', 2, '1.1'),
            ('mvm_accept_quote', 2, '1.1'), ('mvm_reserve', 2, '1.1'), ('mvm_capture', 2, '1.1'), ('mvm_release', 2, '1.1'),
            ('mvm_create_universe', 3, '1.0'), ('mvm_set_exchange_rate', 3, '1.0'), ('mvm_create_user', 3, '1.0'),
            ('mvm_list_item', 3, '1.0'), ('mvm_deposit', 3, '1.0'), ('mvm_withdraw', 3, '1.0'), ('mvm_restock', 3, '1.1'),
            ('mvm_set_price', 3, '1.1'), ('mvm_delist_item', 3, '1.1'), ('mvm_relist_item', 3, '1.1'),
            ('mvm_refund', 3, '1.1'), ('mvm_move_user', 3, '1.1'), ('mvm_set_rules', 3, '1.1'), ('mvm_set_route', 3, '1.1'),
            ('mvm_sweep_holds', 3, '1.1'), ('mvm_audit_checkpoint', 3, '1.1'),
            ('mvm_seed', 4, '1.0'), ('mvm_purge_idempotency_keys', 4, '1.0'), ('mvm_purge_quotes', 4, '1.1')
        ), listed AS (
            -- mvm_audit(since) came with 1.1.
            SELECT p.oid, p.proowner, p.proacl, f.place,
                CASE WHEN p.proname = 'mvm_audit' AND p.pronargs = 1 THEN '1.1' ELSE f.since END AS since
            FROM pg_depend d
            JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
            JOIN pg_proc p ON p.oid = d.objid
            JOIN set_function f ON f.name = p.proname
            WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
        ), held AS (
            SELECT DISTINCT l.oid, g.grantee
            FROM listed l CROSS JOIN LATERAL aclexplode(l.proacl) g
            WHERE g.privilege_type = 'EXECUTE' AND g.grantee <> 0 AND g.grantee <> l.proowner
        )
        SELECT c.grantee,
            COALESCE(CASE
                WHEN bool_or(h.oid IS NOT NULL AND l.since = '1.1') THEN min(l.place) FILTER (WHERE h.oid IS NULL)
                ELSE min(l.place) FILTER (WHERE h.oid IS NULL AND l.since = '1.0')
            END, 5) - 1 AS place,
            bool_or(h.oid IS NOT NULL AND l.since = '1.1') AS has_1_1
        FROM (SELECT DISTINCT grantee FROM held) c
        CROSS JOIN listed l
        LEFT JOIN held h ON h.oid = l.oid AND h.grantee = c.grantee
        GROUP BY c.grantee
    ) r
    WHERE r.place > 0)::text, '[]'), true);

-- ---------------------------------------------------------------------------
-- Storage: limits of holds and quotes
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.universe
    ADD COLUMN max_hold_ttl interval NOT NULL DEFAULT interval '1 day',
    ADD COLUMN max_quote_ttl interval NOT NULL DEFAULT interval '5 minutes',
    ADD COLUMN max_open_holds bigint NOT NULL DEFAULT 100,
    ADD COLUMN max_open_quotes bigint NOT NULL DEFAULT 100,
    ADD CONSTRAINT universe_option_ttls CHECK (
        max_hold_ttl > interval '0' AND max_hold_ttl <= interval '366 days'
        AND max_quote_ttl > interval '0' AND max_quote_ttl <= interval '366 days'),
    ADD CONSTRAINT universe_open_options CHECK (max_open_holds >= 0 AND max_open_quotes >= 0);
ALTER TABLE mvm.rule_change
    ADD COLUMN max_hold_ttl interval,
    ADD COLUMN max_quote_ttl interval,
    ADD COLUMN max_open_holds bigint,
    ADD COLUMN max_open_quotes bigint;

-- For counting what is open, which never costs more than the limit.
CREATE INDEX hold_open_idx ON mvm.hold (buyer_id, to_universe_id, expires_at) WHERE state = 'a';
CREATE INDEX quote_open_idx ON mvm.quote (user_id, to_universe_id, expires_at) WHERE transaction_id IS NULL;

-- ---------------------------------------------------------------------------
-- Storage: active holds in the order in which they expire
-- ---------------------------------------------------------------------------

-- The library takes from the number of columns in which order it finds the holds.
DROP INDEX mvm.hold_expires_at_idx, mvm.hold_item_id_idx, mvm.hold_buyer_id_idx;
CREATE INDEX hold_expires_at_idx ON mvm.hold (expires_at, id) WHERE state = 'a';
CREATE INDEX hold_item_id_idx ON mvm.hold (item_id, expires_at, id) WHERE state = 'a';
CREATE INDEX hold_buyer_id_idx ON mvm.hold (buyer_id, from_universe_id, expires_at, id) WHERE state = 'a';

-- ---------------------------------------------------------------------------
-- Storage: memos, and keys and data of a platform's own
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.journal
    ADD COLUMN memo text,
    ADD CONSTRAINT journal_memo_length CHECK (pg_catalog.char_length(memo) <= 255);
ALTER TYPE mvm.exchange_result ADD ATTRIBUTE memo text;

ALTER TABLE mvm.user_account
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb,
    ADD CONSTRAINT user_account_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    ADD CONSTRAINT user_account_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object');
CREATE UNIQUE INDEX user_account_external_id_key ON mvm.user_account (external_id) WHERE external_id IS NOT NULL;

ALTER TABLE mvm.item
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb,
    ADD CONSTRAINT item_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    ADD CONSTRAINT item_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object');
CREATE UNIQUE INDEX item_external_id_key ON mvm.item (external_id) WHERE external_id IS NOT NULL;

-- ---------------------------------------------------------------------------
-- Storage: the journal is its own index
-- ---------------------------------------------------------------------------

-- Filled in after.sql, where the journal has rows.
ALTER TABLE mvm.journal
    ADD COLUMN from_previous_id bigint,
    ADD COLUMN to_previous_id bigint;
ALTER TABLE mvm.wallet ADD COLUMN last_journal_id bigint;
ALTER TABLE mvm.balance_snapshot ADD COLUMN last_journal_id bigint;
DROP INDEX mvm.journal_user_id_idx, mvm.journal_counterparty_id_idx;
CREATE INDEX journal_stocking_idx ON mvm.journal (user_id, id) WHERE kind IN ('l', 's');

-- What the audit since a checkpoint links to.
ALTER TABLE mvm.audit_wallet ADD COLUMN last_journal_id bigint;
UPDATE mvm.audit_wallet a SET last_journal_id = COALESCE((
    SELECT l.last_id FROM (
        SELECT l.user_id, l.universe_id, max(l.journal_id) AS last_id
        FROM mvm.audit_checkpoint c
        JOIN (
\include source/ledger/links.sql journal=mvm.journal
        ) l ON l.journal_id <= c.journal_id AND NOT c.pending @> l.journal_id
        GROUP BY l.user_id, l.universe_id
    ) l WHERE l.user_id = a.user_id AND l.universe_id = a.universe_id), 0);
\include source/schema/audit_digest.sql

-- ---------------------------------------------------------------------------
-- Storage: balances of the house
-- ---------------------------------------------------------------------------

\include source/schema/house_account.sql
INSERT INTO mvm.house_account (universe_id, slot, treasury_minor, fees_minor)
SELECT l.universe_id, 0, COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'treasury'), 0),
    COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'fees'), 0)
FROM mvm.leg l WHERE l.account IN ('treasury', 'fees') GROUP BY l.universe_id;
INSERT INTO mvm.audit_house_account (universe_id, treasury_minor, fees_minor)
SELECT l.universe_id, COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'treasury'), 0),
    COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'fees'), 0)
FROM mvm.audit_checkpoint c
JOIN mvm.leg l ON l.transaction_id <= c.journal_id AND NOT c.pending @> l.transaction_id
WHERE l.account IN ('treasury', 'fees') GROUP BY l.universe_id;

-- Payouts: money of the house leaves the market.
ALTER TABLE mvm.journal
    DROP CONSTRAINT journal_kind_complete,
    ADD
\include source/schema/journal_kind_complete.sql
;

-- ---------------------------------------------------------------------------
-- Functions that get other arguments or another result: made anew with the others
-- ---------------------------------------------------------------------------

DROP FUNCTION
    @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint),
    @extschema@.mvm_deposit(bigint, numeric, integer, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint),
    @extschema@.mvm_create_user(text, integer, numeric),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer);
