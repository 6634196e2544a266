-- mvm 1.2 to 1.1. Stops, and changes nothing, when the market uses what 1.1 does not have. The balances of the house, which 1.2
-- keeps by itself, are given up: the ledger has them.

\echo Use "ALTER EXTENSION mvm UPDATE TO '1.1'" to load this file. \quit

-- Operators, functions and types of this script are those of pg_catalog, whatever stands in the schema of CREATE EXTENSION.
SET LOCAL search_path = pg_catalog, pg_temp;

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

-- The audit of 1.1, which knows neither the balances of the house nor all sequences.
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
            ('outside', j.kind = 'w', NULL, j.to_universe_id, j.received_minor),
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

CREATE OR REPLACE FUNCTION @extschema@.mvm_audit()
    RETURNS TABLE (check_name text, subject text, expected numeric, actual numeric)
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

CREATE OR REPLACE FUNCTION mvm.write_audit_checkpoint(anew boolean)
    RETURNS TABLE (checkpoint_id bigint, violations bigint)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
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
        RETURNING c.id
    ), wallets AS (
        INSERT INTO mvm.audit_wallet AS a (user_id, universe_id, balance_minor)
        SELECT COALESCE(w.user_id, k.user_id), COALESCE(w.universe_id, k.universe_id), COALESCE(w.balance_minor, 0)
        FROM mvm.wallet w
        FULL JOIN mvm.audit_wallet k ON k.user_id = w.user_id AND k.universe_id = w.universe_id
        WHERE (SELECT v.count = 0 FROM violation v) AND COALESCE(w.balance_minor, 0) IS DISTINCT FROM k.balance_minor
        ON CONFLICT (user_id, universe_id) DO UPDATE SET balance_minor = EXCLUDED.balance_minor
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
    )
    SELECT COALESCE((SELECT w.id FROM written w), p.id), v.count
    FROM previous p, violation v
$$;
COMMENT ON FUNCTION @extschema@.mvm_audit() IS
    'A row per violation, none when the market is clean: wallets and snapshots of their balances against the ledger, zero sums per transaction and currency, stock against its movements, conversions never below the rate, holds and accepted quotes against their journal rows and the rates that there were, refunds within their purchases, universes'' rates against their history, references, idempotency keys, sequences. Amounts in minor units';

DROP VIEW mvm.house_accounts, mvm.sequence_position;
DROP VIEW mvm.universes, mvm.users, mvm.items, mvm.transactions, mvm.trades, mvm.rule_changes, mvm.audit_checkpoints;
ALTER TYPE mvm.exchange_result DROP ATTRIBUTE memo;

-- ---------------------------------------------------------------------------
-- Views of 1.1
-- ---------------------------------------------------------------------------

CREATE VIEW mvm.universes AS
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
    u.max_quantity
FROM mvm.universe u;
COMMENT ON VIEW mvm.universes IS 'Universes with their currency, exchange rate and trading rules; a bound that is null does not bind';

CREATE VIEW mvm.users AS
SELECT
    a.id,
    a.username,
    a.universe_id,
    mvm.amount(LEAST(9223372036854775807, COALESCE(w.balance_minor, 0) + COALESCE((
        SELECT sum(h.paid_minor) FROM mvm.hold h
        WHERE h.buyer_id = w.user_id AND h.from_universe_id = w.universe_id
          AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint, u.currency_scale) AS balance
FROM mvm.user_account a
JOIN mvm.universe u ON u.id = a.universe_id
LEFT JOIN mvm.wallet w ON w.user_id = a.id AND w.universe_id = a.universe_id;
COMMENT ON VIEW mvm.users IS 'Users; balance is that of the home wallet';

CREATE VIEW mvm.items AS
SELECT
    i.id,
    i.name,
    i.universe_id,
    i.seller_id,
    mvm.amount(i.price_minor, u.currency_scale) AS price,
    LEAST(9223372036854775807, i.stock + COALESCE((
        SELECT sum(h.quantity) FROM mvm.hold h
        WHERE h.item_id = i.id AND h.state = 'a' AND h.expires_at <= now()), 0))::bigint AS stock,
    i.listed
FROM mvm.item i
JOIN mvm.universe u ON u.id = i.universe_id;
COMMENT ON VIEW mvm.items IS
    'Items; price is in the currency of universe_id, seller_id null is its treasury, listed is false while it is off the market';

CREATE VIEW mvm.transactions AS
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
    j.reference_id
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id;
COMMENT ON VIEW mvm.transactions IS
    'Every journal row: amount is what was paid in from_universe_id''s currency, tariff included, received_amount what was received in to_universe_id''s, fee taken off; a refund gives both back; a listing or restock moves stock only';

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
    j.idempotency_key,
    mvm.amount(j.fee_minor, t.currency_scale) AS fee,
    mvm.amount(j.tariff_minor, f.currency_scale) AS tariff
FROM mvm.journal j
JOIN mvm.universe f ON f.id = j.from_universe_id
JOIN mvm.universe t ON t.id = j.to_universe_id
WHERE j.kind = 'p';
COMMENT ON VIEW mvm.trades IS
    'Purchases: amount is what the buyer paid in from_universe_id''s currency, tariff included, received_amount what the seller got in to_universe_id''s, fee taken off';

CREATE VIEW mvm.rule_changes AS
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
    CASE WHEN c.to_universe_id IS NOT NULL THEN COALESCE(c.tariff_rate, 0) END AS tariff_rate
FROM mvm.rule_change c
JOIN mvm.universe u ON u.id = c.universe_id;
COMMENT ON VIEW mvm.rule_changes IS
    'The rules of a universe, or of its route to to_universe_id, as each change left them, and who made it';

CREATE VIEW mvm.audit_checkpoints AS
SELECT c.id, c.made_at, c.journal_id AS last_transaction_id FROM mvm.audit_checkpoint c;
COMMENT ON VIEW mvm.audit_checkpoints IS 'The latest checkpoint of the audit, if there is one';

-- Without payouts.
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
FROM mvm.journal j WHERE j.kind = 'w'
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

-- ---------------------------------------------------------------------------
-- Storage
-- ---------------------------------------------------------------------------

DROP INDEX mvm.hold_open_idx, mvm.quote_open_idx, mvm.hold_expires_at_idx, mvm.hold_item_id_idx, mvm.hold_buyer_id_idx;
CREATE INDEX hold_expires_at_idx ON mvm.hold (expires_at) WHERE state = 'a';
CREATE INDEX hold_item_id_idx ON mvm.hold (item_id) WHERE state = 'a';
CREATE INDEX hold_buyer_id_idx ON mvm.hold (buyer_id) WHERE state = 'a';
COMMENT ON TABLE mvm.hold IS
    'Stock and money set aside for a purchase. An active one past expires_at counts as released for everyone who looks, and is released by whoever needs what it set aside, or by mvm_sweep_holds()';
ALTER TABLE mvm.universe
    DROP CONSTRAINT universe_option_ttls,
    DROP CONSTRAINT universe_open_options,
    DROP COLUMN max_hold_ttl,
    DROP COLUMN max_quote_ttl,
    DROP COLUMN max_open_holds,
    DROP COLUMN max_open_quotes;
ALTER TABLE mvm.rule_change
    DROP COLUMN max_hold_ttl,
    DROP COLUMN max_quote_ttl,
    DROP COLUMN max_open_holds,
    DROP COLUMN max_open_quotes;
ALTER TABLE mvm.user_account DROP COLUMN external_id, DROP COLUMN metadata;
ALTER TABLE mvm.item DROP COLUMN external_id, DROP COLUMN metadata;
ALTER TABLE mvm.journal
    DROP COLUMN memo,
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
            WHEN 'l' THEN item_id IS NOT NULL AND quantity >= 0
            WHEN 's' THEN item_id IS NOT NULL AND quantity > 0
        END IS TRUE);
COMMENT ON COLUMN mvm.journal.kind IS
    'd deposit, w withdrawal, x exchange, p purchase, l listing, s restock, t transfer, r refund, h hold, u release of a hold';
COMMENT ON COLUMN mvm.journal.user_id IS
    'Who acted: buyer, exchanger, depositor, withdrawer, sender; the seller of a listing or restock (null: treasury); of a refund the buyer, who gets the money back';
DROP TABLE mvm.house_account, mvm.audit_house_account;

-- The journal's links, which not every 1.2 has, and the indexes that 1.1 has instead.
DROP VIEW IF EXISTS mvm.link;
DROP FUNCTION IF EXISTS mvm.journal_digest(bytea, int8multirange, int8multirange);
DROP TABLE IF EXISTS mvm.audit_digest;
ALTER TABLE mvm.audit_wallet DROP COLUMN IF EXISTS last_journal_id;
ALTER TABLE mvm.journal DROP COLUMN IF EXISTS from_previous_id, DROP COLUMN IF EXISTS to_previous_id;
ALTER TABLE mvm.wallet DROP COLUMN IF EXISTS last_journal_id;
ALTER TABLE mvm.balance_snapshot DROP COLUMN IF EXISTS last_journal_id;
DROP INDEX IF EXISTS mvm.journal_stocking_idx;
CREATE INDEX IF NOT EXISTS journal_user_id_idx ON mvm.journal (user_id, id);
CREATE INDEX IF NOT EXISTS journal_counterparty_id_idx ON mvm.journal (counterparty_id, id) WHERE counterparty_id IS NOT NULL;

-- ---------------------------------------------------------------------------
-- Functions of 1.1
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

CREATE FUNCTION @extschema@.mvm_set_rules(
    universe_id integer,
    trade_open boolean DEFAULT NULL,
    exchange_open boolean DEFAULT NULL,
    sale_fee_rate numeric DEFAULT NULL,
    exchange_fee_rate numeric DEFAULT NULL,
    min_amount numeric DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    max_quantity bigint DEFAULT NULL
) RETURNS mvm.universes
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_rules';
COMMENT ON FUNCTION @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint) IS
    'Changes a universe''s trading rules; what is null stays. Fee rates are 0 or above and below 1; min_amount 0, max_amount ''Infinity'' and max_quantity 9223372036854775807 take a bound away. Noted in mvm.rule_changes. MV003, MV201, MV202, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_create_user(username text, universe_id integer, balance numeric DEFAULT 0)
    RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_create_user';
COMMENT ON FUNCTION @extschema@.mvm_create_user(text, integer, numeric) IS
    'Creates a user at home in universe_id; an opening balance is journalled as a deposit. MV003, MV201, MV203, MV204, MV205';

CREATE FUNCTION @extschema@.mvm_move_user(user_id bigint, universe_id integer) RETURNS mvm.users
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_move_user';
COMMENT ON FUNCTION @extschema@.mvm_move_user(bigint, integer) IS
    'Gives a user another home: purchases are then paid from the wallet in its currency. The other wallets stay theirs. MV001, MV003, MV203';

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

CREATE FUNCTION @extschema@.mvm_set_price(item_id bigint, price numeric) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_set_price';
COMMENT ON FUNCTION @extschema@.mvm_set_price(bigint, numeric) IS
    'Changes an item''s price, in its universe''s currency, and notes it in mvm.prices. A purchase pays the price at the moment it locks the item. MV002, MV201, MV203, MV204';

CREATE FUNCTION @extschema@.mvm_delist_item(item_id bigint) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_delist_item';
COMMENT ON FUNCTION @extschema@.mvm_delist_item(bigint) IS
    'Takes an item off the market: nobody can buy it until mvm_relist_item(). MV002, MV203';

CREATE FUNCTION @extschema@.mvm_relist_item(item_id bigint) RETURNS mvm.items
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_relist_item';
COMMENT ON FUNCTION @extschema@.mvm_relist_item(bigint) IS 'Puts an item back on the market. MV002, MV203';

CREATE FUNCTION @extschema@.mvm_items(seller_id bigint, max_rows integer DEFAULT 100, after_id bigint DEFAULT 0)
    RETURNS SETOF mvm.items
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.* FROM mvm.items i
    WHERE i.seller_id = $1 AND i.id > $3
    ORDER BY i.id LIMIT GREATEST($2, 0)
$$;
COMMENT ON FUNCTION @extschema@.mvm_items(bigint, integer, bigint) IS
    'A seller''s own items, on the market or off it, by id: at most max_rows with ids above after_id';

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

CREATE FUNCTION @extschema@.mvm_transfer(
    from_user_id bigint,
    to_user_id bigint,
    amount numeric,
    universe_id integer DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_transfer';
COMMENT ON FUNCTION @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text) IS
    'Moves money from one user to another in universe_id''s currency (the sender''s home unless told). MV001, MV003, MV101, MV201, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_refund(
    transaction_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_refund';
COMMENT ON FUNCTION @extschema@.mvm_refund(bigint, bigint, text) IS
    'Undoes quantity pieces of a purchase, all that are left unless told, at its own amounts: the buyer gets back what was paid, the seller gives back what was received, fee and tariff go back pro rata, the stock returns. A key belongs to the buyer. MV004, MV101, MV107, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_restock(item_id bigint, quantity bigint, idempotency_key text DEFAULT NULL)
    RETURNS mvm.transactions
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_restock';
COMMENT ON FUNCTION @extschema@.mvm_restock(bigint, bigint, text) IS
    'Adds pieces to an item''s stock, journalled. A key belongs to the seller. MV002, MV202, MV203, MV204, MV401';

CREATE FUNCTION @extschema@.mvm_exchange(
    user_id bigint,
    amount numeric,
    from_universe_id integer,
    to_universe_id integer,
    idempotency_key text DEFAULT NULL,
    min_converted numeric DEFAULT NULL
) RETURNS mvm.exchange_result
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_exchange';
COMMENT ON FUNCTION @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric) IS
    'Moves a user''s money from one currency to another at the current rates, rounding the credit down and taking the exchange fee off it; refused when it would credit less than min_converted. The same idempotency_key and request returns the first answer. MV001, MV003, MV101, MV103, MV106, MV201, MV203, MV204, MV301, MV401';

CREATE FUNCTION @extschema@.mvm_exchange_batch(
    user_ids bigint[],
    amounts numeric[],
    from_universe_ids integer[],
    to_universe_ids integer[],
    idempotency_keys text[] DEFAULT NULL,
    min_converted numeric[] DEFAULT NULL
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
    fee numeric
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_exchange_batch';
COMMENT ON FUNCTION @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]) IS
    'Many exchanges as if they ran one by one in the given order; otherwise as mvm_buy_batch()';

CREATE FUNCTION @extschema@.mvm_buy(
    buyer_id bigint,
    item_id bigint,
    quantity bigint DEFAULT 1,
    idempotency_key text DEFAULT NULL,
    max_amount numeric DEFAULT NULL,
    pay_from integer[] DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_buy';
COMMENT ON FUNCTION @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]) IS
    'Buys quantity pieces of an item from the buyer''s home wallet, converting (rounded up) when it is priced in another currency, with tariff on top and the sale fee from the seller''s proceeds; refused when it would cost more than max_amount. pay_from names the universes of the wallets to pay from instead: what is in the first is exchanged into the currency of the next, until one can pay the rest; max_amount then is in the last one''s currency. Stock, wallets and the journal move together. The same idempotency_key and request returns the first answer. MV001, MV002, MV101, MV102, MV104, MV105, MV106, MV201, MV202, MV203, MV204, MV301, MV401';

CREATE FUNCTION @extschema@.mvm_buy_batch(
    buyer_ids bigint[],
    item_ids bigint[],
    quantities bigint[],
    idempotency_keys text[] DEFAULT NULL,
    max_amounts numeric[] DEFAULT NULL
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
    tariff numeric
)
    LANGUAGE c VOLATILE ROWS 1000
    AS 'MODULE_PATHNAME', 'mvm_buy_batch';
COMMENT ON FUNCTION @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]) IS
    'Many purchases as if they ran one by one in the given order: a row per order with its own outcome, ''ok'' or an error''s code. A refused order changes nothing and stops nothing; a refusal under an idempotency key is remembered. MV203 for arrays that are null, differ in length or hold more than 100000 orders';

CREATE FUNCTION @extschema@.mvm_trades(user_id bigint, max_rows integer DEFAULT 100, before_id bigint DEFAULT NULL)
    RETURNS SETOF mvm.trades
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_trades';
COMMENT ON FUNCTION @extschema@.mvm_trades(bigint, integer, bigint) IS
    'Trades of a user as buyer or seller, newest first: at most max_rows with ids below before_id. MV001, MV203';

CREATE FUNCTION @extschema@.mvm_capture(
    hold_id bigint,
    quantity bigint DEFAULT NULL,
    idempotency_key text DEFAULT NULL
) RETURNS mvm.trades
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'mvm_capture';
COMMENT ON FUNCTION @extschema@.mvm_capture(bigint, bigint, text) IS
    'Buys quantity of a hold''s pieces, all unless told, at its frozen terms, and releases the rest. A key belongs to the buyer. MV006, MV109, MV202, MV203, MV204, MV401';

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
    transaction_time timestamptz
)
    LANGUAGE c STABLE ROWS 100
    AS 'MODULE_PATHNAME', 'mvm_statement';
COMMENT ON FUNCTION @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint) IS
    'What moved a user''s wallet from from_time until before to_time, oldest first, and the balance after each movement: at most max_rows (1 to 100000) lines with ids above after_id. The first page (after_id null) begins with a line ''opening'', the last ends with a line ''closing''. amount is below zero for what was taken. MV001, MV003, MV203';

REVOKE ALL ON FUNCTION
    @extschema@.mvm_create_universe(text, text, numeric, integer),
    @extschema@.mvm_set_exchange_rate(integer, numeric),
    @extschema@.mvm_set_rules(integer, boolean, boolean, numeric, numeric, numeric, numeric, bigint),
    @extschema@.mvm_create_user(text, integer, numeric),
    @extschema@.mvm_move_user(bigint, integer),
    @extschema@.mvm_list_item(bigint, text, numeric, bigint, integer),
    @extschema@.mvm_set_price(bigint, numeric),
    @extschema@.mvm_delist_item(bigint),
    @extschema@.mvm_relist_item(bigint),
    @extschema@.mvm_items(bigint, integer, bigint),
    @extschema@.mvm_deposit(bigint, numeric, integer, text),
    @extschema@.mvm_withdraw(bigint, numeric, integer, text),
    @extschema@.mvm_transfer(bigint, bigint, numeric, integer, text),
    @extschema@.mvm_refund(bigint, bigint, text),
    @extschema@.mvm_restock(bigint, bigint, text),
    @extschema@.mvm_exchange(bigint, numeric, integer, integer, text, numeric),
    @extschema@.mvm_exchange_batch(bigint[], numeric[], integer[], integer[], text[], numeric[]),
    @extschema@.mvm_buy(bigint, bigint, bigint, text, numeric, integer[]),
    @extschema@.mvm_buy_batch(bigint[], bigint[], bigint[], text[], numeric[]),
    @extschema@.mvm_trades(bigint, integer, bigint),
    @extschema@.mvm_capture(bigint, bigint, text),
    @extschema@.mvm_statement(bigint, integer, timestamptz, timestamptz, integer, bigint)
FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.mvm_grant(name, text) IS
    'Grants a role the set ''reader'' (views and reading functions), ''trader'' (reader, mvm_buy, mvm_exchange and their batches) or ''operator'' (trader, and everything else but this function). MV203 for an unknown role or set';
COMMENT ON FUNCTION @extschema@.mvm_quote(bigint, numeric, integer, integer, interval) IS
    'Freezes what an exchange would credit now, for one user and amount, until ttl is over. MV001, MV003, MV103, MV201, MV203, MV204, MV301';
COMMENT ON FUNCTION @extschema@.mvm_reserve(bigint, bigint, bigint, interval, text) IS
    'Sets stock and the buyer''s money aside for a purchase at the present price, rates, fee and tariff, until ttl is over. MV001, MV002, MV101, MV102, MV104, MV105, MV202, MV203, MV204, MV301, MV401';
COMMENT ON FUNCTION @extschema@.mvm_set_route(integer, integer, boolean, numeric) IS
    'Sets the rules between two universes, for buyers and money of from_universe_id and items and currency of to_universe_id: whether it is allowed, and the import tariff on purchases, 0 or above and below 100. Noted in mvm.rule_changes. MV003, MV203';
COMMENT ON FUNCTION @extschema@.mvm_sweep_holds(integer) IS
    'Releases holds past their time, at most max_rows, and returns how many it did. They count as released anyway; this writes it down. MV203';

DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT COALESCE('FUNCTION ' || p.oid::regprocedure, 'TABLE ' || c.oid::regclass) AS object,
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS grantee,
            g.privilege_type || COALESCE(' (' || quote_ident(g.column_name) || ')', '') AS privilege,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS grant_option
        FROM json_to_recordset(current_setting('mvm.kept_grants')::json)
            AS g(function oid, view oid, name name, column_name name, grantee oid, privilege_type text, is_grantable boolean)
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
          AND (g.column_name IS NULL OR EXISTS (
              SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = g.column_name))
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s%s', kept.privilege, kept.object, kept.grantee, kept.grant_option);
    END LOOP;
END $$;
