    -- What audit/checks.sql reads, of the whole market: everything, and nothing is known before.
    WITH scope AS (
        SELECT true AS whole
    ), entry AS NOT MATERIALIZED (
        SELECT * FROM mvm.journal
    ), leg AS NOT MATERIALIZED (
        SELECT * FROM mvm.leg
    ), link AS NOT MATERIALIZED (
        SELECT * FROM mvm.link
    ), snapshot AS NOT MATERIALIZED (
        SELECT * FROM mvm.balance_snapshot
    ), hold AS NOT MATERIALIZED (
        SELECT * FROM mvm.hold
    ), quote AS NOT MATERIALIZED (
        SELECT * FROM mvm.quote
    ), purchase AS NOT MATERIALIZED (
        SELECT * FROM mvm.journal WHERE kind = 'p'
    ), refund AS NOT MATERIALIZED (
        SELECT * FROM mvm.journal WHERE kind = 'r'
    ), refund_link AS NOT MATERIALIZED (
        SELECT * FROM mvm.refund
    ), answered_key AS NOT MATERIALIZED (
        SELECT * FROM mvm.idempotency_key WHERE refusal IS NULL
    ), answer AS NOT MATERIALIZED (
        SELECT * FROM mvm.journal
    ), known_wallet AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_wallet WHERE false
    ), known_item AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_item WHERE false
    ), known_hold AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_hold WHERE false
    ), known_house_account AS NOT MATERIALIZED (
        SELECT * FROM mvm.audit_house_account WHERE false
    )
