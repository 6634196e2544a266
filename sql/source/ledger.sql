-- Double entry, derived from the journal, and what the house holds.

CREATE VIEW mvm.leg AS
\include source/ledger/legs.sql journal=mvm.journal
;
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

CREATE VIEW mvm.link AS
\include source/ledger/links.sql journal=mvm.journal
;
COMMENT ON VIEW mvm.link IS
    'Which wallets each journal row moves, and each wallet''s row before it; 0: there is none, null: it is not known';

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
