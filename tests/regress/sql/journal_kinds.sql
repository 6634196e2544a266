\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- What the library says that each kind of transaction moves is what the ledger says.
SELECT id FROM mvm_list_item(1, 'Lamp', 12.50, 30);
SELECT sale_fee_rate, exchange_fee_rate FROM mvm_set_rules(1, sale_fee_rate => 0.05, exchange_fee_rate => 0.01);
SELECT tariff_rate FROM mvm_set_route(2, 1, tariff_rate => 0.1);
DO $$
BEGIN
    PERFORM mvm_deposit(2, 50);
    PERFORM mvm_withdraw(2, 20);
    PERFORM mvm_exchange(2, 10, 2, 1);
    PERFORM mvm_buy(2, 4, 3);
    PERFORM mvm_buy(2, 1, 3);
    PERFORM mvm_restock(4, 5);
    PERFORM mvm_transfer(2, 3, 7);
    PERFORM mvm_refund(t.id, 1) FROM mvm.trades t;
    PERFORM mvm_release((mvm_reserve(2, 4, 2)).id);
    PERFORM mvm_capture((mvm_reserve(2, 4, 2)).id, 1);
    PERFORM mvm_payout(1, 'treasury', 1);
    PERFORM mvm_payout(1, 'fees', 0.1);
END $$;
SELECT kind, count(*) FROM mvm.transactions GROUP BY 1 ORDER BY 1;
-- Wallets: what statements count, and what is there in the end.
CREATE TEMP TABLE statement AS
SELECT s.kind, s.transaction_id, w.user_id, w.universe_id, s.amount
FROM mvm.wallets w, mvm_statement(w.user_id, w.universe_id, '-infinity', 'infinity') s
WHERE s.transaction_id IS NOT NULL;
CREATE TEMP TABLE ledger AS
SELECT t.kind, l.* FROM mvm.ledger l JOIN mvm.transactions t ON t.id = l.transaction_id;
SELECT kind, count(*) AS legs FROM statement GROUP BY 1 ORDER BY 1;
SELECT kind, transaction_id, user_id, universe_id, amount FROM ledger WHERE account = 'wallet'
EXCEPT ALL
TABLE statement;
TABLE statement
EXCEPT ALL
SELECT kind, transaction_id, user_id, universe_id, amount FROM ledger WHERE account = 'wallet';
SELECT user_id, universe_id, balance FROM mvm.wallets
EXCEPT
SELECT user_id, universe_id, sum(amount) FROM ledger WHERE account = 'wallet' GROUP BY 1, 2;
-- The house's accounts.
SELECT universe_id, account, balance FROM mvm.house_accounts WHERE balance <> 0
EXCEPT
SELECT universe_id, account, sum(amount) FROM ledger GROUP BY 1, 2;
-- SQL has the library's table, and the views, which were made of it, say the same.
SELECT * FROM mvm.journal_kind() ORDER BY name;
SELECT t.id, t.kind, k.name FROM mvm.transactions t
JOIN mvm.journal j ON j.id = t.id LEFT JOIN mvm.journal_kind() k ON k.kind = j.kind
WHERE t.kind IS DISTINCT FROM k.name;
CREATE TEMP TABLE leg AS
SELECT j.id AS transaction_id, l.*
FROM mvm.journal j
JOIN mvm.journal_kind() k ON k.kind = j.kind
CROSS JOIN LATERAL (VALUES
    ('wallet', j.user_id, j.from_universe_id, k.paid_by_user * j.paid_minor),
    ('treasury', NULL, j.from_universe_id, k.paid_by_treasury * j.paid_minor),
    ('fees', NULL, j.from_universe_id, k.paid_by_fees * j.paid_minor),
    ('wallet', j.user_id, j.to_universe_id, k.received_by_user * j.received_minor),
    (CASE WHEN j.counterparty_id IS NULL THEN 'treasury' ELSE 'wallet' END, j.counterparty_id, j.to_universe_id,
        k.received_by_counterparty * j.received_minor),
    ('holds', NULL, j.from_universe_id, k.held * j.paid_minor),
    ('outside', NULL, j.from_universe_id, LEAST(k.outside, 0) * j.paid_minor),
    ('outside', NULL, j.to_universe_id, GREATEST(k.outside, 0) * j.received_minor),
    ('treasury', NULL, j.from_universe_id, k.taken_by_house * j.tariff_minor),
    ('fees', NULL, j.to_universe_id, k.taken_by_house * j.fee_minor),
    ('fx', NULL, j.from_universe_id, CASE WHEN j.from_universe_id <> j.to_universe_id
        THEN k.taken_by_house * (j.paid_minor - COALESCE(j.tariff_minor, 0)) END),
    ('fx', NULL, j.to_universe_id, CASE WHEN j.from_universe_id <> j.to_universe_id
        THEN -k.taken_by_house * (j.received_minor + COALESCE(j.fee_minor, 0)) END)
) AS l (account, user_id, universe_id, amount_minor)
WHERE l.amount_minor <> 0;
SELECT account, count(*) FROM leg GROUP BY 1 ORDER BY 1;
SELECT transaction_id, account, user_id, universe_id, amount_minor FROM mvm.leg WHERE amount_minor <> 0
EXCEPT ALL
TABLE leg;
TABLE leg
EXCEPT ALL
SELECT transaction_id, account, user_id, universe_id, amount_minor FROM mvm.leg;
SELECT i.id, i.stock FROM mvm.item i
EXCEPT
SELECT j.item_id, sum(k.stocked * j.quantity) FROM mvm.journal j JOIN mvm.journal_kind() k ON k.kind = j.kind GROUP BY 1;
-- Stock.
SELECT id, stock FROM mvm.items ORDER BY 1;
SELECT * FROM mvm_audit();
