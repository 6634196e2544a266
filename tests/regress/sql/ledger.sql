\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Double entry: the legs of each kind of transaction, and their zero sums.
SELECT id FROM mvm_list_item(1, 'Lamp', 12.50, 3);
DO $$
BEGIN
    PERFORM mvm_deposit(1, 50, 2);
    PERFORM mvm_withdraw(1, 20, 2);
    PERFORM mvm_exchange(1, 0.07, 1, 3);
    PERFORM mvm_buy(1, 1);
    PERFORM mvm_buy(1, 2);
    PERFORM mvm_buy(2, 4);
END $$;
SELECT t.kind, l.account, l.user_id, l.universe_id, l.amount
FROM mvm.ledger l JOIN mvm.transactions t ON t.id = l.transaction_id
WHERE t.id > 7
ORDER BY t.id, l.universe_id, l.amount, l.account;
-- Per transaction and currency the legs sum to zero, and so does the whole.
SELECT transaction_id, universe_id FROM mvm.ledger GROUP BY 1, 2 HAVING sum(amount) <> 0;
SELECT universe_id, sum(amount) FROM mvm.ledger GROUP BY 1 ORDER BY 1;
-- A wallet is the sum of its legs.
SELECT user_id, universe_id, sum(amount) FROM mvm.ledger WHERE account = 'wallet' GROUP BY 1, 2
EXCEPT
SELECT user_id, universe_id, balance FROM mvm.wallets;
-- House accounts are derived and may be below zero.
SELECT account, universe_id, sum(amount) FROM mvm.ledger WHERE account <> 'wallet' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM mvm.ledger WHERE (account = 'wallet') <> (user_id IS NOT NULL);
-- One journal row per business event.
SELECT count(*) FROM mvm.transactions WHERE id > 7;
SELECT * FROM mvm_audit();
