\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Without rules nothing is taken.
SELECT amount, received_amount, fee, tariff FROM mvm_buy(1, 2);
SELECT * FROM mvm.universes ORDER BY id;
SELECT * FROM mvm.routes;
-- A fee on sales comes from the seller's proceeds.
SELECT id FROM mvm_list_item(2, 'Rover', 33.33, 100);
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05);
SELECT amount, received_amount, fee, tariff FROM mvm_buy(1, 4);
SELECT balance FROM mvm.wallets WHERE user_id = 2 AND universe_id = 2;
SELECT amount, received_amount, fee FROM mvm_buy(1, 2);
-- An import tariff is paid by the buyer on top, to the treasury at home.
SELECT * FROM mvm_set_route(1, 2, tariff_rate => 0.125);
SELECT id, amount, received_amount, fee, tariff FROM mvm_buy(1, 4, 3);
SELECT account, user_id, universe_id, amount FROM mvm.ledger
WHERE transaction_id = (SELECT max(id) FROM mvm.trades) ORDER BY 3, 1, 4;
SELECT amount, tariff FROM mvm_buy(3, 4);
-- A fee on exchanges comes from what is credited, and mvm_convert says so.
SELECT exchange_fee_rate FROM mvm_set_rules(2, exchange_fee_rate => 0.01);
SELECT mvm_convert(10, 1, 2);
SELECT converted_amount, amount, fee FROM mvm_exchange(1, 10, 1, 2);
SELECT converted_amount, fee FROM mvm_exchange(1, 10, 2, 3);
-- Each rule, on single calls and in batches alike, by its name and the numbers.
SELECT min_amount, max_amount, max_quantity FROM mvm_set_rules(2, min_amount => 20, max_amount => 100, max_quantity => 5);
SELECT code, message, detail FROM outcome('SELECT mvm_buy(1, 2, 1)');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 4)');
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 4, 6)');
SELECT code, detail FROM outcome('SELECT mvm_exchange(2, 19.99, 2, 1)');
SELECT code, detail FROM outcome('SELECT mvm_exchange(2, 100.01, 2, 1)');
SELECT outcome, detail FROM mvm_buy_batch(ARRAY[1, 1, 1, 1], ARRAY[2, 4, 4, 4], ARRAY[1, 4, 6, 3]);
SELECT outcome, detail FROM mvm_exchange_batch(ARRAY[2, 2, 2], ARRAY[19.99, 100.01, 100], ARRAY[2, 2, 2], ARRAY[1, 1, 1]);
-- Another universe's bounds do not bind here.
SELECT amount FROM mvm_buy(2, 1, 1);
SELECT amount FROM mvm_exchange(1, 1, 1, 2);
-- Closed.
SELECT trade_open, exchange_open FROM mvm_set_rules(2, trade_open => false, exchange_open => false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 2, 2)');
SELECT code, detail FROM outcome('SELECT mvm_buy(2, 1)');
SELECT code, detail FROM outcome('SELECT mvm_exchange(1, 50, 1, 2)');
SELECT code, detail FROM outcome('SELECT mvm_exchange(2, 50, 2, 1)');
SELECT trade_open, exchange_open FROM mvm_set_rules(2, trade_open => true, exchange_open => true);
SELECT * FROM mvm_set_route(1, 2, allowed => false);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 2, 2)');
SELECT code, detail FROM outcome('SELECT mvm_exchange(1, 50, 1, 2)');
SELECT amount FROM mvm_exchange(2, 50, 2, 1);
SELECT amount FROM mvm_buy(2, 1, 1);
-- A refusal is remembered under an order's key.
SELECT outcome, replayed FROM mvm_buy_batch(ARRAY[1], ARRAY[2], ARRAY[2], ARRAY['closed']);
SELECT * FROM mvm_set_route(1, 2);
SELECT outcome, replayed, detail FROM mvm_buy_batch(ARRAY[1], ARRAY[2], ARRAY[2], ARRAY['closed']);
-- What is null stays; bounds go away.
SELECT * FROM mvm_set_rules(2);
SELECT * FROM mvm_set_rules(2, sale_fee_rate => 0, exchange_fee_rate => 0.000, min_amount => 0, max_amount => 'Infinity',
    max_quantity => 9223372036854775807);
SELECT amount, received_amount, fee, tariff FROM mvm_buy(1, 2);
-- Limits of a buyer and an exchanger.
SELECT code, message, detail FROM outcome('SELECT mvm_buy(1, 2, 1, max_amount => 3.999)');
SELECT amount FROM mvm_buy(1, 2, 1, max_amount => 4.001);
SELECT code, message, detail FROM outcome('SELECT mvm_exchange(1, 10, 1, 2, min_converted => 25.001)');
SELECT converted_amount FROM mvm_exchange(1, 10, 1, 2, min_converted => 25);
SELECT code, detail FROM outcome('SELECT mvm_buy(1, 2, 1, max_amount => 0)');
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 2, 1, max_amount => 'NaN')$$);
SELECT code, detail FROM outcome('SELECT mvm_exchange(1, 10, 1, 2, min_converted => -1)');
SELECT outcome, detail, amount FROM mvm_buy_batch(ARRAY[1, 1, 1, 1], ARRAY[2, 2, 2, 2], ARRAY[1, 2, 1, 1],
    max_amounts => ARRAY[4, 7.99, NULL, -1]);
SELECT outcome, detail, converted_amount FROM mvm_exchange_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1], ARRAY[2, 2],
    min_converted => ARRAY[2.5, 2.51]);
SELECT code, detail FROM outcome('SELECT mvm_buy_batch(ARRAY[1], ARRAY[2], ARRAY[1], max_amounts => ARRAY[1, 2])');
-- No exchange can credit more than the largest amount, and none costs more: a limit beyond it refuses all, or nothing.
SELECT balance FROM mvm_create_user('rich', 1, 92233720368547758.07);
SELECT exchange_rate FROM mvm_create_universe('Even', 'EVN', 1);
SELECT code, message, detail FROM outcome('SELECT mvm_exchange(4, 92233720368547758.07, 1, 4, min_converted => 92233720368547758.075)');
SELECT code, detail FROM outcome('SELECT mvm_exchange(4, 92233720368547758.07, 1, 4, min_converted => 1e1000)');
SELECT outcome, detail FROM mvm_exchange_batch(ARRAY[4, 4], ARRAY[92233720368547758.07, 92233720368547758.07], ARRAY[1, 1],
    ARRAY[4, 4], ARRAY['beyond', 'beyond'], ARRAY[92233720368547758.08, 92233720368547758.07]);
SELECT converted_amount FROM mvm_exchange(4, 92233720368547758.07, 1, 4, 'most', 92233720368547758.07);
SELECT code, detail FROM outcome($$SELECT mvm_exchange(4, 92233720368547758.07, 1, 4, 'most', 92233720368547758.08)$$);
SELECT amount FROM mvm_buy(1, 2, 1, max_amount => 1e1000);
-- A limit is part of a keyed request.
SELECT id AS first FROM mvm_buy(1, 2, 1, 'limited', 5) \gset
SELECT id = :first AS same FROM mvm_buy(1, 2, 1, 'limited', 5.00);
SELECT code, detail FROM outcome($$SELECT mvm_buy(1, 2, 1, 'limited')$$);
-- Bad rules.
SELECT code, message, detail FROM outcome('SELECT mvm_set_rules(99)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(NULL)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, sale_fee_rate => 1)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, sale_fee_rate => -0.1)');
SELECT code, detail FROM outcome($$SELECT mvm_set_rules(1, exchange_fee_rate => 'NaN')$$);
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, exchange_fee_rate => 0.0000000001)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, min_amount => -1)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, max_amount => 0)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, min_amount => 2, max_amount => 1)');
SELECT code, detail FROM outcome('SELECT mvm_set_rules(1, max_quantity => 0)');
SELECT code, detail FROM outcome('SELECT mvm_set_route(1, 1)');
SELECT code, detail FROM outcome('SELECT mvm_set_route(1, 99)');
SELECT code, detail FROM outcome('SELECT mvm_set_route(99, 1)');
SELECT code, detail FROM outcome('SELECT mvm_set_route(1, 2, true, 100)');
SELECT code, detail FROM outcome('SELECT mvm_set_route(1, 2, true, -1)');
-- History: who, when and what; it stays.
SELECT changed_by = session_user AS by_me, universe_id, to_universe_id, trade_open, sale_fee_rate, min_amount, max_quantity, allowed, tariff_rate
FROM mvm.rule_changes ORDER BY id;
SELECT code, message FROM outcome('UPDATE mvm.rule_change SET allowed = true');
SELECT code, message FROM outcome('DELETE FROM mvm.route');
SELECT * FROM mvm_audit();
