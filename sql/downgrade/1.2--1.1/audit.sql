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
