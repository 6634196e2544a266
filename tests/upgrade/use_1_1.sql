-- What 1.1 has and 1.0 has not, each once; printed without ids and times.
SELECT kind, quantity FROM mvm_restock(1, 5);
SELECT price, listed FROM mvm_set_price(1, 5.5);
SELECT listed FROM mvm_delist_item(3);
SELECT listed FROM mvm_relist_item(3);
SELECT sale_fee_rate, min_amount FROM mvm_set_rules(2, sale_fee_rate => 0.05, min_amount => 0.5);
SELECT * FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT amount, received_amount, fee, tariff FROM mvm_buy(1, 2, 3);
SELECT outcome, amount, fee, tariff FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[2, 2], ARRAY[1, 2]);
SELECT kind, amount, received_amount, fee, tariff FROM mvm_refund((SELECT max(id) FROM mvm.trades));
SELECT kind, amount FROM mvm_transfer(2, 1, 5);
SELECT universe_id FROM mvm_move_user(1, 2);
SELECT universe_id FROM mvm_move_user(1, 1);
SELECT * FROM mvm_audit();
SELECT amount, converted_amount, state FROM mvm_quote(1, 10, 1, 2, '1 day');
SELECT amount, converted_amount FROM mvm_accept_quote(1);
SELECT quantity, amount, state FROM mvm_reserve(1, 2, 2, '1 day');
SELECT quantity, amount FROM mvm_capture(1, 1);
SELECT * FROM mvm_audit();
