-- What 1.2 has and 1.1 has not, each once; printed without ids and times.
SELECT kind, amount, memo FROM mvm_deposit(1, 12.34, memo => 'Invoice 7');
SELECT amount, memo FROM mvm_buy(1, 2, 2, memo => 'Order 8');
SELECT converted_amount, memo FROM mvm_exchange(2, 10, 2, 1, memo => 'Travel');
SELECT username, external_id, metadata FROM mvm_create_user('shop', 2, 10, 'crm-1', '{"plan": "pro"}');
SELECT name, external_id, metadata FROM mvm_list_item(4, 'Lamp', 2.5, 5, external_id => 'sku-1', metadata => '{"colour": "red"}');
SELECT external_id, metadata FROM mvm_set_user_data(1, 'crm-2', '{}');
SELECT external_id, metadata FROM mvm_set_item_data(1, 'sku-2');
SELECT username FROM mvm_find_user(external_id => 'crm-2');
SELECT name FROM mvm_find_item('sku-1');
SELECT max_hold_ttl, max_quote_ttl, max_open_holds, max_open_quotes
FROM mvm_set_rules(2, max_hold_ttl => '2 hours', max_quote_ttl => '1 minute', max_open_holds => 3, max_open_quotes => 4);
SELECT kind, amount, memo FROM mvm_payout(2, 'treasury', 5, memo => 'To the owners');
SELECT * FROM mvm.house_accounts ORDER BY 1, 2;
SELECT quantity, amount FROM mvm_reserve(1, 2, 1, '1 hour');
SELECT count(*) FROM mvm_sync_sequences();
SELECT * FROM mvm_audit();
