-- mvm 1.1 to 1.0. Stops, and changes nothing, when the market uses what 1.0 does not have. The history of exchange rates and
-- the snapshots of balances, which 1.1 writes by itself, are given up; each journal row keeps the rates it used.

\echo Use "ALTER EXTENSION mvm UPDATE TO '1.0'" to load this file. \quit

-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION.
SET LOCAL search_path = pg_catalog, pg_temp;

-- Waits for who writes, before it looks what the market uses and which grants there are: nothing can come between. In the order
-- in which most calls come to these tables.
LOCK TABLE mvm.user_account, mvm.item, mvm.universe, mvm.route, mvm.hold, mvm.quote, mvm.journal, mvm.rule_change, mvm.price_change
    IN ACCESS EXCLUSIVE MODE;

DO $$
DECLARE
    used text;
BEGIN
    -- A snapshot of before the lock does not have what others have written since.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'the market can be brought to version 1.0 of mvm at READ COMMITTED only'
            USING ERRCODE = 'feature_not_supported', HINT = 'It stays at version 1.1; nothing was changed.';
    END IF;
    SELECT string_agg(feature, ', ') INTO used FROM (
        SELECT 'restocks, transfers or refunds' AS feature
        WHERE EXISTS (SELECT FROM mvm.journal WHERE kind IN ('s', 't', 'r'))
        UNION ALL
        SELECT 'fees or tariffs'
        WHERE EXISTS (SELECT FROM mvm.journal WHERE fee_minor IS NOT NULL OR tariff_minor IS NOT NULL)
        UNION ALL
        SELECT 'trading rules' WHERE EXISTS (SELECT FROM mvm.rule_change) OR EXISTS (SELECT FROM mvm.route)
            OR EXISTS (SELECT FROM mvm.universe WHERE NOT trade_open OR NOT exchange_open
                OR COALESCE(sale_fee_rate, exchange_fee_rate, min_amount_minor, max_amount_minor, max_quantity) IS NOT NULL)
        UNION ALL
        SELECT 'changed prices' WHERE EXISTS (SELECT FROM mvm.price_change)
        UNION ALL
        SELECT 'quotes or holds' WHERE EXISTS (SELECT FROM mvm.quote) OR EXISTS (SELECT FROM mvm.hold)
        UNION ALL
        SELECT 'items off the market' WHERE EXISTS (SELECT FROM mvm.item WHERE NOT listed)
    ) features;
    IF used IS NOT NULL THEN
        RAISE EXCEPTION 'the market uses what version 1.0 of mvm does not have'
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('It has %s.', used),
                HINT = 'It stays at version 1.1; nothing was changed.';
    END IF;
END $$;

-- ---------------------------------------------------------------------------
-- What roles may do with the functions and views that are created anew below
-- ---------------------------------------------------------------------------

SELECT set_config('mvm.kept_grants', COALESCE((
    SELECT json_agg(kept)
    FROM (
        SELECT p.oid AS function, NULL::oid AS view, p.proname AS name, g.grantee, g.privilege_type, g.is_grantable
        FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
        CROSS JOIN aclexplode(p.proacl) g
        WHERE e.extname = 'mvm' AND p.proname LIKE 'mvm\_%' AND g.grantee <> p.proowner
          AND p.oid <> '@extschema@.mvm_audit(bigint)'::regprocedure -- 1.0 has the other of that name
        UNION ALL
        SELECT NULL, c.oid, c.relname, g.grantee, g.privilege_type, g.is_grantable
        FROM pg_class c
        CROSS JOIN aclexplode(c.relacl) g
        WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'v' AND g.grantee <> c.relowner
    ) kept)::text, '[]'), true);

-- ---------------------------------------------------------------------------
-- Functions and views of 1.1
-- ---------------------------------------------------------------------------

DROP TRIGGER universe_first_rate_is_recorded ON mvm.universe;
DROP TRIGGER universe_rate_change_is_recorded ON mvm.universe;
DROP FUNCTION
    @extschema@.mvm_audit(bigint),
    mvm.record_exchange_rate(),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint),
    @extschema@.mvm_restock(bigint, bigint, text),
    @extschema@.mvm_set_price(bigint, numeric),
    @extschema@.mvm_delist_item(bigint),
    @extschema@.mvm_relist_item(bigint),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text),
    @extschema@.mvm_refund(bigint, bigint, text),
    @extschema@.mvm_quote(bigint, numeric, integer, integer, interval),
    @extschema@.mvm_accept_quote(bigint),
    @extschema@.mvm_purge_quotes(interval),
    @extschema@.mvm_reserve(bigint, bigint, bigint, interval, text),
    @extschema@.mvm_capture(bigint, bigint, text),
    @extschema@.mvm_release(bigint),
    @extschema@.mvm_sweep_holds(integer),
    @extschema@.mvm_move_user(bigint, integer),
    @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint),
    @extschema@.mvm_set_route(integer, integer, boolean, numeric),
    @extschema@.mvm_items(bigint, integer, bigint),
    mvm.next_transaction_id(),
    mvm.violations_since_checkpoint(),
    mvm.write_audit_checkpoint(boolean),
    @extschema@.mvm_audit_checkpoint(boolean);

DROP FUNCTION
    @extschema@.mvm_create_universe(text, text, numeric, integer),
    @extschema@.mvm_set_exchange_rate(integer, numeric),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer),
    @extschema@.mvm_deposit(bigint, numeric, integer, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]),
    @extschema@.mvm_trades(bigint, integer, bigint),
    @extschema@.mvm_convert(numeric, integer, integer, timestamptz),
    @extschema@.mvm_balance(bigint, integer, timestamptz);

DROP VIEW mvm.rule_changes, mvm.routes, mvm.prices, mvm.quotes, mvm.holds, mvm.exchange_rates,
    mvm.audit_checkpoints;
DROP VIEW mvm.universes, mvm.items, mvm.transactions, mvm.trades;
ALTER TYPE mvm.exchange_result DROP ATTRIBUTE fee;
COMMENT ON TYPE mvm.exchange_result IS
    'Answer of mvm_exchange(): amount was debited in from_universe_id''s currency, converted_amount credited in to_universe_id''s';

-- ---------------------------------------------------------------------------
-- Views of 1.0
-- ---------------------------------------------------------------------------

CREATE VIEW mvm.universes AS
SELECT
    u.id,
    u.name,
    u.currency_type,
    u.exchange_rate,
    u.currency_scale::integer AS currency_scale,
    u.version
FROM mvm.universe u;
COMMENT ON VIEW mvm.universes IS 'Universes with their currency and exchange rate';

CREATE VIEW mvm.items AS
SELECT
    i.id,
    i.name,
    i.universe_id,
    i.seller_id,
    mvm.amount(i.price_minor, u.currency_scale) AS price,
    i.stock
FROM mvm.item i
JOIN mvm.universe u ON u.id = i.universe_id;
COMMENT ON VIEW mvm.items IS 'Items for sale; price is in the currency of universe_id, seller_id null is its treasury';

CREATE VIEW mvm.transactions AS
SELECT
    j.id,
    CASE j.kind
        WHEN 'd' THEN 'deposit'
        WHEN 'w' THEN 'withdrawal'
        WHEN 'x' THEN 'exchange'
        WHEN 'p' THEN 'purchase'
        WHEN 'l' THEN 'listing'
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
    j.transaction_time
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id;
COMMENT ON VIEW mvm.transactions IS
    'Every journal row: amount is what was paid in from_universe_id''s currency, received_amount what was received in to_universe_id''s; a listing moves stock only';

CREATE VIEW mvm.trades AS
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
    j.idempotency_key
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id
WHERE j.kind = 'p';
COMMENT ON VIEW mvm.trades IS
    'Purchases: amount is what the buyer paid in from_universe_id''s currency, received_amount what the seller got in to_universe_id''s';

CREATE OR REPLACE VIEW mvm.users AS
SELECT
    a.id,
    a.username,
    a.universe_id,
    mvm.amount(COALESCE(w.balance_minor, 0), u.currency_scale) AS balance
FROM mvm.user_account a
JOIN mvm.universe u ON u.id = a.universe_id
LEFT JOIN mvm.wallet w ON w.user_id = a.id AND w.universe_id = a.universe_id;
COMMENT ON VIEW mvm.users IS 'Users; balance is that of the home wallet';

CREATE OR REPLACE VIEW mvm.wallets AS
SELECT
    w.user_id,
    w.universe_id,
    mvm.amount(w.balance_minor, u.currency_scale) AS balance
FROM mvm.wallet w
JOIN mvm.universe u ON u.id = w.universe_id;
COMMENT ON VIEW mvm.wallets IS 'What each user holds in each currency';

-- The legs of double entry, derived: a branch per kind of leg, so that a query
-- for one user or one transaction reaches the journal through its indexes.
CREATE OR REPLACE VIEW mvm.leg AS
-- the payer
SELECT j.id AS transaction_id, 'wallet'::text AS account, j.user_id, j.from_universe_id AS universe_id,
    -j.paid_minor AS amount_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('w', 'x', 'p')
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'd'
UNION ALL
-- the receiver
SELECT j.id, 'wallet', j.user_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('d', 'x')
UNION ALL
SELECT j.id, 'wallet', j.counterparty_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'p' AND j.counterparty_id IS NOT NULL
UNION ALL
SELECT j.id, 'treasury', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'p' AND j.counterparty_id IS NULL
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind = 'w'
UNION ALL
-- the house's currency desk, between two currencies
SELECT j.id, 'fx', NULL::bigint, j.from_universe_id, j.paid_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p') AND j.from_universe_id <> j.to_universe_id
UNION ALL
SELECT j.id, 'fx', NULL::bigint, j.to_universe_id, -j.received_minor, j.transaction_time
FROM mvm.journal j WHERE j.kind IN ('x', 'p') AND j.from_universe_id <> j.to_universe_id;
COMMENT ON VIEW mvm.leg IS
    'Legs of every journal row in minor units; per transaction and currency they sum to zero';
COMMENT ON VIEW mvm.ledger IS
    'Double entry: the legs of every transaction. account is wallet (of user_id) or one of the house accounts fx, treasury, outside of universe_id';

-- ---------------------------------------------------------------------------
-- Storage
-- ---------------------------------------------------------------------------

DROP INDEX mvm.item_seller_id_idx;
ALTER TABLE mvm.item DROP COLUMN listed;
ALTER TABLE mvm.universe
    DROP CONSTRAINT universe_fee_rates_range,
    DROP CONSTRAINT universe_bounds_positive,
    DROP COLUMN trade_open,
    DROP COLUMN exchange_open,
    DROP COLUMN sale_fee_rate,
    DROP COLUMN exchange_fee_rate,
    DROP COLUMN min_amount_minor,
    DROP COLUMN max_amount_minor,
    DROP COLUMN max_quantity,
    DROP COLUMN routed,
    DROP COLUMN first_rate_id;
ALTER TABLE mvm.journal
    DROP CONSTRAINT journal_kind_complete,
    DROP CONSTRAINT journal_money_positive,
    DROP COLUMN fee_minor,
    DROP COLUMN tariff_minor,
    DROP COLUMN reference_id,
    ADD CONSTRAINT journal_kind_complete CHECK (
        CASE kind
            WHEN 'd' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
            WHEN 'w' THEN user_id IS NOT NULL AND from_universe_id = to_universe_id AND paid_minor = received_minor
            WHEN 'x' THEN user_id IS NOT NULL AND from_universe_id <> to_universe_id
            WHEN 'p' THEN user_id IS NOT NULL AND item_id IS NOT NULL AND quantity > 0
                AND (from_universe_id <> to_universe_id OR paid_minor = received_minor)
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
        END IS TRUE),
    ADD CONSTRAINT journal_money_positive CHECK (
        CASE kind
            WHEN 'l' THEN paid_minor IS NULL AND received_minor IS NULL
            ELSE paid_minor > 0 AND received_minor > 0 AND from_rate > 0 AND to_rate > 0
        END IS TRUE);
DROP TABLE mvm.refund, mvm.price_change, mvm.rule_change, mvm.route, mvm.quote, mvm.hold,
    mvm.exchange_rate_change, mvm.balance_snapshot,
    mvm.audit_checkpoint, mvm.audit_wallet, mvm.audit_item, mvm.audit_hold;
COMMENT ON COLUMN mvm.journal.user_id IS 'Who acted: buyer, exchanger, depositor, withdrawer; the seller of a listing (null: treasury)';
COMMENT ON COLUMN mvm.journal.counterparty_id IS 'Seller of a purchase; null: the treasury of to_universe_id';
COMMENT ON COLUMN mvm.journal.quantity IS 'Pieces bought or listed';
COMMENT ON COLUMN mvm.journal.paid_minor IS 'Taken from the payer, minor units of from_universe_id''s currency';
COMMENT ON COLUMN mvm.journal.received_minor IS 'Given to the receiver, minor units of to_universe_id''s currency';
COMMENT ON COLUMN mvm.journal.kind IS 'd deposit, w withdrawal, x exchange, p purchase, l listing';

-- ---------------------------------------------------------------------------
-- Functions of 1.0
-- ---------------------------------------------------------------------------

CREATE FUNCTION @extschema@.mvm_create_universe(
    name text,
    currency_type text,
    exchange_rate numeric,
    currency_scale integer DEFAULT 2
) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_universe';
COMMENT ON FUNCTION @extschema@.mvm_create_universe(text, text, numeric, integer) IS
    'Creates a universe. exchange_rate: units of its currency per reference unit, above 0, at most 18 digits; currency_scale: decimals, 0 to 9. MV203 for a bad argument, MV205 for a name in use';

CREATE FUNCTION @extschema@.mvm_set_exchange_rate(universe_id integer, exchange_rate numeric) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_exchange_rate';
COMMENT ON FUNCTION @extschema@.mvm_set_exchange_rate(integer, numeric) IS
    'Changes a universe''s exchange rate; past transactions keep the rates they used. MV003, MV203';

CREATE FUNCTION @extschema@.mvm_list_item(
    seller_id bigint,
    name text,
    price numeric,
    stock bigint,
    universe_id integer DEFAULT NULL
) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_list_item';
COMMENT ON FUNCTION @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer) IS
    'Puts an item up for sale in universe_id, the seller''s home unless told; seller_id null with a universe: its treasury sells. The stock is journalled. MV001, MV003, MV201, MV202, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_deposit(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_deposit';
COMMENT ON FUNCTION @extschema@.mvm_deposit(bigint, numeric, integer, text) IS
    'Credits a user''s wallet from outside the market, in universe_id''s currency (home unless told). MV001, MV003, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_withdraw(
    user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_withdraw';
COMMENT ON FUNCTION @extschema@.mvm_withdraw(bigint, numeric, integer, text) IS
    'Debits a user''s wallet to outside the market, in universe_id''s currency (home unless told). MV001, MV003, MV101, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_exchange(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_exchange';
COMMENT ON FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text) IS
    'Moves a user''s money from one currency to another at the current rates, rounding the credit down. The same idempotency_key and request returns the first answer. MV001, MV003, MV101, MV103, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_buy(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_buy';
COMMENT ON FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text) IS
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency; stock, both wallets and the journal move together. The same idempotency_key and request returns the first answer. MV001, MV002, MV101, MV102, MV104, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_buy_batch(
    buyer_ids bigint[],
    item_ids bigint[],
    quantities bigint[],
    idempotency_keys text[] DEFAULT NULL
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
    transaction_time timestamptz
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_buy_batch';
COMMENT ON FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[]) IS
    'Many purchases as if they ran one by one in the given order: a row per order with its own outcome, ''ok'' or an error''s code. A refused order changes nothing and stops nothing; a refusal under an idempotency key is remembered. MV203 for arrays that are null, differ in length or hold more than 100000 orders';

CREATE FUNCTION @extschema@.mvm_exchange_batch(
    user_ids bigint[],
    amounts numeric[],
    from_universe_ids integer[],
    to_universe_ids integer[],
    idempotency_keys text[] DEFAULT NULL
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
    transaction_time timestamptz
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_exchange_batch';
COMMENT ON FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[]) IS
    'Many exchanges as if they ran one by one in the given order; otherwise as mvm_buy_batch()';

CREATE FUNCTION @extschema@.mvm_trades(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.trades
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_trades';
COMMENT ON FUNCTION @extschema@.mvm_trades(bigint, integer, bigint) IS
    'Trades of a user as buyer or seller, newest first: at most max_rows with ids below before_id. MV001, MV203';

CREATE FUNCTION @extschema@.mvm_convert(amount numeric, from_universe_id integer, to_universe_id integer)
    RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_convert';
COMMENT ON FUNCTION @extschema@.mvm_convert(numeric, integer, integer) IS
    'What an exchange of amount would credit now: amount * rate of to / rate of from, rounded down. MV003, MV103, MV201, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_balance(user_id bigint, universe_id integer DEFAULT NULL) RETURNS numeric
    LANGUAGE c STABLE
    AS 'MODULE_PATHNAME', 'mvm_balance';
COMMENT ON FUNCTION @extschema@.mvm_balance(bigint, integer) IS
    'Balance of a user''s wallet in universe_id, home unless told; 0 where there is no wallet yet. MV001, MV003, MV203';

CREATE OR REPLACE FUNCTION @extschema@.mvm_audit()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
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
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM mvm.leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(i.id, m.item_id)),
        COALESCE(m.moved, 0), COALESCE(i.stock, 0)
    FROM mvm.item i
    FULL JOIN (
        SELECT item_id, sum(CASE kind WHEN 'l' THEN quantity ELSE -quantity END) AS moved
        FROM mvm.journal WHERE kind IN ('l', 'p') GROUP BY item_id
    ) m ON m.item_id = i.id
    WHERE COALESCE(m.moved, 0) <> COALESCE(i.stock, 0)
    UNION ALL
    -- With rate = units per reference unit: paid / from_rate >= received / to_rate.
    SELECT 'conversion_favours_house', format('transaction %s', j.id),
        j.received_minor * j.from_rate * power(10::numeric, f.currency_scale::numeric),
        j.paid_minor * j.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM mvm.journal j
    JOIN mvm.universe f ON f.id = j.from_universe_id
    JOIN mvm.universe t ON t.id = j.to_universe_id
    WHERE j.from_universe_id <> j.to_universe_id
      AND j.paid_minor * j.to_rate * power(10::numeric, t.currency_scale::numeric)
        < j.received_minor * j.from_rate * power(10::numeric, f.currency_scale::numeric)
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
        WHERE j.id = k.transaction_id AND j.user_id = k.user_id AND j.idempotency_key = k.key)
    UNION ALL
    SELECT 'sequence_is_ahead', s.name, s.highest, s.reached
    FROM (
        SELECT 'mvm.universe_id_seq' AS name, (SELECT max(id) FROM mvm.universe) AS highest,
            (SELECT last_value FROM mvm.universe_id_seq) AS reached
        UNION ALL
        SELECT 'mvm.user_account_id_seq', (SELECT max(id) FROM mvm.user_account),
            (SELECT last_value FROM mvm.user_account_id_seq)
        UNION ALL
        SELECT 'mvm.item_id_seq', (SELECT max(id) FROM mvm.item),
            (SELECT last_value FROM mvm.item_id_seq)
        UNION ALL
        SELECT 'mvm.journal_id_seq', (SELECT max(id) FROM mvm.journal),
            (SELECT last_value FROM mvm.journal_id_seq)
    ) s
    WHERE s.reached < s.highest
$$;
COMMENT ON FUNCTION @extschema@.mvm_audit() IS
    'A row per violation, none when the market is clean: wallets against the ledger, zero sums per transaction and currency, stock against its movements, conversions never below the rate, references, idempotency keys, sequences. Amounts in minor units';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_create_universe(text, text, numeric, integer),
    @extschema@.mvm_set_exchange_rate(integer, numeric),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer),
    @extschema@.mvm_deposit(bigint, numeric, integer, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text),
    @extschema@.mvm_buy(bigint, bigint, bigint, text),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[]),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[]),
    @extschema@.mvm_trades(bigint, integer, bigint),
    @extschema@.mvm_convert(numeric, integer, integer),
    @extschema@.mvm_balance(bigint, integer)
FROM PUBLIC;

-- What was dropped has a successor of the same name, or none.
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT COALESCE('FUNCTION ' || p.oid::regprocedure, 'TABLE ' || c.oid::regclass) AS object,
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS grantee,
            g.privilege_type,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS grant_option
        FROM json_to_recordset(current_setting('mvm.kept_grants')::json)
            AS g(function oid, view oid, name name, grantee oid, privilege_type text, is_grantable boolean)
        LEFT JOIN (
            SELECT f.oid, f.proname
            FROM pg_extension e
            JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
            JOIN pg_proc f ON d.classid = 'pg_proc'::regclass AND f.oid = d.objid
            WHERE e.extname = 'mvm'
        ) p ON g.function IS NOT NULL AND p.proname = g.name
        LEFT JOIN pg_class c ON g.view IS NOT NULL AND c.relnamespace = 'mvm'::regnamespace AND c.relname = g.name
        WHERE NOT EXISTS (SELECT FROM pg_proc f WHERE f.oid = g.function)
          AND NOT EXISTS (SELECT FROM pg_class v WHERE v.oid = g.view)
          AND (p.oid IS NOT NULL OR c.oid IS NOT NULL)
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s%s', kept.privilege_type, kept.object, kept.grantee, kept.grant_option);
    END LOOP;
END $$;
