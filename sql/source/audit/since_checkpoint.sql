    -- What audit/checks.sql reads, of what the checkpoint did not know: the journal rows above its highest id and those that
    -- have appeared among its pending ones, which are found through the primary key, whatever their number, and what they
    -- name. Where the planner might prefer to read a whole table, a subquery keeps it from joining.
    WITH scope AS (
        SELECT false AS whole
    ), checkpoint AS MATERIALIZED (
        SELECT * FROM mvm.audit_checkpoint LIMIT 1
    ), entry AS MATERIALIZED (
        SELECT j.*
        FROM checkpoint c
        CROSS JOIN unnest(c.pending + int8multirange(int8range(c.journal_id + 1, 9223372036854775807))) AS r (ids)
        JOIN mvm.journal j ON j.id >= lower(r.ids) AND j.id < upper(r.ids)
    ), leg AS MATERIALIZED (
\include source/ledger/legs.sql journal=entry
    ), link AS MATERIALIZED (
\include source/ledger/links.sql journal=entry
    ), snapshot AS MATERIALIZED (
        SELECT s.* FROM checkpoint c
        JOIN mvm.balance_snapshot s ON s.before_id > c.journal_id OR c.pending @> s.before_id
    ), hold AS MATERIALIZED (
        -- Those that were made or ended since.
        SELECT h.*
        FROM (
            SELECT DISTINCT reference_id FROM entry WHERE kind IN ('h', 'u', 'p') AND reference_id IS NOT NULL
        ) d
        CROSS JOIN LATERAL (SELECT * FROM mvm.hold h WHERE h.id = d.reference_id OFFSET 0) h
    ), quote AS MATERIALIZED (
        SELECT q.*
        FROM (SELECT DISTINCT reference_id FROM entry WHERE kind = 'x' AND reference_id IS NOT NULL) d
        CROSS JOIN LATERAL (SELECT * FROM mvm.quote q WHERE q.id = d.reference_id OFFSET 0) q
    ), refunded AS MATERIALIZED (
        SELECT DISTINCT reference_id FROM entry WHERE kind = 'r'
    ), purchase AS MATERIALIZED (
        SELECT j.*
        FROM refunded d
        CROSS JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = d.reference_id AND j.kind = 'p' OFFSET 0) j
    ), refund AS MATERIALIZED (
        -- All refunds of the purchases that were refunded since.
        SELECT * FROM entry WHERE kind = 'r'
        UNION
        SELECT j.*
        FROM refunded d
        CROSS JOIN LATERAL (SELECT * FROM mvm.refund l WHERE l.transaction_id = d.reference_id OFFSET 0) l
        CROSS JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = l.refund_id AND j.kind = 'r' OFFSET 0) j
        WHERE j.reference_id = d.reference_id
    ), refund_link AS MATERIALIZED (
        SELECT l.* FROM checkpoint c
        JOIN mvm.refund l ON l.refund_id > c.journal_id OR c.pending @> l.refund_id
    ), answered_key AS MATERIALIZED (
        -- Keys of later rows that answer with something else.
        SELECT k.*
        FROM entry n
        CROSS JOIN LATERAL (
            SELECT * FROM mvm.idempotency_key k
            WHERE k.user_id = COALESCE(n.user_id, 0) AND k.key = n.idempotency_key OFFSET 0
        ) k
        WHERE n.idempotency_key IS NOT NULL AND k.refusal IS NULL AND k.transaction_id IS DISTINCT FROM n.id
    ), answer AS MATERIALIZED (
        SELECT j.*
        FROM answered_key k
        CROSS JOIN LATERAL (SELECT * FROM mvm.journal j WHERE j.id = k.transaction_id OFFSET 0) j
    ), known_wallet AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_wallet
    ), known_item AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_item
    ), known_hold AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_hold
    ), known_house_account AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_house_account
    )
