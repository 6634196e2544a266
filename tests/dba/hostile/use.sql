-- Calls every function of the market, and evaluates every CHECK and trigger of its tables, with the traps first in the path.
-- Its own words need no operator and no function but the market's.
SET search_path = pg_temp, public, pg_catalog;
SELECT public.mvm_seed();
SELECT public.mvm_version();
SELECT public.mvm_create_universe('Zero', 'ZRO', 7.77, 0);
SELECT public.mvm_set_exchange_rate(4, 7.5);
SELECT public.mvm_set_rules(4, sale_fee_rate => 0.05, exchange_fee_rate => 0.01, min_amount => 1, max_quantity => 1000);
SELECT public.mvm_set_route(1, 4, true, 0.1);
SELECT public.mvm_create_user('ann', 4, 5000);
SELECT public.mvm_move_user(4, 4);
SELECT public.mvm_list_item(4, 'Lamp', 3, 1000);
SELECT public.mvm_restock(4, 7, 'restocked');
SELECT public.mvm_set_price(4, 4);
SELECT public.mvm_delist_item(4);
SELECT public.mvm_relist_item(4);
SELECT public.mvm_deposit(1, 100, 1, 'deposited');
SELECT public.mvm_withdraw(1, 1, 1, 'withdrawn');
SELECT public.mvm_transfer(1, 2, 5);
SELECT public.mvm_exchange(1, 20, 1, 2, 'exchanged');
SELECT public.mvm_convert(20, 1, 2);
SELECT public.mvm_convert(20, 1, 2, 'now');
SELECT public.mvm_balance(1, 1);
SELECT public.mvm_balance(1, 1, '2020-01-01');
SELECT id FROM public.mvm_buy(1, 4, 3, 'bought') \gset trade_
SELECT public.mvm_buy(1, 2, 1, NULL, NULL, ARRAY[2, 1]);
SELECT public.mvm_refund(:trade_id, 1, 'refunded');
SELECT public.mvm_buy_batch(ARRAY[1, 2, 1], ARRAY[1, 2, 99], ARRAY[1, 1, 1], ARRAY['one', 'two', NULL]);
SELECT public.mvm_exchange_batch(ARRAY[1, 2], ARRAY[1.5, 2], ARRAY[1, 2], ARRAY[2, 1]);
SELECT id FROM public.mvm_quote(1, 10, 1, 2, '1 minute') \gset quote_
SELECT public.mvm_accept_quote(:quote_id);
SELECT public.mvm_quote(1, 10, 1, 2, '1 ms');
SELECT id FROM public.mvm_reserve(1, 1, 2, '1 hour') \gset hold_
SELECT public.mvm_capture(:hold_id, 1);
SELECT id FROM public.mvm_reserve(1, 1, 1, '1 hour', 'reserved') \gset hold_
SELECT public.mvm_release(:hold_id);
SELECT public.mvm_reserve(1, 1, 1, '1 ms');
SELECT public.mvm_sweep_holds();
SELECT public.mvm_trades(1);
SELECT public.mvm_transactions(1);
SELECT public.mvm_items(4);
SELECT public.mvm_statement(1, 1, '2020-01-01', '2120-01-01');
SELECT public.mvm_purge_quotes('0 seconds');
SELECT public.mvm_purge_idempotency_keys('0 seconds');
SELECT public.mvm_grant('mvm_hostile_trader', 'operator');
SELECT public.mvm_audit();
SELECT public.mvm_audit_checkpoint();
SELECT public.mvm_deposit(1, 1);
SELECT public.mvm_audit_checkpoint();
SELECT public.mvm_audit(2);
SELECT public.mvm_audit_checkpoint(true);
SELECT public.mvm_verify(3);
SELECT public.mvm_relink_journal();

UPDATE mvm.universe SET name = name, exchange_rate = 2.25;
UPDATE mvm.route SET allowed = allowed;
UPDATE mvm.user_account SET username = username;
UPDATE mvm.wallet SET balance_minor = balance_minor;
UPDATE mvm.item SET stock = stock;
UPDATE mvm.hold SET quantity = quantity;
UPDATE mvm.quote SET paid_minor = paid_minor;
UPDATE mvm.idempotency_key SET key = key;

-- As a role that may only trade, from a session of its own.
SET ROLE mvm_hostile_trader;
SELECT public.mvm_buy(1, 4, 2);
SELECT public.mvm_exchange(1, 1, 1, 2);
SELECT public.mvm_deposit(1, 1);
SELECT public.mvm_statement(1, 1, '2020-01-01', '2120-01-01');
SELECT public.mvm_purge_quotes();
SELECT public.mvm_audit();
SELECT public.mvm_audit_checkpoint();
