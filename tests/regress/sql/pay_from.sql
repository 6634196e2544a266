\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- What is there from the first wallet, the rest from the next.
SELECT id FROM mvm_list_item(2, 'Rover', 100, 50, 2);
SELECT amount FROM mvm_deposit(1, 10, 2);
SELECT amount, from_universe_id, to_universe_id, received_amount, exchange_rate FROM mvm_buy(1, 4, pay_from => ARRAY[2, 1]);
SELECT kind, amount, received_amount, from_universe_id, to_universe_id FROM mvm.transactions ORDER BY id DESC LIMIT 2;
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;
-- The first alone, when it can.
SELECT amount FROM mvm_deposit(1, 1000, 2);
SELECT amount, from_universe_id FROM mvm_buy(1, 4, pay_from => ARRAY[2, 1]);
SELECT kind FROM mvm.transactions ORDER BY id DESC LIMIT 2;
-- Three, one of which was never used and one of which is worth nothing.
SELECT id FROM mvm_create_universe('Dear', 'DEA', 0.001, 0);
SELECT amount FROM mvm_withdraw(1, mvm_balance(1, 2) - 0.01, 2);
SELECT amount, from_universe_id FROM mvm_buy(1, 4, 2, pay_from => ARRAY[2, 3, 4, 1]);
SELECT kind, amount, from_universe_id, to_universe_id FROM mvm.transactions ORDER BY id DESC LIMIT 2;
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;
-- All or nothing: what is missing is reported in the last currency.
SELECT mvm_balance(1, 1), mvm_balance(1, 2);
SELECT code, message, detail FROM outcome('SELECT mvm_buy(1, 4, 40, pay_from => ARRAY[1, 2])');
SELECT mvm_balance(1, 1), mvm_balance(1, 2), (SELECT stock FROM mvm.items WHERE id = 4);
SELECT count(*) FROM mvm.wallets WHERE user_id = 1;
-- A treasury sells, too; home need not be among them.
SELECT amount FROM mvm_deposit(3, 20, 1);
SELECT amount, from_universe_id, to_universe_id FROM mvm_buy(3, 1, 3, pay_from => ARRAY[1]);
-- Fees, tariffs and rules of each exchange and of the purchase.
SELECT exchange_fee_rate, sale_fee_rate FROM mvm_set_rules(2, exchange_fee_rate => 0.1, sale_fee_rate => 0.05);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.5);
SELECT amount FROM mvm_deposit(1, 60, 2);
SELECT amount, from_universe_id, received_amount, fee, tariff FROM mvm_buy(1, 4, pay_from => ARRAY[1, 2]);
SELECT kind, amount, received_amount, fee, from_universe_id, to_universe_id FROM mvm.transactions ORDER BY id DESC LIMIT 2;
SELECT amount FROM mvm_deposit(1, 10, 3);
SELECT allowed FROM mvm_set_route(3, 1, false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[3, 1])');
SELECT allowed FROM mvm_set_route(3, 1);
SELECT exchange_open FROM mvm_set_rules(3, exchange_open => false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[3, 1])');
SELECT exchange_open FROM mvm_set_rules(3, exchange_open => true);
-- Limits: what it costs in the last one's currency.
SELECT amount FROM mvm_deposit(1, 500);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[2, 1], max_amount => 59.99)');
SELECT amount, from_universe_id FROM mvm_buy(1, 4, pay_from => ARRAY[2, 1], max_amount => 60);
-- Keys.
SELECT id AS first FROM mvm_buy(1, 4, 1, 'several', pay_from => ARRAY[2, 1]) \gset
SELECT id = :first AS same FROM mvm_buy(1, 4, 1, 'several', pay_from => ARRAY[2, 1]);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 4, 1, 'several', pay_from => ARRAY[1, 2])$$);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 4, 1, 'several')$$);
-- Money and stock in holds past their time count.
SELECT amount FROM mvm_withdraw(1, mvm_balance(1, 1) - 60, 1);
SELECT amount FROM mvm_reserve(1, 1, 12, '1 ms');
SELECT pg_sleep(0.01);
SELECT amount, from_universe_id FROM mvm_buy(1, 4, pay_from => ARRAY[3, 1]);
SELECT count(mvm_deposit(1, 100)), count(mvm_deposit(3, 300, 1));
SELECT id FROM mvm_list_item(NULL, 'Last piece', 10, 1, 1);
SELECT amount FROM mvm_reserve(3, 5, 1, '1 ms');
SELECT pg_sleep(0.01);
SELECT amount FROM mvm_buy(1, 5, pay_from => ARRAY[1]);
-- Refused.
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[]::int[])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[1, NULL])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[1, 2, 1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[[1], [2]])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => (SELECT array_agg(n) FROM generate_series(1, 17) n))');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[1, 99])');
SELECT code, detail FROM outcome('SELECT mvm_buy(99, 4, pay_from => ARRAY[1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 99, pay_from => ARRAY[1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(2, 4, pay_from => ARRAY[1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 0, pay_from => ARRAY[1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 0, pay_from => ARRAY[]::int[])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 1, max_amount => -1, pay_from => ARRAY[1, 1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 1000, pay_from => ARRAY[1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 1, max_amount => -1, pay_from => ARRAY[1])');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 9223372036854775807, pay_from => ARRAY[1])');
-- The limit is on what it costs in the last wallet's currency, also where that one may not or cannot pay.
SELECT id FROM mvm_list_item(2, 'Dome', 300, 5, 2);
SELECT amount FROM mvm_deposit(1, 1000, 1);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 6, pay_from => ARRAY[1, 3], max_amount => 10)');
SELECT allowed FROM mvm_set_route(1, 3, false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 6, pay_from => ARRAY[1, 3], max_amount => 10)');
SELECT allowed FROM mvm_set_route(1, 3);
SELECT allowed FROM mvm_set_route(3, 2, false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 6, pay_from => ARRAY[1, 3], max_amount => 10)');
SELECT allowed FROM mvm_set_route(3, 2);
SELECT trade_open FROM mvm_set_rules(3, trade_open => false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 6, pay_from => ARRAY[1, 3], max_amount => 10)');
SELECT trade_open FROM mvm_set_rules(3, trade_open => true);
SELECT max_amount FROM mvm_set_rules(1, max_amount => 5);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 6, pay_from => ARRAY[1, 3], max_amount => 10)');
SELECT max_amount FROM mvm_set_rules(1, max_amount => 'Infinity');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 6, 6, pay_from => ARRAY[1, 3], max_amount => 10)');
SELECT id FROM mvm_create_universe('Fine', 'FIN', 1000000, 9);
SELECT id FROM mvm_list_item(2, 'Planet', 1000000, 1, 2);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 7, pay_from => ARRAY[1, 5], max_amount => 10)');
-- Whose people may not buy may not do so from other wallets either.
SELECT trade_open FROM mvm_set_rules(1, trade_open => false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, pay_from => ARRAY[2])');
SELECT trade_open FROM mvm_set_rules(1, trade_open => true);
SELECT * FROM mvm_audit();
