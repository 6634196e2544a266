-- The legs of double entry, derived: a branch per kind of leg, so that a query for one user or one transaction reaches the
-- journal through its indexes. A refund has the legs of its purchase with the signs turned.
-- the payer
SELECT j.id AS transaction_id, 'wallet'::text AS account, j.user_id, j.from_universe_id AS universe_id,
    CASE j.kind WHEN 'r' THEN j.paid_minor ELSE -j.paid_minor END AS amount_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('w', 'x', 'p', 't', 'r', 'h')
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM @journal@ j WHERE j.kind = 'd'
UNION ALL
-- the receiver
SELECT j.id, 'wallet', j.user_id, j.to_universe_id, j.received_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('d', 'x', 'u')
UNION ALL
SELECT j.id, 'wallet', j.counterparty_id, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.received_minor ELSE j.received_minor END, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('p', 't', 'r') AND j.counterparty_id IS NOT NULL
UNION ALL
SELECT j.id, 'treasury', NULL::bigint, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.received_minor ELSE j.received_minor END, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('p', 'r') AND j.counterparty_id IS NULL
UNION ALL
SELECT j.id, 'outside', NULL::bigint, j.to_universe_id, j.received_minor, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('w', 'o', 'f')
UNION ALL
-- what the house pays out
SELECT j.id, CASE j.kind WHEN 'o' THEN 'treasury' ELSE 'fees' END, NULL::bigint, j.from_universe_id, -j.paid_minor,
    j.transaction_time
FROM @journal@ j WHERE j.kind IN ('o', 'f')
UNION ALL
-- what is set aside
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, j.paid_minor, j.transaction_time
FROM @journal@ j WHERE j.kind = 'h'
UNION ALL
SELECT j.id, 'holds', NULL::bigint, j.from_universe_id, -j.paid_minor, j.transaction_time
FROM @journal@ j WHERE j.kind = 'u'
UNION ALL
-- what the rules take
SELECT j.id, 'treasury', NULL::bigint, j.from_universe_id,
    CASE j.kind WHEN 'r' THEN -j.tariff_minor ELSE j.tariff_minor END, j.transaction_time
FROM @journal@ j WHERE j.tariff_minor IS NOT NULL
UNION ALL
SELECT j.id, 'fees', NULL::bigint, j.to_universe_id,
    CASE j.kind WHEN 'r' THEN -j.fee_minor ELSE j.fee_minor END, j.transaction_time
FROM @journal@ j WHERE j.fee_minor IS NOT NULL
UNION ALL
-- the house's currency desk, between two currencies
SELECT j.id, 'fx', NULL::bigint, j.from_universe_id,
    (j.paid_minor - COALESCE(j.tariff_minor, 0)) * CASE j.kind WHEN 'r' THEN -1 ELSE 1 END, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('x', 'p', 'r') AND j.from_universe_id <> j.to_universe_id
UNION ALL
SELECT j.id, 'fx', NULL::bigint, j.to_universe_id,
    (j.received_minor + COALESCE(j.fee_minor, 0)) * CASE j.kind WHEN 'r' THEN 1 ELSE -1 END, j.transaction_time
FROM @journal@ j WHERE j.kind IN ('x', 'p', 'r') AND j.from_universe_id <> j.to_universe_id
