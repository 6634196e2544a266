-- A market with something of everything: scales, awkward rates and names, gaps in
-- the sequences, empty wallets, sold-out items, keys, and privileges.
-- Of the version :from_version, if that is set, and with nothing that it does not have.
\if :{?from_version}
CREATE EXTENSION mvm VERSION :'from_version';
\else
CREATE EXTENSION mvm;
\endif
SELECT extversion::numeric > 1.0 AS has_1_1, extversion::numeric > 1.1 AS has_1_2 FROM pg_extension WHERE extname = 'mvm' \gset
SELECT mvm_seed();
SELECT mvm_grant('mvm_dump_reader', 'reader');
SELECT mvm_grant('mvm_dump_trader', 'trader');
SELECT mvm_grant('mvm_dump_operator', 'operator');

SELECT mvm_create_universe('Zero', 'ZRO', 7.77, 0);
SELECT mvm_create_universe(E'Nine''s "new"\nline\t\\ land', E'N\\N', 123456789.123456789, 9);
SELECT mvm_create_user('ann', 4, 5000);
SELECT mvm_create_user(E'Ю\\.\n', 5, 0.000000001);
SELECT mvm_create_user('no wallet', 5);
SELECT mvm_list_item(1, 'Lamp', 0.03, 100000);
SELECT mvm_list_item(4, 'Only one', 1, 1, 2);
SELECT mvm_list_item(NULL, 'Nothing left', 0.000000001, 0, 5);

DO $$
BEGIN
    FOR i IN 1 .. 100 LOOP
        IF i <= 60 THEN
            PERFORM mvm_buy(1 + i % 3, 1 + i % 3, 1, CASE WHEN i % 5 = 0 THEN 'buy ' || i END);
        END IF;
        PERFORM mvm_exchange(1 + i % 3, 1.37, 1 + i % 3, 4 + i % 2, CASE WHEN i % 7 = 0 THEN 'exchange ' || i END);
        PERFORM mvm_deposit(4, i, 4, CASE WHEN i % 9 = 0 THEN 'deposit ' || i END);
        IF i % 10 = 0 THEN
            PERFORM mvm_set_exchange_rate(2, 2.5 + i * 0.001);
            PERFORM mvm_buy(4, 4, i);
            PERFORM mvm_withdraw(4, 3, NULL, E'withdraw ''\\' || i);
            BEGIN -- burns ids, so that last_value is not max(id)
                PERFORM mvm_deposit(4, 1);
                PERFORM mvm_buy(4, 4, 10000000);
            EXCEPTION WHEN SQLSTATE 'MV102' OR SQLSTATE 'MV101' THEN
                NULL;
            END;
        END IF;
    END LOOP;
END $$;
SELECT mvm_buy(2, 5);
SELECT mvm_withdraw(5, 0.000000001);
\if :has_1_2
SELECT mvm_set_rules(1, max_hold_ttl => '2 days', max_quote_ttl => '1 day', max_open_holds => 2, max_open_quotes => 2);
SELECT mvm_deposit(1, 5, memo => 'Invoice 7'), mvm_payout(2, 'treasury', 0.5, 'paid out', 'To the owners');
SELECT mvm_set_user_data(1, 'crm-1', '{"plan": "pro"}'), mvm_set_item_data(1, 'sku-1', '{}');
\endif
\if :has_1_1
SELECT mvm_restock(1, 7, 'restocked');
SELECT mvm_set_price(2, 10.5);
SELECT mvm_delist_item(3), mvm_relist_item(3), mvm_delist_item(6);
SELECT mvm_set_rules(2, sale_fee_rate => 0.000000001, min_amount => 0.01, max_quantity => 1000000);
SELECT mvm_set_rules(3, exchange_fee_rate => 0.25);
SELECT mvm_set_route(1, 2, tariff_rate => 99.999999999), mvm_set_route(2, 4, allowed => false);
SELECT mvm_buy(3, 2, 2), mvm_transfer(3, 1, 1.5);
SELECT mvm_refund((SELECT max(id) FROM mvm.trades), 1, 'undone');
SELECT mvm_quote(3, 10, 3, 1, '1 day'), mvm_quote(3, 20, 3, 1, '1 day');
SELECT mvm_accept_quote(1);
SELECT mvm_reserve(3, 1, 2, '1 day'), mvm_reserve(3, 1, 3, '2 days'), mvm_reserve(3, 3, 1, '1 ms');
SELECT mvm_capture(1, 1);
\endif
\if :has_1_2
SELECT mvm_deposit(3, 1, memo => E'tab\t, line\n, \\N and "quote"'), mvm_deposit(3, 1, memo => '');
SELECT mvm_create_user('keyed', 1, 5, E'P-1\t\\', '{"a": [1.50, "\\\"ж"], "": null}');
SELECT mvm_set_item_data(1, E'SKU\n1', (SELECT jsonb_object_agg(n, md5(n::text)) FROM generate_series(1, 150) n));
SELECT mvm_set_user_data(2, 'P-2'), mvm_set_item_data(2, metadata => '{}');
\endif
