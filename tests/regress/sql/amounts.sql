\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- An amount that the currency does not have is refused wherever one enters, and nothing changes; what is left of a
-- client's binary float is rounded off.
SELECT id FROM mvm_create_universe('Yen', 'JPY', 150, 0);
SELECT id FROM mvm_create_universe('Dime', 'DIM', 10, 1);
SELECT id FROM mvm_create_user('ken', 4, 1000);
SELECT id FROM mvm_list_item(NULL, 'Kite', 7, 1, 4);
SELECT mvm_deposit(4, 10.5);
SELECT mvm_deposit(4, 10.25, 5);
SELECT mvm_create_user('opening', 1, 250.755);
\pset format unaligned
SELECT c.call, f.amount, (outcome(format(c.call, f.amount))).*
FROM (VALUES
    (1, 'SELECT mvm_deposit(4, %s)'),
    (2, 'SELECT mvm_withdraw(4, %s)'),
    (3, 'SELECT mvm_transfer(4, 1, %s)'),
    (4, 'SELECT mvm_exchange(4, %s, 4, 1)'),
    (5, 'SELECT mvm_convert(%s, 4, 1)'),
    (6, 'SELECT mvm_convert(%s, 4, 1, now())'),
    (7, 'SELECT mvm_quote(4, %s, 4, 1)'),
    (8, $$SELECT mvm_create_user('none', 4, %s)$$),
    (9, $$SELECT mvm_list_item(4, 'Fan', %s, 1)$$),
    (10, 'SELECT mvm_set_price(4, %s)'),
    (11, 'SELECT mvm_set_rules(4, min_amount => %s)'),
    (12, 'SELECT mvm_set_rules(4, max_amount => %s)')
) c (place, call), (VALUES (1, '10.5'), (2, '9.999998'), (3, '10.0000010000000001'), (4, '0.000001'), (5, '1e-100')) f (place, amount)
ORDER BY c.place, f.place;
-- A millionth is not more than a millionth.
SELECT c.call, f.amount, (outcome(format(c.call, f.amount))).*
FROM (VALUES
    (1, 'SELECT mvm_deposit(4, %s)'),
    (2, 'SELECT mvm_exchange(4, %s, 4, 1)'),
    (3, 'SELECT mvm_convert(%s, 4, 1)')
) c (place, call), (VALUES (1, '10.000001'), (2, '9.999999'), (3, '10')) f (place, amount)
ORDER BY c.place, f.place;
\pset format aligned
SELECT mvm_balance(4), mvm_convert(10, 4, 1) AS ten, mvm_convert(9.999999, 4, 1) AS nearly_ten;
-- Orders of a batch are refused each by itself.
SELECT outcome, detail, amount FROM mvm_exchange_batch(ARRAY[4, 4, 4], ARRAY[10.5, 10.000001, 10], ARRAY[4, 4, 4], ARRAY[1, 1, 1],
    ARRAY['half', 'ten', 'ten']);
-- The amount is looked at before the key, so neither a batch nor a single call remembers the refusal.
SELECT outcome, replayed FROM mvm_exchange_batch(ARRAY[4], ARRAY[10], ARRAY[4], ARRAY[1], ARRAY['half']);
SELECT code FROM outcome($$SELECT mvm_deposit(4, 10.5, NULL, 'again')$$);
SELECT amount FROM mvm_deposit(4, 10, NULL, 'again');
-- A limit is no amount that moves: more decimals never widen it.
SELECT code, detail FROM outcome('SELECT mvm_exchange(4, 150, 4, 1, min_converted => 1.0000001)');
SELECT converted_amount FROM mvm_exchange(4, 150, 4, 1, min_converted => 0.9999999);
SELECT * FROM mvm_audit();
