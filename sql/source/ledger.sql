-- Double entry, derived from the journal, and what the house holds.

-- The legs of double entry, derived: a branch per kind of leg, so that a query
-- for one user or one transaction reaches the journal through its indexes. A
-- refund has the legs of its purchase with the signs turned.
CREATE VIEW mvm.leg AS
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
COMMENT ON VIEW mvm.leg IS
    'Legs of every journal row in minor units; per transaction and currency they sum to zero';

CREATE VIEW mvm.ledger AS
SELECT
    l.transaction_id,
    l.account,
    l.user_id,
    l.universe_id,
    mvm.amount(l.amount_minor, u.currency_scale) AS amount,
    l.transaction_time
FROM mvm.leg l
JOIN mvm.universe u ON u.id = l.universe_id;
COMMENT ON VIEW mvm.ledger IS
    'Double entry: the legs of every transaction. account is wallet (of user_id) or one of the house accounts fx, fees, holds, treasury, outside of universe_id';

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
