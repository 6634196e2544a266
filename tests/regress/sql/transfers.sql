\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- By default from the home wallet, into a wallet made for it.
SELECT kind, user_id, counterparty_id, amount, received_amount, from_universe_id, to_universe_id, exchange_rate FROM mvm_transfer(1, 2, 12.339999999999999);
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT from_universe_id FROM mvm_transfer(2, 3, 2.5, 1);
SELECT account, user_id, universe_id, amount FROM mvm.ledger WHERE transaction_id >= (SELECT max(id) FROM mvm.transactions) ORDER BY 4;
-- To the last cent, and one more.
SELECT mvm_balance(1) AS all_of_it \gset
SELECT amount FROM mvm_transfer(1, 3, :all_of_it);
SELECT code, message, detail FROM outcome('SELECT mvm_transfer(1, 3, 0.01)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 3, 0.01, 3)');
-- Keys belong to the sender.
SELECT id AS first FROM mvm_transfer(2, 1, 5, 2, 'gift') \gset
SELECT id = :first AS same FROM mvm_transfer(2, 1, 5.00, NULL, 'gift');
SELECT code, detail FROM outcome($$SELECT mvm_transfer(2, 3, 5, 2, 'gift')$$);
SELECT code, message, detail FROM outcome('SELECT mvm_transfer(1, 1, 1)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(99, 1, 1)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 99, 1)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 2, 1, 99)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 2, 0)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 2, 0.001)');
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, 2, 12.345)');
SELECT code, detail FROM outcome($$SELECT mvm_transfer(1, 2, 'Infinity')$$);
SELECT code, detail FROM outcome('SELECT mvm_transfer(1, NULL, 1)');
-- A transfer is no trade.
SELECT count(*) FROM mvm_trades(2);
-- Moving: home changes, the wallets stay.
SELECT * FROM mvm_move_user(2, 3);
SELECT * FROM mvm_move_user(2, 3);
SELECT user_id, universe_id, balance FROM mvm.wallets WHERE user_id = 2 ORDER BY 2;
SELECT code, message, detail FROM outcome('SELECT mvm_buy(2, 3)');
SELECT amount FROM mvm_deposit(2, 100);
SELECT amount, from_universe_id FROM mvm_buy(2, 3);
SELECT id, universe_id FROM mvm_list_item(2, 'Kite', 1, 1);
SELECT code, detail FROM outcome('SELECT mvm_move_user(99, 1)');
SELECT code, detail FROM outcome('SELECT mvm_move_user(1, 99)');
SELECT code, detail FROM outcome('SELECT mvm_move_user(1, NULL)');
SELECT * FROM mvm_audit();
