    SELECT 'wallet_equals_ledger'::text,
        format('user %s universe %s', COALESCE(b.user_id, l.user_id), COALESCE(b.universe_id, l.universe_id)),
        COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0),
        COALESCE(b.balance_minor, 0)::numeric
    FROM (
        SELECT COALESCE(w.user_id, k.user_id) AS user_id, COALESCE(w.universe_id, k.universe_id) AS universe_id,
            w.balance_minor, k.balance_minor AS known_minor
        FROM mvm.wallet w
        FULL JOIN known_wallet k ON k.user_id = w.user_id AND k.universe_id = w.universe_id
    ) b
    FULL JOIN (
        SELECT user_id, universe_id, sum(amount_minor) AS ledger_minor
        FROM leg WHERE account = 'wallet' GROUP BY user_id, universe_id
    ) l ON l.user_id = b.user_id AND l.universe_id = b.universe_id
    WHERE COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0) <> COALESCE(b.balance_minor, 0)
    UNION ALL
    -- The legs of each wallet that has snapshots are counted once, in the order of their ids.
    SELECT 'snapshot_equals_ledger',
        format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id),
        COALESCE(k.balance_minor, 0) + c.ledger_minor, c.balance_minor
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
    LEFT JOIN known_wallet k ON k.user_id = c.user_id AND k.universe_id = c.universe_id
    WHERE c.balance_minor <> COALESCE(k.balance_minor, 0) + c.ledger_minor
    UNION ALL
    -- Each wallet's rows, snapshots and end in the order of ids: each names the last row before it.
    SELECT c.check_name,
        CASE c.check_name
            WHEN 'journal_is_linked' THEN format('transaction %s user %s universe %s', c.id, c.user_id, c.universe_id)
            WHEN 'snapshot_names_last_row' THEN format('user %s universe %s before transaction %s', c.user_id, c.universe_id, c.id)
            ELSE format('user %s universe %s', c.user_id, c.universe_id)
        END, GREATEST(c.last_id, k.last_journal_id, 0), c.named_id
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
    LEFT JOIN known_wallet k ON k.user_id = c.user_id AND k.universe_id = c.universe_id
    WHERE GREATEST(c.last_id, k.last_journal_id, 0) IS DISTINCT FROM c.named_id
      AND (c.last_id IS NOT NULL OR k.user_id IS NULL OR k.last_journal_id IS NOT NULL)
    UNION ALL
    SELECT 'snapshot_is_of_transaction', format('user %s universe %s before transaction %s', s.user_id, s.universe_id, s.before_id),
        NULL, s.balance_minor
    FROM snapshot s
    LEFT JOIN entry j ON j.id = s.before_id
    WHERE j.transaction_time IS DISTINCT FROM s.taken_at
    UNION ALL
    SELECT 'transaction_sums_to_zero', format('transaction %s universe %s', transaction_id, universe_id),
        0, sum(amount_minor)
    FROM leg GROUP BY transaction_id, universe_id HAVING sum(amount_minor) <> 0
    UNION ALL
    SELECT 'stock_equals_movements', format('item %s', COALESCE(b.id, m.item_id)),
        COALESCE(b.known_stock, 0) + COALESCE(m.moved, 0), COALESCE(b.stock, 0)
    FROM (
        SELECT COALESCE(i.id, k.item_id) AS id, i.stock, k.stock AS known_stock
        FROM mvm.item i
        FULL JOIN known_item k ON k.item_id = i.id
    ) b
    FULL JOIN (
        SELECT item_id, sum(CASE WHEN kind IN ('p', 'h') THEN -quantity ELSE quantity END) AS moved
        FROM entry WHERE kind IN ('l', 's', 'p', 'r', 'h', 'u') GROUP BY item_id
    ) m ON m.item_id = b.id
    WHERE COALESCE(b.known_stock, 0) + COALESCE(m.moved, 0) <> COALESCE(b.stock, 0)
    UNION ALL
    -- With rate = units per reference unit: paid / from_rate >= received / to_rate, before tariff and fee.
    SELECT 'conversion_favours_house', format('transaction %s', c.id),
        c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric),
        c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
    FROM (
        SELECT id, from_universe_id, to_universe_id, from_rate, to_rate,
            paid_minor - COALESCE(tariff_minor, 0) AS paid_minor,
            received_minor + COALESCE(fee_minor, 0) AS received_minor
        FROM entry WHERE kind IN ('x', 'p') AND from_universe_id <> to_universe_id
    ) c
    JOIN mvm.universe f ON f.id = c.from_universe_id
    JOIN mvm.universe t ON t.id = c.to_universe_id
    WHERE c.paid_minor * c.to_rate * power(10::numeric, t.currency_scale::numeric)
        < c.received_minor * c.from_rate * power(10::numeric, f.currency_scale::numeric)
    UNION ALL
    SELECT 'holds_equal_ledger', format('universe %s', COALESCE(b.universe_id, l.universe_id)),
        COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0), COALESCE(b.held_minor, 0)
    FROM (
        SELECT COALESCE(h.universe_id, k.universe_id) AS universe_id, h.held_minor, k.held_minor AS known_minor
        FROM (
            SELECT from_universe_id AS universe_id, sum(paid_minor) AS held_minor
            FROM mvm.hold WHERE state = 'a' GROUP BY from_universe_id
        ) h
        FULL JOIN known_hold k ON k.universe_id = h.universe_id
    ) b
    FULL JOIN (
        SELECT universe_id, sum(amount_minor) AS ledger_minor
        FROM leg WHERE account = 'holds' GROUP BY universe_id
    ) l ON l.universe_id = b.universe_id
    WHERE COALESCE(b.known_minor, 0) + COALESCE(l.ledger_minor, 0) <> COALESCE(b.held_minor, 0)
    UNION ALL
    SELECT 'house_account_equals_ledger', format('%s universe %s', b.account, b.universe_id), b.ledger_minor, b.balance_minor
    FROM (
        SELECT COALESCE(b.universe_id, l.universe_id) AS universe_id, c.account,
            COALESCE(c.known_minor, 0) + COALESCE(c.ledger_minor, 0) AS ledger_minor,
            COALESCE(c.balance_minor, 0) AS balance_minor
        FROM (
            SELECT COALESCE(h.universe_id, k.universe_id) AS universe_id, h.treasury_minor, h.fees_minor,
                k.treasury_minor AS known_treasury_minor, k.fees_minor AS known_fees_minor
            FROM (
                SELECT universe_id, sum(treasury_minor) AS treasury_minor, sum(fees_minor) AS fees_minor
                FROM mvm.house_account GROUP BY universe_id
            ) h
            FULL JOIN known_house_account k ON k.universe_id = h.universe_id
        ) b
        FULL JOIN (
            SELECT universe_id, sum(amount_minor) FILTER (WHERE account = 'treasury') AS treasury_minor,
                sum(amount_minor) FILTER (WHERE account = 'fees') AS fees_minor
            FROM leg WHERE account IN ('treasury', 'fees') GROUP BY universe_id
        ) l ON l.universe_id = b.universe_id
        CROSS JOIN LATERAL (VALUES
            ('treasury', b.known_treasury_minor, l.treasury_minor, b.treasury_minor),
            ('fees', b.known_fees_minor, l.fees_minor, b.fees_minor)
        ) AS c (account, known_minor, ledger_minor, balance_minor)
    ) b
    WHERE b.ledger_minor <> b.balance_minor
    UNION ALL
    -- A row made it, another ended it unless it is active, and a purchase at its terms did if it was captured. The row that
    -- made it may be older than the checkpoint.
    SELECT 'hold_equals_journal', format('hold %s', COALESCE(h.id, j.reference_id)),
        max(j.paid_minor) FILTER (WHERE j.kind <> 'p'), max(h.paid_minor)
    FROM hold h
    FULL JOIN (
        SELECT * FROM entry WHERE kind IN ('h', 'u') OR kind = 'p' AND reference_id IS NOT NULL
    ) j ON j.reference_id = h.id
    GROUP BY h.id, h.state, j.reference_id
    HAVING count(*) FILTER (WHERE j.kind = 'h') > 1
        OR count(*) FILTER (WHERE j.kind = 'h') < 1 AND (SELECT whole FROM scope)
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
    -- What accepted a quote may be older than the checkpoint.
    SELECT 'quote_equals_exchange', format('quote %s', COALESCE(q.id, j.reference_id)), j.received_minor, q.received_minor
    FROM (SELECT * FROM quote WHERE transaction_id IS NOT NULL) q
    FULL JOIN (
        SELECT * FROM entry WHERE kind = 'x' AND reference_id IS NOT NULL
    ) j ON j.reference_id = q.id AND j.id = q.transaction_id
    WHERE (j.id IS NOT NULL OR (SELECT whole FROM scope))
      AND (j.user_id, j.paid_minor, j.received_minor, COALESCE(j.fee_minor, 0), j.from_universe_id, j.to_universe_id,
            j.from_rate, j.to_rate)
        IS DISTINCT FROM
        (q.user_id, q.paid_minor, q.received_minor, q.fee_minor, q.from_universe_id, q.to_universe_id,
            q.from_rate, q.to_rate)
    UNION ALL
    -- A rate of any time: the snapshot that it was read in may be much older than the row.
    SELECT 'frozen_rate_in_history', format('%s universe %s', r.subject, r.universe_id), NULL, r.exchange_rate
    FROM (
        SELECT format('quote %s', id) AS subject, from_universe_id AS universe_id, from_rate AS exchange_rate FROM quote
        UNION ALL
        SELECT format('quote %s', id), to_universe_id, to_rate FROM quote
        UNION ALL
        SELECT format('hold %s', id), from_universe_id, from_rate FROM hold
        UNION ALL
        SELECT format('hold %s', id), to_universe_id, to_rate FROM hold
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
        FROM refund GROUP BY reference_id
    ) r
    LEFT JOIN purchase p ON p.id = r.reference_id
    WHERE p.id IS NULL OR r.quantity > p.quantity OR r.paid_minor > p.paid_minor
       OR r.received_minor + r.fee_minor > p.received_minor + COALESCE(p.fee_minor, 0)
       OR r.tariff_minor > COALESCE(p.tariff_minor, 0) OR r.fee_minor > COALESCE(p.fee_minor, 0)
    UNION ALL
    SELECT 'refund_is_linked', format('transaction %s', COALESCE(j.id, l.refund_id)), j.quantity, l.quantity
    FROM (SELECT id, reference_id, quantity FROM entry WHERE kind = 'r') j
    FULL JOIN refund_link l ON l.refund_id = j.id AND l.transaction_id = j.reference_id
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
    FROM entry j
    WHERE NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.from_universe_id)
       OR NOT EXISTS (SELECT FROM mvm.universe u WHERE u.id = j.to_universe_id)
       OR j.user_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.user_id)
       OR j.counterparty_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.user_account a WHERE a.id = j.counterparty_id)
       OR j.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM mvm.item i WHERE i.id = j.item_id)
    UNION ALL
    SELECT 'idempotency_key_has_answer', format('user %s key %s', k.user_id, k.key), NULL, k.transaction_id
    FROM answered_key k
    LEFT JOIN answer j ON j.id = k.transaction_id AND COALESCE(j.user_id, 0) = k.user_id AND j.idempotency_key = k.key
    WHERE j.id IS NULL
    UNION ALL
    SELECT 'sequence_is_ahead', 'mvm.' || s.sequence_name, s.highest, s.reached
    FROM mvm.sequence_position s
    WHERE s.reached < s.highest
