-- The market goes on: printed without times, to be compared between databases.
\set ON_ERROR_STOP 0
\set VERBOSITY sqlstate
SET search_path = public;
SELECT last_value AS journal_last FROM mvm.journal_id_seq \gset
SELECT last_value AS users_last FROM mvm.user_account_id_seq \gset
SELECT last_value AS items_last FROM mvm.item_id_seq \gset
SELECT last_value AS universes_last FROM mvm.universe_id_seq \gset

SET ROLE mvm_dump_operator;
SELECT 'universe no gap: ' || (id = :universes_last + 1) FROM mvm_create_universe('After', 'AFT', 3);
SELECT 'user no gap: ' || (id = :users_last + 1) FROM mvm_create_user('after', 2);
SELECT 'item no gap: ' || (id = :items_last + 1) FROM mvm_list_item(NULL, 'After', 1, 5, 1);
SELECT 'journal no gap: ' || (id = :journal_last + 2) FROM mvm_deposit(2, 10);
SET ROLE mvm_dump_trader;
SELECT id, buyer_id, seller_id, item_id, amount, quantity, received_amount FROM mvm_buy(2, 4, 10, 'after');
SELECT transaction_id, amount, converted_amount FROM mvm_exchange(4, 100, 4, 5);
SELECT id, amount FROM mvm_buy(2, 4, 10, 'after');

-- keys from before the dump: buy 5 was by user 1 + 5 % 3 of item 1 + 5 % 3
SELECT 'buy replayed: ' || (id < :journal_last) FROM mvm_buy(3, 3, 1, 'buy 5');
SELECT 'exchange replayed: ' || (transaction_id < :journal_last) FROM mvm_exchange(2, 1.37, 2, 5, 'exchange 7');
SELECT id, amount FROM mvm_buy(3, 3, 1, 'buy 5');
SELECT mvm_buy(3, 3, 2, 'buy 5');
SET ROLE mvm_dump_operator;
SELECT 'withdraw replayed: ' || (id < :journal_last) FROM mvm_withdraw(4, 3, NULL, E'withdraw ''\\10');

-- refusals and privileges
SET ROLE mvm_dump_trader;
SELECT mvm_buy(2, 5);
SELECT mvm_deposit(2, 1);
SET ROLE mvm_dump_reader;
SELECT mvm_balance(2), mvm_convert(100, 1, 2), (SELECT count(*) FROM mvm_trades(2, 1000));
SELECT count(*) FROM mvm.ledger;
SELECT mvm_buy(2, 4);
SELECT * FROM mvm.wallet;
RESET ROLE;
UPDATE mvm.journal SET paid_minor = 1;
DELETE FROM mvm.wallet;
UPDATE mvm.wallet SET balance_minor = -1;
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT id, stock FROM mvm.items ORDER BY id;
SELECT * FROM mvm_audit();
