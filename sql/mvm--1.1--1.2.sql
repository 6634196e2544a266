-- mvm 1.1 to 1.2: what PostgreSQL promises a plain statement holds for a call; house accounts, memos, keys of a platform's own.
--
-- A fresh 1.2 is 1.0, 1.1 and this script, so all have the same catalogue.

\echo Use "ALTER EXTENSION mvm UPDATE TO '1.2'" to load this file. \quit

-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION.
SET LOCAL search_path = pg_catalog, pg_temp;

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
COMMENT ON COLUMN mvm.universe.max_hold_ttl IS 'The longest that a hold on an item of the universe may live';
COMMENT ON COLUMN mvm.universe.max_quote_ttl IS 'The longest that a quote into the universe may live';
COMMENT ON COLUMN mvm.universe.max_open_holds IS 'How many open holds on items of the universe one buyer may have';
COMMENT ON COLUMN mvm.universe.max_open_quotes IS 'How many open quotes into the universe one user may have';
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
COMMENT ON TABLE mvm.hold IS
    'Stock and money set aside for a purchase. An active one past expires_at counts as released for everyone who looks, and is released by whoever falls short of what it keeps, or by mvm_sweep_holds()';
COMMENT ON FUNCTION @extschema@.mvm_sweep_holds(integer) IS
    'Releases holds past their time, at most max_rows, and returns how many it did. They count as released anyway; this writes it down. Waits for nobody: what is in use is left for another time. MV203';

-- ---------------------------------------------------------------------------
-- Storage: memos, and keys and data of a platform's own
-- ---------------------------------------------------------------------------

ALTER TABLE mvm.journal
    ADD COLUMN memo text,
    ADD CONSTRAINT journal_memo_length CHECK (pg_catalog.char_length(memo) <= 255);
COMMENT ON COLUMN mvm.journal.memo IS
    'The client''s own note on a deposit, withdrawal, transfer, purchase or exchange, kept as given, at most 255 characters';
ALTER TYPE mvm.exchange_result ADD ATTRIBUTE memo text;

ALTER TABLE mvm.user_account
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb,
    ADD CONSTRAINT user_account_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    ADD CONSTRAINT user_account_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object');
CREATE UNIQUE INDEX user_account_external_id_key ON mvm.user_account (external_id) WHERE external_id IS NOT NULL;
COMMENT ON COLUMN mvm.user_account.external_id IS 'The platform''s own key of the user, unique; null: none';
COMMENT ON COLUMN mvm.user_account.metadata IS 'The platform''s own data, a JSON object: kept, never read';

ALTER TABLE mvm.item
    ADD COLUMN external_id text COLLATE "C",
    ADD COLUMN metadata jsonb,
    ADD CONSTRAINT item_external_id_length CHECK (pg_catalog.char_length(external_id) BETWEEN 1 AND 255),
    ADD CONSTRAINT item_metadata_object CHECK (pg_catalog.jsonb_typeof(metadata) = 'object');
CREATE UNIQUE INDEX item_external_id_key ON mvm.item (external_id) WHERE external_id IS NOT NULL;
COMMENT ON COLUMN mvm.item.external_id IS 'The platform''s own key of the item, unique; null: none';
COMMENT ON COLUMN mvm.item.metadata IS
    'The platform''s own data, a JSON object: kept, never read. Every purchase writes the item''s row anew, so keep it small';

-- ---------------------------------------------------------------------------
-- Storage: the journal is its own index
-- ---------------------------------------------------------------------------

-- Filled at the end of this script, where the journal has rows.
ALTER TABLE mvm.journal
    ADD COLUMN from_previous_id bigint,
    ADD COLUMN to_previous_id bigint;
ALTER TABLE mvm.wallet ADD COLUMN last_journal_id bigint;
ALTER TABLE mvm.balance_snapshot ADD COLUMN last_journal_id bigint;
COMMENT ON COLUMN mvm.journal.from_previous_id IS
    'The row before this one of the wallet that it moves in from_universe_id; 0: it is the wallet''s first; null: it moves none there, or its row before is not known until mvm_relink_journal()';
COMMENT ON COLUMN mvm.journal.to_previous_id IS
    'The same in to_universe_id; null also where that is the same wallet';
COMMENT ON COLUMN mvm.wallet.last_journal_id IS
    'The last journal row that moved it; 0: none has; null: not known until mvm_relink_journal(). Never to be indexed: that would make every update write the indexes';
COMMENT ON COLUMN mvm.balance_snapshot.last_journal_id IS
    'The wallet''s last journal row before before_id; 0: there was none; null: not known until mvm_relink_journal()';

-- A user's rows are found through their wallets; listings and restocks move none.
DROP INDEX mvm.journal_user_id_idx, mvm.journal_counterparty_id_idx;
CREATE INDEX journal_stocking_idx ON mvm.journal (user_id, id) WHERE kind IN ('l', 's');

CREATE VIEW mvm.link AS
SELECT j.id AS journal_id, j.user_id, j.from_universe_id AS universe_id, j.from_previous_id AS previous_id
FROM mvm.journal j
WHERE j.kind IN ('w', 'x', 'p', 't', 'r', 'h')
UNION ALL
SELECT j.id, j.user_id, j.to_universe_id, j.to_previous_id
FROM mvm.journal j
WHERE j.kind IN ('d', 'x', 'u')
UNION ALL
-- Where it is the wallet of the row's user too, one link is enough.
SELECT j.id, j.counterparty_id, j.to_universe_id, j.to_previous_id
FROM mvm.journal j
WHERE j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL
  AND (j.counterparty_id <> j.user_id OR j.to_universe_id <> j.from_universe_id);
COMMENT ON VIEW mvm.link IS
    'Which wallets each journal row moves, and each wallet''s row before it; 0: there is none, null: it is not known';

-- What the audit since a checkpoint links to.
ALTER TABLE mvm.audit_wallet ADD COLUMN last_journal_id bigint;
COMMENT ON COLUMN mvm.audit_wallet.last_journal_id IS
    'The wallet''s last journal row as of the checkpoint; 0: there was none; null: not known until the next checkpoint';
UPDATE mvm.audit_wallet a SET last_journal_id = COALESCE((
    SELECT l.last_id FROM (
        SELECT l.user_id, l.universe_id, max(l.journal_id) AS last_id
        FROM mvm.audit_checkpoint c
        JOIN mvm.link l ON l.journal_id <= c.journal_id AND NOT c.pending @> l.journal_id
        GROUP BY l.user_id, l.universe_id
    ) l WHERE l.user_id = a.user_id AND l.universe_id = a.universe_id), 0);

CREATE TABLE mvm.audit_digest (
    checkpoint_id bigint NOT NULL,
    covered int8multirange NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT audit_digest_pkey PRIMARY KEY (checkpoint_id),
    CONSTRAINT audit_digest_length CHECK (octet_length(digest) = 32)
);
COMMENT ON TABLE mvm.audit_digest IS
    'Append-only: of each checkpoint of the audit, a SHA-256 over the digest of the one before and the journal rows that are covered since. mvm_verify() computes it again';
COMMENT ON COLUMN mvm.audit_digest.covered IS 'Ids of the journal rows that the checkpoint knew, or knew that there are none';
CREATE TRIGGER audit_digest_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.audit_digest
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
SELECT pg_extension_config_dump('mvm.audit_digest', '');

-- ---------------------------------------------------------------------------
-- Storage: balances of the house
-- ---------------------------------------------------------------------------

CREATE TABLE mvm.house_account (
    universe_id integer NOT NULL,
    slot integer NOT NULL,
    treasury_minor numeric NOT NULL,
    fees_minor numeric NOT NULL,
    CONSTRAINT house_account_pkey PRIMARY KEY (universe_id, slot)
) WITH (fillfactor = 50);
COMMENT ON TABLE mvm.house_account IS
    'What the house holds on its accounts treasury and fees: the sum of a universe''s slots, so that it is read in constant time and trades never wait for one another';
COMMENT ON COLUMN mvm.house_account.slot IS
    '0: what was taken out, and what was there before the slots; others: what the server processes of that place have added';
COMMENT ON COLUMN mvm.house_account.treasury_minor IS 'Part of the treasury, minor units of the universe''s currency; below zero where more was taken than added';
COMMENT ON COLUMN mvm.house_account.fees_minor IS 'Part of the fees, likewise';
INSERT INTO mvm.house_account (universe_id, slot, treasury_minor, fees_minor)
SELECT l.universe_id, 0, COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'treasury'), 0),
    COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'fees'), 0)
FROM mvm.leg l WHERE l.account IN ('treasury', 'fees') GROUP BY l.universe_id;
CREATE TRIGGER house_account_rows_stay BEFORE DELETE OR TRUNCATE ON mvm.house_account
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
SELECT pg_extension_config_dump('mvm.house_account', '');

CREATE TABLE mvm.audit_house_account (
    universe_id integer NOT NULL,
    treasury_minor numeric NOT NULL,
    fees_minor numeric NOT NULL,
    CONSTRAINT audit_house_account_pkey PRIMARY KEY (universe_id)
);
COMMENT ON TABLE mvm.audit_house_account IS 'What the house held as of the checkpoint of the audit, sums in minor units';
INSERT INTO mvm.audit_house_account (universe_id, treasury_minor, fees_minor)
SELECT l.universe_id, COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'treasury'), 0),
    COALESCE(sum(l.amount_minor) FILTER (WHERE l.account = 'fees'), 0)
FROM mvm.audit_checkpoint c
JOIN mvm.leg l ON l.transaction_id <= c.journal_id AND NOT c.pending @> l.transaction_id
WHERE l.account IN ('treasury', 'fees') GROUP BY l.universe_id;
SELECT pg_extension_config_dump('mvm.audit_house_account', '');

-- Payouts: money of the house leaves the market.
ALTER TABLE mvm.journal
    DROP CONSTRAINT journal_kind_complete,
    ADD CONSTRAINT journal_kind_complete CHECK (
        CASE kind
            WHEN 'p' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0
                AND (from_universe_id <> to_universe_id
                    OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))
            WHEN 'x' THEN user_id IS NOT NULL AND from_universe_id <> to_universe_id AND tariff_minor IS NULL
            WHEN 'd' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'w' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 't' THEN user_id <> counterparty_id AND from_universe_id = to_universe_id
                AND paid_minor = received_minor AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'r' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND (from_universe_id <> to_universe_id
                    OR paid_minor - COALESCE(tariff_minor, 0) = received_minor + COALESCE(fee_minor, 0))
            WHEN 'h' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'u' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0 AND reference_id IS NOT NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'o' THEN user_id IS NULL AND counterparty_id IS NULL AND item_id IS NULL AND quantity IS NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'f' THEN user_id IS NULL AND counterparty_id IS NULL AND item_id IS NULL AND quantity IS NULL
                AND from_universe_id = to_universe_id AND paid_minor = received_minor
                AND fee_minor IS NULL AND tariff_minor IS NULL
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
            WHEN 's' THEN item_id IS NOT NULL AND quantity > 0
        END IS TRUE);
COMMENT ON COLUMN mvm.journal.kind IS
    'd deposit, w withdrawal, x exchange, p purchase, l listing, s restock, t transfer, r refund, h hold, u release of a hold, o payout of the treasury, f payout of the fees';
COMMENT ON COLUMN mvm.journal.user_id IS
    'Who acted: buyer, exchanger, depositor, withdrawer, sender; the seller of a listing or restock (null: treasury); of a refund the buyer, who gets the money back; null: the house, of a payout';

-- ---------------------------------------------------------------------------
-- Views, made anew under the pinned path
-- ---------------------------------------------------------------------------

CREATE OR REPLACE VIEW mvm.universes AS
SELECT
    u.id,
    u.name,
    u.currency_type,
    u.exchange_rate,
    u.currency_scale::integer AS currency_scale,
    u.version,
    u.trade_open,
    u.exchange_open,
    COALESCE(u.sale_fee_rate, 0) AS sale_fee_rate,
    COALESCE(u.exchange_fee_rate, 0) AS exchange_fee_rate,
    mvm.amount(u.min_amount_minor, u.currency_scale) AS min_amount,
    mvm.amount(u.max_amount_minor, u.currency_scale) AS max_amount,
    u.max_quantity,
    u.max_hold_ttl,
    u.max_quote_ttl,
    u.max_open_holds,
    u.max_open_quotes
FROM mvm.universe u;

-- A hold past its time counts as released, as far as there is room for it in 64 bits.
CREATE OR REPLACE VIEW mvm.users AS
SELECT
    a.id,
    a.username,
    a.universe_id,
    mvm.amount(LEAST(9223372036854775807, COALESCE(w.balance_minor, 0) + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance,
    a.external_id,
    a.metadata
FROM mvm.user_account a
JOIN mvm.universe u ON u.id = a.universe_id
LEFT JOIN mvm.wallet w ON w.user_id = a.id AND w.universe_id = a.universe_id;

CREATE OR REPLACE VIEW mvm.wallets AS
SELECT
    w.user_id,
    w.universe_id,
    mvm.amount(LEAST(9223372036854775807, w.balance_minor + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance
FROM mvm.wallet w
JOIN mvm.universe u ON u.id = w.universe_id;

CREATE OR REPLACE VIEW mvm.items AS
SELECT
    i.id,
    i.name,
    i.universe_id,
    i.seller_id,
    mvm.amount(i.price_minor, u.currency_scale) AS price,
    LEAST(9223372036854775807, i.stock + COALESCE((
        SELECT sum(h.quantity) FROM mvm.hold h
        WHERE h.item_id = i.id AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint AS stock,
    i.listed,
    i.external_id,
    i.metadata
FROM mvm.item i
JOIN mvm.universe u ON u.id = i.universe_id;

CREATE OR REPLACE VIEW mvm.transactions AS
SELECT
    j.id,
    CASE j.kind
        WHEN 'd' THEN 'deposit'
        WHEN 'w' THEN 'withdrawal'
        WHEN 'x' THEN 'exchange'
        WHEN 'p' THEN 'purchase'
        WHEN 'l' THEN 'listing'
        WHEN 's' THEN 'restock'
        WHEN 't' THEN 'transfer'
        WHEN 'r' THEN 'refund'
        WHEN 'h' THEN 'hold'
        WHEN 'u' THEN 'release'
        WHEN 'o' THEN 'treasury_payout'
        WHEN 'f' THEN 'fees_payout'
    END AS kind,
    j.user_id,
    j.counterparty_id,
    j.item_id,
    j.quantity,
    j.from_universe_id,
    j.to_universe_id,
    mvm.amount(j.paid_minor, f.currency_scale) AS amount,
    mvm.amount(j.received_minor, t.currency_scale) AS received_amount,
    pg_catalog.trim_scale(j.to_rate / j.from_rate) AS exchange_rate,
    j.from_rate,
    j.to_rate,
    j.idempotency_key,
    j.transaction_time,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff,
    j.reference_id,
    j.memo
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id;

CREATE OR REPLACE VIEW mvm.trades AS
SELECT
    j.id,
    j.user_id AS buyer_id,
    j.counterparty_id AS seller_id,
    j.item_id,
    mvm.amount(j.paid_minor, f.currency_scale) AS amount,
    j.quantity,
    j.from_universe_id,
    j.to_universe_id,
    j.transaction_time,
    mvm.amount(j.received_minor, t.currency_scale) AS received_amount,
    pg_catalog.trim_scale(j.to_rate / j.from_rate) AS exchange_rate,
    j.idempotency_key,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff,
    j.memo
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id
WHERE j.kind = 'p';

-- The legs of double entry, derived: a branch per kind of leg, so that a query
-- for one user or one transaction reaches the journal through its indexes. A
-- refund has the legs of its purchase with the signs turned.
CREATE OR REPLACE VIEW mvm.leg AS
-- the payer
SELECT j.id AS transaction_id, 'wallet'::text AS account, j.user_id, j.from_universe_id AS universe_id,
    CASE j.kind WHEN 'r' THEN j.paid_minor ELSE -j.paid_minor END AS amount_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('w', 'x', 'p', 't', 'r', 'h')
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'd'
UNION ALL
-- the receiver
SELECT j.id, 'wallet', j.user_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('d', 'x', 'u')
UNION ALL
SELECT j.id, 'wallet', j.counterparty_id, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.received_minor ELSE j.received_minor END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL
UNION ALL
SELECT j.id, 'treasury', NULL::bigint, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.received_minor ELSE j.received_minor END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('p', 'r') AND j.counterparty_id IS NULL
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('w', 'o', 'f')
UNION ALL
-- what the house pays out
SELECT j.id, CASE j.kind WHEN 'o' THEN 'treasury' ELSE 'fees' END, NULL::bigint, j.from_universe_id, -j.paid_minor,
    j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('o', 'f')
UNION ALL
-- what is set aside
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'h'
UNION ALL
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'u'
UNION ALL
-- what the rules take
SELECT j.id, 'treasury', NULL::bigint, j.from_universe_id,
    CASE j.kind WHEN 'r' THEN -j.tariff_minor ELSE j.tariff_minor END, j.transaction_time
FROM mvm.journal j WHERE j.tariff_minor IS NOT NULL
UNION ALL
SELECT j.id, 'fees', NULL::bigint, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.fee_minor ELSE j.fee_minor END, j.transaction_time
FROM mvm.journal j WHERE j.fee_minor IS NOT NULL
UNION ALL
-- the house's currency desk, between two currencies
SELECT j.id, 'fx', NULL::bigint, j.from_universe_id,
    (j.paid_minor - COALESCE(j.tariff_minor, 0)) * CASE j.kind WHEN 'r' THEN -1 ELSE 1 END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p', 'r') AND j.from_universe_id <> j.to_universe_id
UNION ALL
SELECT j.id, 'fx', NULL::bigint, j.to_universe_id,
    (j.received_minor + COALESCE(j.fee_minor, 0)) * CASE j.kind WHEN 'r' THEN 1 ELSE -1 END, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p', 'r') AND j.from_universe_id <> j.to_universe_id;

CREATE OR REPLACE VIEW mvm.ledger AS
SELECT
    l.transaction_id,
    l.account,
    l.user_id,
    l.universe_id,
    mvm.amount(l.amount_minor, u.currency_scale) AS amount,
    l.transaction_time
FROM mvm.leg l
JOIN mvm.universe u ON u.id = l.universe_id;

CREATE OR REPLACE VIEW mvm.routes AS
SELECT r.from_universe_id, r.to_universe_id, r.allowed, COALESCE(r.tariff_rate, 0) AS tariff_rate
FROM mvm.route r;

CREATE OR REPLACE VIEW mvm.rule_changes AS
SELECT
    c.id,
    c.changed_at,
    c.changed_by,
    c.universe_id,
    c.to_universe_id,
    c.trade_open,
    c.exchange_open,
    CASE WHEN c.to_universe_id IS NULL THEN COALESCE(c.sale_fee_rate, 0) END AS sale_fee_rate,
    CASE WHEN c.to_universe_id IS NULL THEN COALESCE(c.exchange_fee_rate, 0) END AS exchange_fee_rate,
    mvm.amount(c.min_amount_minor, u.currency_scale) AS min_amount,
    mvm.amount(c.max_amount_minor, u.currency_scale) AS max_amount,
    c.max_quantity,
    c.allowed,
    CASE WHEN c.to_universe_id IS NOT NULL THEN COALESCE(c.tariff_rate, 0) END AS tariff_rate,
    c.max_hold_ttl,
    c.max_quote_ttl,
    c.max_open_holds,
    c.max_open_quotes
FROM mvm.rule_change c
JOIN mvm.universe u ON u.id = c.universe_id;

CREATE OR REPLACE VIEW mvm.quotes AS
SELECT
    q.id,
    q.user_id,
    mvm.amount(q.paid_minor, f.currency_scale) AS amount,
    mvm.amount(q.received_minor, t.currency_scale) AS converted_amount,
    mvm.amount(q.fee_minor, t.currency_scale) AS fee,
    q.from_universe_id,
    q.to_universe_id,
    pg_catalog.trim_scale(q.to_rate / q.from_rate) AS exchange_rate,
    CASE
        WHEN q.transaction_id IS NOT NULL THEN 'accepted'
        WHEN q.expires_at <= now() THEN 'expired'
        ELSE 'open'
    END AS state,
    q.created_at,
    q.expires_at,
    q.transaction_id
FROM mvm.quote q
JOIN mvm.universe f ON f.id = q.from_universe_id
JOIN mvm.universe t ON t.id = q.to_universe_id;

CREATE OR REPLACE VIEW mvm.holds AS
SELECT
    h.id,
    h.buyer_id,
    h.item_id,
    h.seller_id,
    h.quantity,
    h.captured_quantity,
    mvm.amount(h.paid_minor, f.currency_scale) AS amount,
    mvm.amount(h.price_minor, t.currency_scale) AS price,
    h.from_universe_id,
    h.to_universe_id,
    pg_catalog.trim_scale(h.to_rate / h.from_rate) AS exchange_rate,
    CASE
        WHEN h.state = 'c' THEN 'captured'
        WHEN h.state = 'r' THEN 'released'
        WHEN h.state = 'e' OR h.expires_at <= now() THEN 'expired'
        ELSE 'active'
    END AS state,
    h.created_at,
    h.expires_at
FROM mvm.hold h
JOIN mvm.universe f ON f.id = h.from_universe_id
JOIN mvm.universe t ON t.id = h.to_universe_id;

CREATE OR REPLACE VIEW mvm.prices AS
SELECT
    c.item_id,
    mvm.amount(c.price_minor, u.currency_scale) AS price,
    c.valid_from
FROM mvm.price_change c
JOIN mvm.item i ON i.id = c.item_id
JOIN mvm.universe u ON u.id = i.universe_id;

CREATE OR REPLACE VIEW mvm.exchange_rates AS
SELECT
    c.universe_id,
    c.exchange_rate,
    c.valid_from,
    pg_catalog.lead(c.valid_from) OVER (PARTITION BY c.universe_id ORDER BY c.valid_from, c.id) AS valid_to
FROM mvm.exchange_rate_change c;

CREATE OR REPLACE VIEW mvm.audit_checkpoints AS
SELECT c.id, c.made_at, c.journal_id AS last_transaction_id, d.digest
FROM mvm.audit_checkpoint c
LEFT JOIN mvm.audit_digest d ON d.checkpoint_id = c.id;

-- The slots are few, so a balance costs the same however long the journal is.
CREATE VIEW mvm.house_accounts AS
SELECT u.id AS universe_id, a.account, a.balance_minor * mvm.amount(1, u.currency_scale) AS balance
FROM mvm.universe u
CROSS JOIN LATERAL (
    SELECT COALESCE(sum(h.treasury_minor), 0) AS treasury_minor, COALESCE(sum(h.fees_minor), 0) AS fees_minor
    FROM mvm.house_account h WHERE h.universe_id = u.id
) s
CROSS JOIN LATERAL (VALUES ('treasury', s.treasury_minor), ('fees', s.fees_minor)) AS a (account, balance_minor);
COMMENT ON VIEW mvm.house_accounts IS
    'What the house holds in each universe, in its currency: in the treasury, from sales and tariffs, and in fees. mvm_payout() pays it out';

-- Where a sequence lies behind, the next row would get an id that is in use.
CREATE VIEW mvm.sequence_position AS
SELECT 'universe_id_seq'::text AS sequence_name, (SELECT max(t.id) FROM mvm.universe t)::bigint AS highest, s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END AS reached
FROM mvm.universe_id_seq s
UNION ALL
SELECT 'user_account_id_seq', (SELECT max(t.id) FROM mvm.user_account t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.user_account_id_seq s
UNION ALL
SELECT 'item_id_seq', (SELECT max(t.id) FROM mvm.item t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.item_id_seq s
UNION ALL
SELECT 'journal_id_seq', (SELECT max(t.id) FROM mvm.journal t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.journal_id_seq s
UNION ALL
SELECT 'rule_change_id_seq', (SELECT max(t.id) FROM mvm.rule_change t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.rule_change_id_seq s
UNION ALL
SELECT 'quote_id_seq', (SELECT max(t.id) FROM mvm.quote t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.quote_id_seq s
UNION ALL
SELECT 'hold_id_seq', (SELECT max(t.id) FROM mvm.hold t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.hold_id_seq s
UNION ALL
SELECT 'exchange_rate_change_id_seq', (SELECT max(t.id) FROM mvm.exchange_rate_change t), s.last_value - CASE WHEN s.is_called THEN 0 ELSE 1 END
FROM mvm.exchange_rate_change_id_seq s;
COMMENT ON VIEW mvm.sequence_position IS
    'Each sequence of the market: the highest id in use, and the id that was drawn last';

-- ---------------------------------------------------------------------------
-- Functions: limits of holds and quotes
-- ---------------------------------------------------------------------------

DROP FUNCTION @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint);
CREATE FUNCTION @extschema@.mvm_set_rules(
    universe_id integer,
    trade_open boolean DEFAULT NULL,
    exchange_open boolean DEFAULT NULL,
    sale_fee_rate numeric DEFAULT NULL,
    exchange_fee_rate numeric DEFAULT NULL,
    min_amount numeric DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    max_quantity bigint DEFAULT NULL,
    max_hold_ttl interval DEFAULT NULL,
    max_quote_ttl interval DEFAULT NULL,
    max_open_holds bigint DEFAULT NULL,
    max_open_quotes bigint DEFAULT NULL
) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_rules';
COMMENT ON FUNCTION @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint,
        interval, interval, bigint, bigint) IS
    'Changes a universe''s trading rules; what is null stays. Fee rates are 0 or above and below 1, and a fee is rounded up; min_amount 0, max_amount ''Infinity'' and max_quantity 9223372036854775807 take a bound away. max_hold_ttl and max_quote_ttl, above zero and at most 366 days, are the longest that a hold on its items and a quote into it may live; max_open_holds and max_open_quotes, 0 or more, are how many of them one user may have open. Noted in mvm.rule_changes. MV003, MV201, MV202, MV203, MV204';
REVOKE ALL ON FUNCTION @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint,
        interval, interval, bigint, bigint) FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.mvm_set_route(integer, integer, boolean, numeric) IS
    'Sets the rules between two universes, for buyers and money of from_universe_id and items and currency of to_universe_id: whether it is allowed, and the import tariff on purchases, 0 or above and below 100, which is rounded up. Noted in mvm.rule_changes. MV003, MV203';
COMMENT ON FUNCTION @extschema@.mvm_quote(bigint, numeric, integer, integer, interval) IS
    'Freezes what an exchange would credit now, for one user and amount, until ttl is over. The universe that credits says how long that may be and how many quotes a user may have open. MV001, MV003, MV103, MV201, MV203, MV204, MV301';
COMMENT ON FUNCTION @extschema@.mvm_reserve(bigint, bigint, bigint, interval, text) IS
    'Sets stock and the buyer''s money aside for a purchase at the present price, rates, fee and tariff, until ttl is over. The item''s universe says how long that may be and how many holds a buyer may have open. MV001, MV002, MV101, MV102, MV104, MV105, MV201, MV202, MV203, MV204, MV301, MV401';
COMMENT ON FUNCTION @extschema@.mvm_capture(bigint, bigint, text) IS
    'Buys quantity of a hold''s pieces, all unless told, at its frozen terms, and releases the rest. A key belongs to the buyer. MV006, MV109, MV201, MV202, MV203, MV204, MV401';

-- ---------------------------------------------------------------------------
-- Functions: memos, and keys and data of a platform's own
-- ---------------------------------------------------------------------------

DROP FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text);
CREATE FUNCTION @extschema@.mvm_deposit(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_deposit';
COMMENT ON FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text, text) IS
    'Credits a user''s wallet from outside the market, in universe_id''s currency (home unless told). memo: a note of at most 255 characters, kept as given. MV001, MV003, MV201, MV203, MV204, MV401';

DROP FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text);
CREATE FUNCTION @extschema@.mvm_withdraw(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_withdraw';
COMMENT ON FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text, text) IS
    'Debits a user''s wallet to outside the market, in universe_id''s currency (home unless told). memo: a note of at most 255 characters, kept as given. MV001, MV003, MV101, MV201, MV203, MV204, MV401';

DROP FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text);
CREATE FUNCTION @extschema@.mvm_transfer(
    from_user_id bigint,
    to_user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_transfer';
COMMENT ON FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text, text) IS
    'Moves money from one user to another in universe_id''s currency (the sender''s home unless told). memo: a note of at most 255 characters, kept as given, which both see. MV001, MV003, MV101, MV201, MV203, MV204, MV401';

DROP FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric);
CREATE FUNCTION @extschema@.mvm_exchange(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    idempotency_key text DEFAULT NULL,
    min_converted numeric DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_exchange';
COMMENT ON FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric, text) IS
    'Moves a user''s money from one currency to another at the current rates, rounding the credit down and taking the exchange fee off it; refused when it would credit less than min_converted. memo: a note of at most 255 characters, kept as given. The same idempotency_key and request returns the first answer. MV001, MV003, MV101, MV103, MV106, MV201, MV203, MV204, MV301, MV401';

DROP FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]);
CREATE FUNCTION @extschema@.mvm_buy(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    idempotency_key text DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    pay_from integer[] DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_buy';
COMMENT ON FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text) IS
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency, with tariff on top and the sale fee from the seller''s proceeds; refused when it would cost more than max_amount. pay_from names the universes of the wallets to pay from instead: what is in the first is exchanged into the currency of the next, until one can pay the rest; max_amount then is in the last one''s currency. memo: a note of at most 255 characters, kept as given with the purchase, which both see, and with its exchanges. Stock, wallets and the journal move together. The same idempotency_key and request returns the first answer. Call it in FROM: (mvm_buy(1, 2)).* would buy once for each column of the answer. MV001, MV002, MV101, MV102, MV104, MV105, MV106, MV201, MV202, MV203, MV204, MV301, MV401';

DROP FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]);
CREATE FUNCTION @extschema@.mvm_buy_batch(
    buyer_ids bigint[],
    item_ids bigint[],
    quantities bigint[],
    idempotency_keys text[] DEFAULT NULL,
    max_amounts numeric[] DEFAULT NULL,
    memos text[] DEFAULT NULL
) RETURNS TABLE (
    ordinal integer,
    outcome text,
    detail text,
    replayed boolean,
    transaction_id bigint,
    amount numeric,
    quantity bigint,
    buyer_id bigint,
    seller_id bigint,
    item_id bigint,
    from_universe_id integer,
    to_universe_id integer,
    received_amount numeric,
    exchange_rate numeric,
    transaction_time timestamptz,
    fee numeric,
    tariff numeric,
    memo text
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_buy_batch';
COMMENT ON FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[], text[]) IS
    'Many purchases as if they ran one by one in the given order: a row per order with its own outcome, ''ok'' or an error''s code. A refused order changes nothing and stops nothing; a refusal under an idempotency key is remembered. MV203 for arrays that are null, differ in length or hold more than 100000 orders';

DROP FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]);
CREATE FUNCTION @extschema@.mvm_exchange_batch(
    user_ids bigint[],
    amounts numeric[],
    from_universe_ids integer[],
    to_universe_ids integer[],
    idempotency_keys text[] DEFAULT NULL,
    min_converted numeric[] DEFAULT NULL,
    memos text[] DEFAULT NULL
) RETURNS TABLE (
    ordinal integer,
    outcome text,
    detail text,
    replayed boolean,
    transaction_id bigint,
    amount numeric,
    converted_amount numeric,
    user_id bigint,
    from_universe_id integer,
    to_universe_id integer,
    exchange_rate numeric,
    transaction_time timestamptz,
    fee numeric,
    memo text
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_exchange_batch';
COMMENT ON FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[], text[]) IS
    'Many exchanges as if they ran one by one in the given order; otherwise as mvm_buy_batch()';

DROP FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint);
CREATE FUNCTION @extschema@.mvm_statement(
    user_id bigint,
    universe_id integer,
    from_time timestamptz,
    to_time timestamptz,
    max_rows integer DEFAULT 100,
    after_id bigint DEFAULT NULL
) RETURNS TABLE (
    transaction_id bigint,
    kind text,
    counterparty_id bigint,
    item_id bigint,
    quantity bigint,
    amount numeric,
    balance numeric,
    transaction_time timestamptz,
    memo text
)
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_statement';
COMMENT ON FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint) IS
    'What moved a user''s wallet from from_time until before to_time, oldest first, and the balance after each movement: at most max_rows (1 to 100000) lines with ids above after_id. The first page (after_id null) begins with a line ''opening'', the last ends with a line ''closing''. amount is below zero for what was taken; memo is the note that the movement was made with. MV001, MV003, MV203';

CREATE FUNCTION @extschema@.mvm_transactions(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.transactions
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_transactions';
COMMENT ON FUNCTION @extschema@.mvm_transactions(bigint, integer, bigint) IS
    'Transactions of a user, as who acted or as the counterparty, newest first: at most max_rows with ids below before_id. MV001, MV203';

CREATE FUNCTION @extschema@.mvm_relink_journal() RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_relink_journal';
COMMENT ON FUNCTION @extschema@.mvm_relink_journal() IS
    'Links the journal''s rows anew, for rows of a dump of an earlier version or ones that were inserted by hand, and answers how many rows it put right. Writes mvm.journal, mvm.wallet and mvm.balance_snapshot anew and keeps everybody from them meanwhile. For their owner';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_transactions(bigint, integer, bigint),
    @extschema@.mvm_relink_journal(),
    @extschema@.mvm_deposit(bigint, numeric, integer, text, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text, text),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric, text),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[], text[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[], text[]),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint)
FROM PUBLIC;

DROP FUNCTION @extschema@.mvm_create_user(text, integer, numeric);
CREATE FUNCTION @extschema@.mvm_create_user(
    username text,
    universe_id integer,
    balance numeric DEFAULT 0,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_user';
COMMENT ON FUNCTION @extschema@.mvm_create_user(text, integer, numeric, text, jsonb) IS
    'Creates a user at home in universe_id; an opening balance is journalled as a deposit. external_id: the platform''s own key, unique, 1 to 255 characters; metadata: a JSON object of at most 8192 bytes as text, kept and never read. MV003, MV201, MV203, MV204, MV205';

DROP FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer);
CREATE FUNCTION @extschema@.mvm_list_item(
    seller_id bigint,
    name text,
    price numeric,
    stock bigint,
    universe_id integer DEFAULT NULL,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_list_item';
COMMENT ON FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer, text, jsonb) IS
    'Puts an item up for sale in universe_id, the seller''s home unless told; seller_id null with a universe: its treasury sells. The stock is journalled. external_id and metadata as in mvm_create_user(). MV001, MV003, MV201, MV202, MV203, MV204, MV205';

CREATE FUNCTION @extschema@.mvm_set_user_data(
    user_id bigint,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_user_data';
COMMENT ON FUNCTION @extschema@.mvm_set_user_data(bigint, text, jsonb) IS
    'Changes a user''s external_id and metadata; what is null stays, an external_id of no characters and metadata of JSON''s null take it away. MV001, MV203, MV205';

CREATE FUNCTION @extschema@.mvm_set_item_data(
    item_id bigint,
    external_id text DEFAULT NULL,
    metadata jsonb DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_item_data';
COMMENT ON FUNCTION @extschema@.mvm_set_item_data(bigint, text, jsonb) IS
    'Changes an item''s external_id and metadata; what is null stays, an external_id of no characters and metadata of JSON''s null take it away. MV002, MV203, MV205';

CREATE FUNCTION @extschema@.mvm_find_user(username text DEFAULT NULL, external_id text DEFAULT NULL)
    RETURNS SETOF mvm.users
    LANGUAGE c STABLE ROWS 1
    AS 'MODULE_PATHNAME', 'mvm_find_user';
COMMENT ON FUNCTION @extschema@.mvm_find_user(text, text) IS
    'The user with that username or that external_id, one of which is given; no row when there is none. MV203';

CREATE FUNCTION @extschema@.mvm_find_item(external_id text) RETURNS SETOF mvm.items
    LANGUAGE c STABLE ROWS 1
    AS 'MODULE_PATHNAME', 'mvm_find_item';
COMMENT ON FUNCTION @extschema@.mvm_find_item(text) IS
    'The item with that external_id, on the market or off it; no row when there is none. MV203';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_create_user(text, integer, numeric, text, jsonb),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer, text, jsonb),
    @extschema@.mvm_set_user_data(bigint, text, jsonb),
    @extschema@.mvm_set_item_data(bigint, text, jsonb),
    @extschema@.mvm_find_user(text, text),
    @extschema@.mvm_find_item(text)
FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- Functions: privileges, payouts, sequences
-- ---------------------------------------------------------------------------

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

CREATE FUNCTION @extschema@.mvm_payout(
    universe_id integer,
    account text,
    amount numeric,
    idempotency_key text DEFAULT NULL,
    memo text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_payout';
COMMENT ON FUNCTION @extschema@.mvm_payout(integer, text, numeric, text, text) IS
    'Pays out of a universe''s account ''treasury'' or ''fees'' to outside the market, never more than mvm.house_accounts has. A key belongs to nobody, as that of a treasury''s restocking. MV003, MV101, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_sync_sequences()
    RETURNS TABLE (sequence_name text, from_value bigint, to_value bigint)
    LANGUAGE c VOLATILE SECURITY DEFINER ROWS 8 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_sync_sequences';
COMMENT ON FUNCTION @extschema@.mvm_sync_sequences() IS
    'Brings every sequence of the market that lies behind up to the highest id in use, never back, and answers which: for a logical replica that was promoted, as replication carries no sequences. Where one lies behind, waits for the transactions that drew from it';

REVOKE ALL ON FUNCTION
    mvm.privilege_sets(),
    @extschema@.mvm_revoke(name),
    @extschema@.mvm_payout(integer, text, numeric, text, text),
    @extschema@.mvm_sync_sequences()
FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- The audit
-- ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION @extschema@.mvm_audit() RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
    -- One statement, so one snapshot: an audit beside running trades is exact.
    SELECT 'wallet_equals_ledger'::text,
        format('user %s universe %s', COALESCE(w.user_id, l.user_id), COALESCE(w.universe_id, l.universe_id)),
        COALESCE(l.ledger_minor, 0)::numeric,
        COALESCE(w.balance_minor, 0)::numeric
    FROM mvm.wallet w
    FULL JOIN (
        SELECT user_id, universe_id, sum(amount_minor) AS ledger_minor
        FROM mvm.leg WHERE account = 'wallet' GROUP BY user_id, universe_id
    ) l ON l.user_id = w.user_id AND l.universe_id = w.universe_id
    WHERE COALESCE(l.ledger_minor, 0) <> COALESCE(w.balance_minor, 0)
    UNION ALL
    -- The legs of each wallet that has snapshots are counted once, in the order of their ids.
    SELECT 'snapshot_equals_ledger',
        format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id), c.ledger_minor, c.balance_minor
    FROM (
        SELECT m.user_id, m.universe_id, m.id, m.balance_minor, COALESCE(sum(m.amount_minor) OVER (
            PARTITION BY m.user_id, m.universe_id ORDER BY m.id, m.is_leg ROWS UNBOUNDED PRECEDING), 0) AS ledger_minor
        FROM (
            SELECT user_id, universe_id, before_id AS id, false AS is_leg, NULL::bigint AS amount_minor, balance_minor
            FROM mvm.balance_snapshot
            UNION ALL
            SELECT l.user_id, l.universe_id, l.transaction_id, true, l.amount_minor, NULL
            FROM mvm.leg l
            WHERE l.account = 'wallet'
              AND (l.user_id, l.universe_id) IN (SELECT s.user_id, s.universe_id FROM mvm.balance_snapshot s)
        ) m
    ) c
    WHERE c.balance_minor <> c.ledger_minor
    UNION ALL
    -- Each wallet's rows, snapshots and end in the order of ids: each names the last row before it.
    SELECT c.check_name,
        CASE c.check_name
            WHEN 'journal_is_linked' THEN format('transaction %s user %s universe %s', c.id, c.user_id, c.universe_id)
            WHEN 'snapshot_names_last_row' THEN format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id)
            ELSE format('user %s universe %s', c.user_id, c.universe_id)
        END, COALESCE(c.last_id, 0), c.named_id
    FROM (
        SELECT m.*, max(m.journal_id) OVER (PARTITION BY m.user_id, m.universe_id ORDER BY m.id, m.journal_id NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_id
        FROM (
            SELECT 'journal_is_linked' AS check_name, l.user_id, l.universe_id, l.journal_id AS id, l.journal_id, l.previous_id AS named_id
            FROM mvm.link l
            UNION ALL
            SELECT 'snapshot_names_last_row', s.user_id, s.universe_id, s.before_id, NULL, s.last_journal_id
            FROM mvm.balance_snapshot s
            UNION ALL
            SELECT 'wallet_names_last_row', w.user_id, w.universe_id, 9223372036854775807, NULL, w.last_journal_id
            FROM mvm.wallet w
        ) m
    ) c
    WHERE COALESCE(c.last_id, 0) IS DISTINCT FROM c.named_id
    UNION ALL
    SELECT 'snapshot_is_of_transaction', format('user %s universe %s before transaction %s', s.user_id, s.universe_id, s.before_id),
        NULL, s.balance_minor
    FROM mvm.balance_snapshot s
    WHERE NOT EXISTS (SELECT FROM mvm.journal j WHERE j.id = s.before_id AND j.transaction_time = s.taken_at)
    UNION ALL
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM mvm.leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(i.id, m.item_id)),
        COALESCE(m.moved, 0), COALESCE(i.stock, 0)
    FROM mvm.item i
    FULL JOIN (
        SELECT item_id, sum(CASE WHEN kind IN ('p', 'h') THEN -quantity ELSE quantity END) AS moved
        FROM mvm.journal WHERE kind IN ('l', 's', 'p', 'r', 'h', 'u') GROUP BY item_id
    ) m ON m.item_id = i.id
    WHERE COALESCE(m.moved, 0) <> COALESCE(i.stock, 0)
    UNION ALL
    -- With rate = units per reference unit: paid / from_rate >= received / to_rate, before tariff and fee.
    SELECT 'conversion_favours_house', format('transaction %s', c.id),
        c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric),
        c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM (
        SELECT id, from_universe_id, to_universe_id, from_rate, to_rate,
            paid_minor - COALESCE(tariff_minor, 0) AS paid_minor,
            received_minor + COALESCE(fee_minor, 0) AS received_minor
        FROM mvm.journal WHERE kind IN ('x', 'p') AND from_universe_id <> to_universe_id
    ) c
    JOIN mvm.universe f ON f.id = c.from_universe_id
    JOIN mvm.universe t ON t.id = c.to_universe_id
    WHERE c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
        < c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric)
    UNION ALL
    SELECT 'holds_equal_ledger', format('universe %s', COALESCE(h.universe_id, l.universe_id)),
        COALESCE(l.ledger_minor, 0), COALESCE(h.held_minor, 0)
    FROM (
        SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
        FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
    ) h
    FULL JOIN (
        SELECT universe_id, sum(amount_minor) AS ledger_minor
        FROM mvm.leg WHERE account = 'holds' GROUP BY universe_id
    ) l ON l.universe_id = h.universe_id
    WHERE COALESCE(l.ledger_minor, 0) <> COALESCE(h.held_minor, 0)
    UNION ALL
    SELECT 'house_account_equals_ledger', format('%s universe %s', b.account, b.universe_id), b.ledger_minor, b.balance_minor
    FROM (
        SELECT COALESCE(h.universe_id, l.universe_id) AS universe_id, c.account,
            COALESCE(c.ledger_minor, 0) AS ledger_minor, COALESCE(c.balance_minor, 0) AS balance_minor
        FROM (
            SELECT universe_id, sum(treasury_minor) AS treasury_minor, sum(fees_minor) AS fees_minor
            FROM mvm.house_account GROUP BY universe_id
        ) h
        FULL JOIN (
            SELECT universe_id, sum(amount_minor) FILTER (WHERE account = 'treasury') AS treasury_minor,
                sum(amount_minor) FILTER (WHERE account = 'fees') AS fees_minor
            FROM mvm.leg WHERE account IN ('treasury', 'fees') GROUP BY universe_id
        ) l ON l.universe_id = h.universe_id
        CROSS JOIN LATERAL (VALUES
            ('treasury', l.treasury_minor, h.treasury_minor), ('fees', l.fees_minor, h.fees_minor)
        ) AS c (account, ledger_minor, balance_minor)
    ) b
    WHERE b.ledger_minor <> b.balance_minor
    UNION ALL
    -- A row made it, another ended it unless it is active, and a purchase at its terms did if it was captured.
    SELECT 'hold_equals_journal', format('hold %s', COALESCE(h.id, j.reference_id)),
        max(j.paid_minor) FILTER (WHERE j.kind <> 'p'), max(h.paid_minor)
    FROM mvm.hold h
    FULL JOIN (
        SELECT * FROM mvm.journal WHERE kind IN ('h', 'u') OR kind = 'p' AND reference_id IS NOT NULL
    ) j ON j.reference_id = h.id
    GROUP BY h.id, h.state, j.reference_id
    HAVING count(*) FILTER (WHERE j.kind = 'h') <> 1
        OR count(*) FILTER (WHERE j.kind = 'u') <> CASE h.state WHEN 'a' THEN 0 ELSE 1 END
        OR count(*) FILTER (WHERE j.kind = 'p') <> CASE h.state WHEN 'c' THEN 1 ELSE 0 END
        OR bool_or(CASE j.kind
            WHEN 'p' THEN
                (j.user_id, j.counterparty_id, j.item_id, j.quantity, j.received_minor::numeric + COALESCE(j.fee_minor, 0),
                    j.from_universe_id, j.to_universe_id, j.from_rate, j.to_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.seller_id, h.item_id, h.captured_quantity, h.captured_quantity::numeric * h.price_minor,
                    h.from_universe_id, h.to_universe_id, h.from_rate, h.to_rate)
            ELSE
                (j.user_id, j.item_id, j.quantity, j.paid_minor, j.from_universe_id, j.from_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.item_id, h.quantity, h.paid_minor, h.from_universe_id, h.from_rate)
        END)
    UNION ALL
    SELECT 'quote_equals_exchange', format('quote %s', COALESCE(q.id, j.reference_id)), j.received_minor, q.received_minor
    FROM (SELECT * FROM mvm.quote WHERE transaction_id IS NOT NULL) q
    FULL JOIN (
        SELECT * FROM mvm.journal WHERE kind = 'x' AND reference_id IS NOT NULL
    ) j ON j.reference_id = q.id AND j.id = q.transaction_id
    WHERE (j.user_id, j.paid_minor, j.received_minor, COALESCE(j.fee_minor, 0), j.from_universe_id, j.to_universe_id,
            j.from_rate, j.to_rate)
        IS DISTINCT FROM
        (q.user_id, q.paid_minor, q.received_minor, q.fee_minor, q.from_universe_id, q.to_universe_id,
            q.from_rate, q.to_rate)
    UNION ALL
    -- A rate of any time: the snapshot that it was read in may be much older than the row.
    SELECT 'frozen_rate_in_history', format('%s universe %s', r.subject, r.universe_id), NULL, r.exchange_rate
    FROM (
        SELECT format('quote %s', id) AS subject, from_universe_id AS universe_id, from_rate AS exchange_rate FROM mvm.quote
        UNION ALL
        SELECT format('quote %s', id), to_universe_id, to_rate FROM mvm.quote
        UNION ALL
        SELECT format('hold %s', id), from_universe_id, from_rate FROM mvm.hold
        UNION ALL
        SELECT format('hold %s', id), to_universe_id, to_rate FROM mvm.hold
    ) r
    WHERE NOT EXISTS (
        SELECT FROM mvm.exchange_rate_change c
        WHERE c.universe_id = r.universe_id AND c.exchange_rate = r.exchange_rate)
    UNION ALL
    SELECT 'refunds_within_purchase', format('transaction %s', r.reference_id), p.quantity, r.quantity
    FROM (
        SELECT reference_id, sum(quantity) AS quantity, sum(paid_minor) AS paid_minor,
            sum(received_minor) AS received_minor, sum(COALESCE(fee_minor, 0)) AS fee_minor,
            sum(COALESCE(tariff_minor, 0)) AS tariff_minor
        FROM mvm.journal WHERE kind = 'r' GROUP BY reference_id
    ) r
    LEFT JOIN mvm.journal p ON p.id = r.reference_id AND p.kind = 'p'
    WHERE p.id IS NULL OR r.quantity > p.quantity OR r.paid_minor > p.paid_minor
       OR r.received_minor + r.fee_minor > p.received_minor + COALESCE(p.fee_minor, 0)
       OR r.tariff_minor > COALESCE(p.tariff_minor, 0) OR r.fee_minor > COALESCE(p.fee_minor, 0)
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', COALESCE(j.id, l.refund_id)), j.quantity, l.quantity
    FROM (SELECT id, reference_id, quantity FROM mvm.journal WHERE kind = 'r') j
    FULL JOIN mvm.refund l ON l.refund_id = j.id AND l.transaction_id = j.reference_id
    WHERE j.quantity IS DISTINCT FROM l.quantity
    UNION ALL
    SELECT 'rate_equals_history', format('universe %s', COALESCE(u.id, h.universe_id)), h.exchange_rate, u.exchange_rate
    FROM mvm.universe u
    FULL JOIN (
        SELECT DISTINCT ON (universe_id) universe_id, exchange_rate
        FROM mvm.exchange_rate_change ORDER BY universe_id, valid_from DESC, id DESC
    ) h ON h.universe_id = u.id
    WHERE h.exchange_rate IS DISTINCT FROM u.exchange_rate
    UNION ALL
    SELECT 'journal_names_known_rows', format('transaction %s', j.id), NULL, NULL
    FROM mvm.journal j
    WHERE NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.from_universe_id)
       OR NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.to_universe_id)
       OR j.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.user_id)
       OR j.counterparty_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.counterparty_id)
       OR j.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.item i WHERE i.id = j.item_id)
    UNION ALL
    SELECT 'idempotency_key_has_answer', format('user %s key %s', k.user_id, k.key), NULL, k.transaction_id
    FROM mvm.idempotency_key k
    WHERE k.refusal IS NULL AND NOT EXISTS (
        SELECT FROM mvm.journal j
        WHERE j.id = k.transaction_id AND COALESCE(j.user_id, 0) = k.user_id AND j.idempotency_key = k.key)
    UNION ALL
    SELECT 'sequence_is_ahead', 'mvm.' || s.sequence_name, s.highest, s.reached
    FROM mvm.sequence_position s
    WHERE s.reached < s.highest
$$;
COMMENT ON FUNCTION @extschema@.mvm_audit() IS
    'A row per violation, none when the market is clean: wallets and snapshots of their balances against the ledger, zero sums per transaction and currency, stock against its movements, conversions never below the rate, holds, accepted quotes and the house''s accounts against their journal rows and the rates that there were, refunds within their purchases, universes'' rates against their history, references, idempotency keys, sequences. Amounts in minor units';

CREATE OR REPLACE FUNCTION mvm.violations_since_checkpoint()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    -- The planner cannot know how few rows are later, and compiling the query would take longer than running it.
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
    -- One statement, so one snapshot. What the checkpoint did not know are the journal rows above its highest id and
    -- those that have appeared among its pending ones; they are found through the primary key, whatever their number.
    -- Where the planner might prefer to read the whole journal, a subquery keeps it from joining.
    WITH checkpoint AS MATERIALIZED (
        SELECT * FROM mvm.audit_checkpoint LIMIT 1
    ), later AS MATERIALIZED (
        SELECT j.*
        FROM checkpoint c
        CROSS JOIN unnest(c.pending + int8multirange(int8range(c.journal_id + 1, 9223372036854775807))) AS r (ids)
        JOIN mvm.journal j ON j.id >= lower(r.ids) AND j.id < upper(r.ids)
    ), leg AS MATERIALIZED (
        -- as mvm.leg has them
        SELECT j.id AS transaction_id, l.account, l.user_id, l.universe_id, l.amount_minor
        FROM later j
        CROSS JOIN LATERAL (
            SELECT CASE j.kind WHEN 'r' THEN -1 ELSE 1 END AS turned,
                j.from_universe_id <> j.to_universe_id AND j.kind IN ('x', 'p', 'r') AS converted
        ) s
        CROSS JOIN LATERAL (VALUES
            ('wallet', j.kind IN ('w', 'x', 'p', 't', 'r', 'h'), j.user_id, j.from_universe_id, -s.turned * j.paid_minor),
            ('outside', j.kind = 'd', NULL, j.from_universe_id, -j.paid_minor),
            ('wallet', j.kind IN ('d', 'x', 'u'), j.user_id, j.to_universe_id, j.received_minor),
            ('wallet', j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL, j.counterparty_id, j.to_universe_id,
                s.turned * j.received_minor),
            ('treasury', j.kind IN ('p', 'r') AND j.counterparty_id IS NULL, NULL, j.to_universe_id,
                s.turned * j.received_minor),
            ('outside', j.kind IN ('w', 'o', 'f'), NULL, j.to_universe_id, j.received_minor),
            ('treasury', j.kind = 'o', NULL, j.from_universe_id, -j.paid_minor),
            ('fees', j.kind = 'f', NULL, j.from_universe_id, -j.paid_minor),
            ('holds', j.kind = 'h', NULL, j.from_universe_id, j.paid_minor),
            ('holds', j.kind = 'u', NULL, j.from_universe_id, -j.paid_minor),
            ('treasury', j.tariff_minor IS NOT NULL, NULL, j.from_universe_id, s.turned * j.tariff_minor),
            ('fees', j.fee_minor IS NOT NULL, NULL, j.to_universe_id, s.turned * j.fee_minor),
            ('fx', s.converted, NULL, j.from_universe_id, s.turned * (j.paid_minor - COALESCE(j.tariff_minor, 0))),
            ('fx', s.converted, NULL, j.to_universe_id, -s.turned * (j.received_minor + COALESCE(j.fee_minor, 0)))
        ) AS l (account, is_one, user_id, universe_id, amount_minor)
        WHERE l.is_one
    ), snapshot AS MATERIALIZED (
        SELECT s.* FROM checkpoint c
        JOIN mvm.balance_snapshot s ON s.before_id > c.journal_id OR c.pending @> s.before_id
    ), link AS MATERIALIZED (
        -- as mvm.link has them
        SELECT j.id AS journal_id, l.user_id, l.universe_id, l.previous_id
        FROM later j
        CROSS JOIN LATERAL (VALUES
            (j.kind IN ('w', 'x', 'p', 't', 'r', 'h'), j.user_id, j.from_universe_id, j.from_previous_id),
            (j.kind IN ('d', 'x', 'u'), j.user_id, j.to_universe_id, j.to_previous_id),
            (j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL
                AND (j.counterparty_id <> j.user_id OR j.to_universe_id <> j.from_universe_id),
                j.counterparty_id, j.to_universe_id, j.to_previous_id)
        ) AS l (is_one, user_id, universe_id, previous_id)
        WHERE l.is_one
    )
    SELECT 'wallet_equals_ledger'::text,
        format('user %s universe %s', COALESCE(b.user_id, l.user_id), COALESCE(b.universe_id, l.universe_id)),
        COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0),
        COALESCE(b.balance_minor, 0)::numeric
    FROM (
        SELECT COALESCE(w.user_id, a.user_id) AS user_id, COALESCE(w.universe_id, a.universe_id) AS universe_id,
            w.balance_minor, a.balance_minor AS known_minor
        FROM mvm.wallet w
        FULL JOIN mvm.audit_wallet a ON a.user_id = w.user_id AND a.universe_id = w.universe_id
    ) b
    FULL JOIN (
        SELECT user_id, universe_id, sum(amount_minor) AS ledger_minor
        FROM leg WHERE account = 'wallet' GROUP BY user_id, universe_id
    ) l ON l.user_id = b.user_id AND l.universe_id = b.universe_id
    WHERE COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0) <> COALESCE(b.balance_minor, 0)
    UNION ALL
    SELECT 'snapshot_equals_ledger',
        format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id),
        COALESCE(a.balance_minor, 0) + c.ledger_minor, c.balance_minor
    FROM (
        SELECT m.user_id, m.universe_id, m.id, m.balance_minor, COALESCE(sum(m.amount_minor) OVER (
            PARTITION BY m.user_id, m.universe_id ORDER BY m.id, m.is_leg ROWS UNBOUNDED PRECEDING), 0) AS ledger_minor
        FROM (
            SELECT user_id, universe_id, before_id AS id, false AS is_leg, NULL::bigint AS amount_minor, balance_minor
            FROM snapshot
            UNION ALL
            SELECT l.user_id, l.universe_id, l.transaction_id, true, l.amount_minor, NULL
            FROM leg l
            WHERE l.account = 'wallet' AND (l.user_id, l.universe_id) IN (SELECT s.user_id, s.universe_id FROM snapshot s)
        ) m
    ) c
    LEFT JOIN mvm.audit_wallet a ON a.user_id = c.user_id AND a.universe_id = c.universe_id
    WHERE c.balance_minor <> COALESCE(a.balance_minor, 0) + c.ledger_minor
    UNION ALL
    -- As in mvm_audit(), from the rows that the checkpoint knew as the wallets' last ones.
    SELECT c.check_name,
        CASE c.check_name
            WHEN 'journal_is_linked' THEN format('transaction %s user %s universe %s', c.id, c.user_id, c.universe_id)
            WHEN 'snapshot_names_last_row' THEN format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id)
            ELSE format('user %s universe %s', c.user_id, c.universe_id)
        END, GREATEST(c.last_id, a.last_journal_id, 0), c.named_id
    FROM (
        SELECT m.*, max(m.journal_id) OVER (PARTITION BY m.user_id, m.universe_id ORDER BY m.id, m.journal_id NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last_id
        FROM (
            SELECT 'journal_is_linked' AS check_name, l.user_id, l.universe_id, l.journal_id AS id, l.journal_id, l.previous_id AS named_id
            FROM link l
            UNION ALL
            SELECT 'snapshot_names_last_row', s.user_id, s.universe_id, s.before_id, NULL, s.last_journal_id
            FROM snapshot s
            UNION ALL
            SELECT 'wallet_names_last_row', w.user_id, w.universe_id, 9223372036854775807, NULL, w.last_journal_id
            FROM mvm.wallet w
        ) m
    ) c
    LEFT JOIN mvm.audit_wallet a ON a.user_id = c.user_id AND a.universe_id = c.universe_id
    WHERE GREATEST(c.last_id, a.last_journal_id, 0) IS DISTINCT FROM c.named_id
      AND (c.last_id IS NOT NULL OR a.user_id IS NULL OR a.last_journal_id IS NOT NULL)
    UNION ALL
    SELECT 'snapshot_is_of_transaction', format('user %s universe %s before transaction %s', s.user_id, s.universe_id, s.before_id),
        NULL, s.balance_minor
    FROM snapshot s
    LEFT JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = s.before_id OFFSET 0) j ON true
    WHERE j.transaction_time IS DISTINCT FROM s.taken_at
    UNION ALL
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(b.id, m.item_id)),
        COALESCE(b.known_stock, 0) + COALESCE(m.moved, 0), COALESCE(b.stock, 0)
    FROM (
        SELECT COALESCE(i.id, a.item_id) AS id, i.stock, a.stock AS known_stock
        FROM mvm.item i
        FULL JOIN mvm.audit_item a ON a.item_id = i.id
    ) b
    FULL JOIN (
        SELECT item_id, sum(CASE WHEN kind IN ('p', 'h') THEN -quantity ELSE quantity END) AS moved
        FROM later WHERE kind IN ('l', 's', 'p', 'r', 'h', 'u') GROUP BY item_id
    ) m ON m.item_id = b.id
    WHERE COALESCE(b.known_stock, 0) + COALESCE(m.moved, 0) <> COALESCE(b.stock, 0)
    UNION ALL
    SELECT 'conversion_favours_house', format('transaction %s', c.id),
        c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric),
        c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM (
        SELECT id, from_universe_id, to_universe_id, from_rate, to_rate,
            paid_minor - COALESCE(tariff_minor, 0) AS paid_minor,
            received_minor + COALESCE(fee_minor, 0) AS received_minor
        FROM later WHERE kind IN ('x', 'p') AND from_universe_id <> to_universe_id
    ) c
    JOIN mvm.universe f ON f.id = c.from_universe_id
    JOIN mvm.universe t ON t.id = c.to_universe_id
    WHERE c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
        < c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric)
    UNION ALL
    SELECT 'holds_equal_ledger', format('universe %s', COALESCE(b.universe_id, l.universe_id)),
        COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0), COALESCE(b.held_minor, 0)
    FROM (
        SELECT COALESCE(h.universe_id, a.universe_id) AS universe_id, h.held_minor, a.held_minor AS known_minor
        FROM (
            SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
            FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
        ) h
        FULL JOIN mvm.audit_hold a ON a.universe_id = h.universe_id
    ) b
    FULL JOIN (
        SELECT universe_id, sum(amount_minor) AS ledger_minor
        FROM leg WHERE account = 'holds' GROUP BY universe_id
    ) l ON l.universe_id = b.universe_id
    WHERE COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0) <> COALESCE(b.held_minor, 0)
    UNION ALL
    SELECT 'house_account_equals_ledger', format('%s universe %s', b.account, b.universe_id), b.ledger_minor, b.balance_minor
    FROM (
        SELECT COALESCE(k.universe_id, l.universe_id) AS universe_id, c.account,
            COALESCE(c.known_minor, 0) + COALESCE(c.ledger_minor, 0) AS ledger_minor,
            COALESCE(c.balance_minor, 0) AS balance_minor
        FROM (
            SELECT COALESCE(h.universe_id, a.universe_id) AS universe_id, h.treasury_minor, h.fees_minor,
                a.treasury_minor AS known_treasury_minor, a.fees_minor AS known_fees_minor
            FROM (
                SELECT universe_id, sum(treasury_minor) AS treasury_minor, sum(fees_minor) AS fees_minor
                FROM mvm.house_account GROUP BY universe_id
            ) h
            FULL JOIN mvm.audit_house_account a ON a.universe_id = h.universe_id
        ) k
        FULL JOIN (
            SELECT universe_id, sum(amount_minor) FILTER (WHERE account = 'treasury') AS treasury_minor,
                sum(amount_minor) FILTER (WHERE account = 'fees') AS fees_minor
            FROM leg WHERE account IN ('treasury', 'fees') GROUP BY universe_id
        ) l ON l.universe_id = k.universe_id
        CROSS JOIN LATERAL (VALUES
            ('treasury', k.known_treasury_minor, l.treasury_minor, k.treasury_minor),
            ('fees', k.known_fees_minor, l.fees_minor, k.fees_minor)
        ) AS c (account, known_minor, ledger_minor, balance_minor)
    ) b
    WHERE b.ledger_minor <> b.balance_minor
    UNION ALL
    -- All refunds of the purchases that were refunded since.
    SELECT 'refunds_within_purchase', format('transaction %s', d.reference_id), p.quantity, r.quantity
    FROM (SELECT DISTINCT reference_id FROM later WHERE kind = 'r') d
    LEFT JOIN LATERAL (
        SELECT * FROM mvm.journal j WHERE j.id = d.reference_id AND j.kind = 'p' OFFSET 0
    ) p ON true
    CROSS JOIN LATERAL (
        SELECT sum(j.quantity) AS quantity, sum(j.paid_minor) AS paid_minor, sum(j.received_minor) AS received_minor,
            sum(COALESCE(j.fee_minor, 0)) AS fee_minor, sum(COALESCE(j.tariff_minor, 0)) AS tariff_minor
        FROM mvm.refund l
        CROSS JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = l.refund_id AND j.kind = 'r' OFFSET 0) j
        WHERE l.transaction_id = d.reference_id
    ) r
    WHERE p.id IS NULL OR r.quantity > p.quantity OR r.paid_minor > p.paid_minor
       OR r.received_minor + r.fee_minor > p.received_minor + COALESCE(p.fee_minor, 0)
       OR r.tariff_minor > COALESCE(p.tariff_minor, 0) OR r.fee_minor > COALESCE(p.fee_minor, 0)
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', j.id), j.quantity, l.quantity
    FROM later j
    LEFT JOIN LATERAL (
        SELECT * FROM mvm.refund l WHERE l.transaction_id = j.reference_id AND l.refund_id = j.id OFFSET 0
    ) l ON true
    WHERE j.kind = 'r' AND j.quantity IS DISTINCT FROM l.quantity
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', l.refund_id), NULL, l.quantity
    FROM (
        SELECT l.* FROM checkpoint c
        JOIN mvm.refund l ON l.refund_id > c.journal_id OR c.pending @> l.refund_id OFFSET 0
    ) l
    WHERE (SELECT count(*) FROM mvm.journal j
        WHERE j.id = l.refund_id AND j.kind = 'r' AND j.reference_id = l.transaction_id) = 0
    UNION ALL
    -- The holds that were made or ended since. The row that made one may be older.
    SELECT 'hold_equals_journal', format('hold %s', j.reference_id),
        max(j.paid_minor) FILTER (WHERE j.kind <> 'p'), max(h.paid_minor)
    FROM later j
    LEFT JOIN LATERAL (SELECT * FROM mvm.hold h WHERE h.id = j.reference_id OFFSET 0) h ON true
    WHERE j.kind IN ('h', 'u') OR j.kind = 'p' AND j.reference_id IS NOT NULL
    GROUP BY j.reference_id, h.state
    HAVING count(*) FILTER (WHERE j.kind = 'h') > 1
        OR count(*) FILTER (WHERE j.kind = 'u') <> CASE h.state WHEN 'a' THEN 0 ELSE 1 END
        OR count(*) FILTER (WHERE j.kind = 'p') <> CASE h.state WHEN 'c' THEN 1 ELSE 0 END
        OR bool_or(CASE j.kind
            WHEN 'p' THEN
                (j.user_id, j.counterparty_id, j.item_id, j.quantity, j.received_minor::numeric + COALESCE(j.fee_minor, 0),
                    j.from_universe_id, j.to_universe_id, j.from_rate, j.to_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.seller_id, h.item_id, h.captured_quantity, h.captured_quantity::numeric * h.price_minor,
                    h.from_universe_id, h.to_universe_id, h.from_rate, h.to_rate)
            ELSE
                (j.user_id, j.item_id, j.quantity, j.paid_minor, j.from_universe_id, j.from_rate)
                IS DISTINCT FROM
                (h.buyer_id, h.item_id, h.quantity, h.paid_minor, h.from_universe_id, h.from_rate)
        END)
    UNION ALL
    SELECT 'quote_equals_exchange', format('quote %s', j.reference_id), j.received_minor, q.received_minor
    FROM later j
    LEFT JOIN LATERAL (
        SELECT * FROM mvm.quote q WHERE q.id = j.reference_id AND q.transaction_id = j.id OFFSET 0
    ) q ON true
    WHERE j.kind = 'x' AND j.reference_id IS NOT NULL
      AND (j.user_id, j.paid_minor, j.received_minor, COALESCE(j.fee_minor, 0), j.from_universe_id, j.to_universe_id,
            j.from_rate, j.to_rate)
        IS DISTINCT FROM
        (q.user_id, q.paid_minor, q.received_minor, q.fee_minor, q.from_universe_id, q.to_universe_id,
            q.from_rate, q.to_rate)
    UNION ALL
    SELECT 'frozen_rate_in_history', format('%s %s universe %s', d.name, d.id, r.universe_id), NULL, r.exchange_rate
    FROM (
        SELECT DISTINCT CASE kind WHEN 'x' THEN 'quote' ELSE 'hold' END AS name, reference_id AS id
        FROM later WHERE kind IN ('x', 'h', 'u') AND reference_id IS NOT NULL
    ) d
    CROSS JOIN LATERAL (
        SELECT q.from_universe_id, q.to_universe_id, q.from_rate, q.to_rate
        FROM mvm.quote q WHERE d.name = 'quote' AND q.id = d.id
        UNION ALL
        SELECT h.from_universe_id, h.to_universe_id, h.from_rate, h.to_rate
        FROM mvm.hold h WHERE d.name = 'hold' AND h.id = d.id
        OFFSET 0
    ) f
    CROSS JOIN LATERAL (VALUES
        (f.from_universe_id, f.from_rate), (f.to_universe_id, f.to_rate)
    ) AS r (universe_id, exchange_rate)
    WHERE NOT EXISTS (
        SELECT FROM mvm.exchange_rate_change c
        WHERE c.universe_id = r.universe_id AND c.exchange_rate = r.exchange_rate)
    UNION ALL
    SELECT 'rate_equals_history', format('universe %s', COALESCE(u.id, h.universe_id)), h.exchange_rate, u.exchange_rate
    FROM mvm.universe u
    FULL JOIN (
        SELECT DISTINCT ON (universe_id) universe_id, exchange_rate
        FROM mvm.exchange_rate_change ORDER BY universe_id, valid_from DESC, id DESC
    ) h ON h.universe_id = u.id
    WHERE h.exchange_rate IS DISTINCT FROM u.exchange_rate
    UNION ALL
    SELECT 'journal_names_known_rows', format('transaction %s', j.id), NULL, NULL
    FROM later j
    WHERE NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.from_universe_id)
       OR NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.to_universe_id)
       OR j.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.user_id)
       OR j.counterparty_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.counterparty_id)
       OR j.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.item i WHERE i.id = j.item_id)
    UNION ALL
    -- Keys of later rows that answer with something else.
    SELECT 'idempotency_key_has_answer', format('user %s key %s', k.user_id, k.key), NULL, k.transaction_id
    FROM later n
    CROSS JOIN LATERAL (
        SELECT * FROM mvm.idempotency_key k
        WHERE k.user_id = COALESCE(n.user_id, 0) AND k.key = n.idempotency_key OFFSET 0
    ) k
    WHERE n.idempotency_key IS NOT NULL AND k.refusal IS NULL AND k.transaction_id IS DISTINCT FROM n.id
      AND (SELECT count(*) FROM mvm.journal j
        WHERE j.id = k.transaction_id AND COALESCE(j.user_id, 0) = k.user_id AND j.idempotency_key = k.key) = 0
    UNION ALL
    SELECT 'sequence_is_ahead', 'mvm.' || s.sequence_name, s.highest, s.reached
    FROM mvm.sequence_position s
    WHERE s.reached < s.highest
$$;

CREATE FUNCTION mvm.journal_digest(digest_before bytea, known int8multirange, covered int8multirange) RETURNS bytea
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO, YMD' SET jit = off
    AS 'MODULE_PATHNAME', 'mvm_journal_digest';
COMMENT ON FUNCTION mvm.journal_digest(bytea, int8multirange, int8multirange) IS
    'SHA-256 over digest_before and, each as a line of text, the journal rows with ids in covered and not in known, in the order of their ids';

-- Bound to the functions that it calls, not to their names: who owns their schema may rename it and make another.
CREATE OR REPLACE FUNCTION mvm.write_audit_checkpoint(anew boolean)
    RETURNS TABLE (checkpoint_id bigint, violations bigint)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off
BEGIN ATOMIC
    -- One statement: audit, boundary, balances and stocks are of one snapshot. The journal rows that it sees are those up
    -- to the highest id but the gaps in between; a transaction in flight has its rows in a gap or above, whenever it
    -- commits. A gap that was there at the checkpoint before is for good once no transaction of that time is left.
    WITH previous AS MATERIALIZED (
        SELECT c.id, CASE WHEN NOT anew THEN c.journal_id END AS journal_id, c.pending, c.next_transaction_id
        FROM (SELECT) AS one LEFT JOIN mvm.audit_checkpoint c ON true
    ), violation AS MATERIALIZED (
        SELECT count(*) AS count FROM (
            SELECT FROM @extschema@.mvm_audit() WHERE (SELECT journal_id IS NULL FROM previous)
            UNION ALL
            SELECT FROM mvm.violations_since_checkpoint() WHERE (SELECT journal_id IS NOT NULL FROM previous)
        ) v
    ), gap AS (
        SELECT range_agg(int8range(g.before + 1, g.id)) AS ids
        FROM (
            SELECT j.id, lag(j.id, 1, (SELECT COALESCE(journal_id, 0) FROM previous)) OVER (ORDER BY j.id) AS before
            FROM mvm.journal j
            WHERE j.id > (SELECT COALESCE(journal_id, 0) FROM previous) AND j.id <= 9223372036854775807
        ) g
        WHERE g.id > g.before + 1
    ), old_gap AS (
        SELECT p.pending - COALESCE(range_agg(int8range(j.id, j.id, '[]')) FILTER (WHERE j.id IS NOT NULL), '{}') AS ids
        FROM previous p
        LEFT JOIN unnest(p.pending) AS r (ids) ON true
        LEFT JOIN mvm.journal j ON j.id >= lower(r.ids) AND j.id < upper(r.ids)
        WHERE p.journal_id IS NOT NULL AND pg_snapshot_xmin(pg_current_snapshot()) < p.next_transaction_id
        GROUP BY p.pending
    ), written AS (
        INSERT INTO mvm.audit_checkpoint AS c (id, made_at, journal_id, pending, next_transaction_id)
        SELECT COALESCE(p.id, 0) + 1, clock_timestamp(),
            GREATEST(p.journal_id, (SELECT max(j.id) FROM mvm.journal j), 0),
            COALESCE((SELECT ids FROM gap), '{}') + COALESCE((SELECT ids FROM old_gap), '{}'),
            mvm.next_transaction_id()
        FROM previous p, violation v
        WHERE v.count = 0
        ON CONFLICT (only_one) DO UPDATE SET id = EXCLUDED.id, made_at = EXCLUDED.made_at,
            journal_id = EXCLUDED.journal_id, pending = EXCLUDED.pending,
            next_transaction_id = EXCLUDED.next_transaction_id
        RETURNING c.id, int8multirange(int8range(1, c.journal_id + 1)) - c.pending AS covered
    ), digests AS (
        INSERT INTO mvm.audit_digest (checkpoint_id, covered, digest)
        SELECT w.id, w.covered, mvm.journal_digest(COALESCE(d.digest, ''), COALESCE(d.covered, '{}'), w.covered)
        FROM written w
        LEFT JOIN (
            SELECT d.covered, d.digest FROM mvm.audit_digest d ORDER BY d.checkpoint_id DESC LIMIT 1
        ) d ON true
    ), wallets AS (
        INSERT INTO mvm.audit_wallet AS a (user_id, universe_id, balance_minor, last_journal_id)
        SELECT COALESCE(w.user_id, k.user_id), COALESCE(w.universe_id, k.universe_id), COALESCE(w.balance_minor, 0),
            COALESCE(w.last_journal_id, 0)
        FROM mvm.wallet w
        FULL JOIN mvm.audit_wallet k ON k.user_id = w.user_id AND k.universe_id = w.universe_id
        WHERE (SELECT v.count = 0 FROM violation v)
          AND (COALESCE(w.balance_minor, 0), COALESCE(w.last_journal_id, 0))
            IS DISTINCT FROM (k.balance_minor, k.last_journal_id)
        ON CONFLICT (user_id, universe_id) DO UPDATE SET balance_minor = EXCLUDED.balance_minor,
            last_journal_id = EXCLUDED.last_journal_id
    ), items AS (
        INSERT INTO mvm.audit_item AS a (item_id, stock)
        SELECT COALESCE(i.id, k.item_id), COALESCE(i.stock, 0)
        FROM mvm.item i
        FULL JOIN mvm.audit_item k ON k.item_id = i.id
        WHERE (SELECT v.count = 0 FROM violation v) AND COALESCE(i.stock, 0) IS DISTINCT FROM k.stock
        ON CONFLICT (item_id) DO UPDATE SET stock = EXCLUDED.stock
    ), holds AS (
        INSERT INTO mvm.audit_hold AS a (universe_id, held_minor)
        SELECT COALESCE(h.universe_id, k.universe_id), COALESCE(h.held_minor, 0)
        FROM (
            SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
            FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
        ) h
        FULL JOIN mvm.audit_hold k ON k.universe_id = h.universe_id
        WHERE (SELECT v.count = 0 FROM violation v) AND COALESCE(h.held_minor, 0) IS DISTINCT FROM k.held_minor
        ON CONFLICT (universe_id) DO UPDATE SET held_minor = EXCLUDED.held_minor
    ), house_accounts AS (
        INSERT INTO mvm.audit_house_account AS a (universe_id, treasury_minor, fees_minor)
        SELECT COALESCE(h.universe_id, k.universe_id), COALESCE(h.treasury_minor, 0), COALESCE(h.fees_minor, 0)
        FROM (
            SELECT universe_id, sum(treasury_minor) AS treasury_minor, sum(fees_minor) AS fees_minor
            FROM mvm.house_account GROUP BY universe_id
        ) h
        FULL JOIN mvm.audit_house_account k ON k.universe_id = h.universe_id
        WHERE (SELECT v.count = 0 FROM violation v)
          AND (COALESCE(h.treasury_minor, 0), COALESCE(h.fees_minor, 0))
            IS DISTINCT FROM (k.treasury_minor, k.fees_minor)
        ON CONFLICT (universe_id) DO UPDATE SET treasury_minor = EXCLUDED.treasury_minor, fees_minor = EXCLUDED.fees_minor
    )
    SELECT COALESCE((SELECT w.id FROM written w), p.id), v.count
    FROM previous p, violation v;
END;

CREATE FUNCTION @extschema@.mvm_verify(checkpoint_id bigint)
    RETURNS TABLE (id bigint, last_transaction_id bigint, digest bytea, computed bytea)
    LANGUAGE c STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'mvm_verify';
COMMENT ON FUNCTION @extschema@.mvm_verify(bigint) IS
    'Computes the digests of the checkpoints up to checkpoint_id again from the journal''s rows: digest is what each was given when it was made. Where they differ, a row up to there has been changed, removed or added since. MV203';

REVOKE ALL ON FUNCTION
    mvm.journal_digest(bytea, int8multirange, int8multirange),
    @extschema@.mvm_verify(bigint)
FROM PUBLIC;

-- ---------------------------------------------------------------------------
-- The links of the rows that are there
-- ---------------------------------------------------------------------------

DO $$
BEGIN
    IF EXISTS (SELECT FROM mvm.journal) OR EXISTS (SELECT FROM mvm.wallet) THEN
        PERFORM @extschema@.mvm_relink_journal();
    END IF;
END $$;

-- ---------------------------------------------------------------------------
-- Roles get back what they had
-- ---------------------------------------------------------------------------

DO $$
DECLARE
    kept record;
BEGIN
    -- Grants on a function that was made anew: on what has its name now.
    FOR kept IN
        SELECT p.oid::regprocedure AS function, k.is_grantable,
            CASE k.grantee WHEN 0 THEN 'PUBLIC' ELSE k.grantee::regrole::text END AS grantee
        FROM json_to_recordset(current_setting('mvm.kept_grants')::json)
            AS k(function oid, name text, grantee oid, is_grantable boolean)
        JOIN pg_extension e ON e.extname = 'mvm'
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
        JOIN pg_proc p ON p.oid = d.objid AND p.proname = k.name
        WHERE NOT EXISTS (SELECT FROM pg_proc o WHERE o.oid = k.function)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s%s', kept.function, kept.grantee,
            CASE WHEN kept.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;

    -- What is new in a role's set. A view that it has been granted before is its owner's to take away.
    FOR kept IN
        SELECT k.role::regrole::text AS role, s.name, s.is_view, p.oid::regprocedure AS function
        FROM json_to_recordset(current_setting('mvm.kept_sets')::json) AS k(role oid, place integer, has_1_1 boolean)
        JOIN mvm.privilege_sets() s
            ON array_position(ARRAY['reader', 'trader', 'gateway', 'operator'], s.privilege_set) <= k.place
            AND NOT (s.is_view AND (
                s.name IN ('universes', 'users', 'wallets', 'items', 'transactions', 'trades', 'ledger')
                OR k.has_1_1 AND s.name <> 'house_accounts'))
        LEFT JOIN (
            pg_extension e
            JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
                AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
            JOIN pg_proc p ON p.oid = d.objid
        ) ON e.extname = 'mvm' AND p.proname = s.name AND NOT s.is_view
        WHERE s.is_view OR p.oid IS NOT NULL
    LOOP
        IF kept.is_view THEN
            EXECUTE format('GRANT SELECT ON mvm.%I TO %s', kept.name, kept.role);
        ELSE
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', kept.function, kept.role);
        END IF;
    END LOOP;
END $$;
