-- The legs of double entry, derived: a branch per kind of leg, so that a query for one user or one transaction reaches the
-- journal through its indexes. Which kinds of row have a leg, and its sign, are domain::journal_kinds'.
-- the payer
SELECT j.id AS transaction_id, 'wallet'::text AS account, j.user_id, j.from_universe_id AS universe_id,
    @paid_by_user_sign@ * j.paid_minor AS amount_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN (@paid_by_user@)
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN (@paid_by_outside@)
UNION ALL
-- the receiver
SELECT j.id, 'wallet', j.user_id, j.to_universe_id, @received_by_user_sign@ * j.received_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN (@received_by_user@)
UNION ALL
SELECT j.id, 'wallet', j.counterparty_id, j.to_universe_id, @received_by_counterparty_sign@ * j.received_minor,
    j.transaction_time
FROM @journal@ j WHERE j.kind IN (@received_by_counterparty@) AND j.counterparty_id IS NOT NULL
UNION ALL
SELECT j.id, 'treasury', NULL::bigint, j.to_universe_id, @received_by_counterparty_sign@ * j.received_minor,
    j.transaction_time
FROM @journal@ j WHERE j.kind IN (@received_by_counterparty@) AND j.counterparty_id IS NULL
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN (@received_by_outside@)
UNION ALL
-- what the house pays out
SELECT j.id, CASE WHEN j.kind IN (@paid_by_treasury@) THEN 'treasury' ELSE 'fees' END, NULL::bigint, j.from_universe_id,
    @paid_by_house_sign@ * j.paid_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN (@paid_by_house@)
UNION ALL
-- what is set aside
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, @held_sign@ * j.paid_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN (@held@)
UNION ALL
-- what the rules take
SELECT j.id, 'treasury', NULL::bigint, j.from_universe_id, @taken_by_house_sign@ * j.tariff_minor, j.transaction_time
FROM @journal@ j WHERE j.tariff_minor IS NOT NULL
UNION ALL
SELECT j.id, 'fees', NULL::bigint, j.to_universe_id, @taken_by_house_sign@ * j.fee_minor, j.transaction_time
FROM @journal@ j WHERE j.fee_minor IS NOT NULL
UNION ALL
-- the house's currency desk, between two currencies
SELECT j.id, 'fx', NULL::bigint, j.from_universe_id,
    @taken_by_house_sign@ * (j.paid_minor - COALESCE(j.tariff_minor, 0)), j.transaction_time
FROM @journal@ j WHERE j.kind IN (@taken_by_house@) AND j.from_universe_id <> j.to_universe_id
UNION ALL
SELECT j.id, 'fx', NULL::bigint, j.to_universe_id,
    @taken_by_house_sign@ * -(j.received_minor + COALESCE(j.fee_minor, 0)), j.transaction_time
FROM @journal@ j WHERE j.kind IN (@taken_by_house@) AND j.from_universe_id <> j.to_universe_id
