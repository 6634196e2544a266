\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Amounts that floats get wrong, and the ends of the range, at each scale.
DO $$
BEGIN
    FOR decimals IN 0 .. 9 LOOP
        PERFORM mvm_create_universe('Scale ' || decimals, 'S' || decimals, 1, decimals);
    END LOOP;
END $$;
SELECT id, currency_scale FROM mvm.universes WHERE name LIKE 'Scale%' ORDER BY id;
SELECT id FROM mvm_create_user('tester', 4, 0);

-- The largest amount fits, one minor unit more does not.
SELECT u.currency_scale,
    (SELECT amount FROM mvm_deposit(4, 9223372036854775806 * ('1e-' || u.currency_scale)::numeric, u.id)) AS deposited,
    (outcome(format('SELECT mvm_deposit(4, %s, %s)', 2 * ('1e-' || u.currency_scale)::numeric, u.id))).code AS two_more,
    (SELECT amount FROM mvm_deposit(4, ('1e-' || u.currency_scale)::numeric, u.id)) AS one_more,
    (outcome(format('SELECT mvm_deposit(4, %s, %s)', ('1e-' || u.currency_scale)::numeric, u.id))).code AS yet_one_more,
    mvm_balance(4, u.id) AS balance
FROM mvm.universes u WHERE u.name LIKE 'Scale%' ORDER BY u.id;
SELECT u.currency_scale,
    (outcome(format('SELECT mvm_withdraw(4, %s, %s)', 9223372036854775807.5 * ('1e-' || u.currency_scale)::numeric, u.id))).code AS half_more,
    (outcome(format('SELECT mvm_withdraw(4, %s, %s)', 9223372036854775807.999999 * ('1e-' || u.currency_scale)::numeric, u.id))).code AS nearly_one_more,
    (outcome(format('SELECT mvm_withdraw(4, %s, %s)', 9223372036854775808 * ('1e-' || u.currency_scale)::numeric, u.id))).code AS one_more,
    (SELECT amount FROM mvm_withdraw(4, 9223372036854775807.000001 * ('1e-' || u.currency_scale)::numeric, u.id)) AS a_millionth_more,
    mvm_balance(4, u.id) AS balance
FROM mvm.universes u WHERE u.name LIKE 'Scale%' ORDER BY u.id;

-- At each scale: up to a millionth of a minor unit is rounded off, anything more is refused.
SELECT u.currency_scale,
    (SELECT amount FROM mvm_deposit(4, 1.000001 * ('1e-' || u.currency_scale)::numeric, u.id)) AS above_one,
    (SELECT amount FROM mvm_deposit(4, 2.999999 * ('1e-' || u.currency_scale)::numeric, u.id)) AS below_three,
    (SELECT amount FROM mvm_deposit(4, 0.999999 * ('1e-' || u.currency_scale)::numeric, u.id)) AS below_one
FROM mvm.universes u WHERE u.name LIKE 'Scale%' ORDER BY u.id;
SELECT u.currency_scale, string_agg(DISTINCT o.code, ' ') AS codes, count(*)
FROM mvm.universes u,
    unnest(ARRAY[0.000001, 0.5, 0.999998, 0.9999989999999999, 1.000002, 1.0000010000000000001, 1.5, 2.5, 3.5]) units,
    outcome(format('SELECT mvm_deposit(4, %s, %s)', units * ('1e-' || u.currency_scale)::numeric, u.id)) o
WHERE u.name LIKE 'Scale%' GROUP BY u.id, 1 ORDER BY u.id;

-- What clients send.
SELECT amount FROM mvm_deposit(1, 0.30000000000000004);
SELECT amount FROM mvm_deposit(1, 0.1 + 0.2);
SELECT amount FROM mvm_deposit(1, (0.1::float8 + 0.2::float8)::numeric);
SELECT amount FROM mvm_deposit(1, 2.675);
SELECT amount FROM mvm_deposit(1, 1.005);
SELECT amount FROM mvm_deposit(1, 0001.10000000000000000000000000000000000000000000000000000000000000000000);
SELECT amount FROM mvm_deposit(1, 1e2);
SELECT amount FROM mvm_deposit(1, ('1.' || repeat('0', 16000) || '1')::numeric);
SELECT amount FROM mvm_deposit(1, ('0.00' || repeat('9', 16000))::numeric);
SELECT amount FROM mvm_deposit(1, ('0.01' || repeat('0', 5) || '1' || repeat('0', 16000))::numeric);
SELECT amount FROM mvm_deposit(1, ('0.01' || repeat('0', 5) || '1' || repeat('0', 16000) || '1')::numeric);

-- Each refused by its code, for every call that takes an amount.
SELECT a.amount, c.call,
    (outcome(format(c.call, a.amount))).code
FROM unnest('{NaN,Infinity,-Infinity,0,-0.0,-1,-1e131071,1e-16383,1e131071,92233720368547758.08,18446744073709551616}'::text[])
    WITH ORDINALITY a (amount, place),
    (VALUES ($$SELECT mvm_deposit(1, '%s')$$), ($$SELECT mvm_withdraw(1, '%s')$$), ($$SELECT mvm_exchange(1, '%s', 1, 2)$$),
        ($$SELECT mvm_convert('%s', 1, 2)$$), ($$SELECT mvm_list_item(1, 'x', '%s', 1)$$)) c (call)
WHERE c.call LIKE '%withdraw%' OR a.amount IN ('NaN', 'Infinity', '-1e131071', '1e-16383', '1e131071')
ORDER BY a.place, c.call;
SELECT a.amount, (outcome(format($$SELECT mvm_create_user('x', 1, '%s')$$, a.amount))).code
FROM unnest('{NaN,Infinity,-Infinity,-0.01,-1e131071,1e-16383,1e131071,92233720368547758.08}'::text[]) WITH ORDINALITY a (amount, place)
ORDER BY a.place;
SELECT username, balance FROM mvm_create_user('minus zero', 1, -0.0);

-- Products beyond 64 bits are refused, not wrapped, whatever the intermediate.
SELECT id FROM mvm_list_item(NULL, 'Half of all', 46116860184273879.04, 9223372036854775807, 1);
SELECT code, message FROM outcome('SELECT mvm_buy(1, 4, 2)');
SELECT code, message FROM outcome('SELECT mvm_buy(1, 4, 4)');
SELECT code, message FROM outcome('SELECT mvm_buy(1, 4, 9223372036854775807)');
-- The largest price in another currency.
SELECT id FROM mvm_list_item(NULL, 'All', 92233720368547758.07, 1, 2);
SELECT code, message FROM outcome('SELECT mvm_buy(1, 5)');
SELECT id FROM mvm_create_universe('Inflated', 'INF', 999999999999999999, 9);
SELECT id FROM mvm_create_user('tycoon', 14, 9223372036.854775807);
SELECT code, message FROM outcome('SELECT mvm_buy(6, 5)');
-- A rate that swings: the debit is exact at both ends.
SELECT amount, received_amount FROM mvm_buy(1, 2);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 999999999999999999);
SELECT amount, received_amount FROM mvm_buy(1, 2);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 0.000000000000000001);
SELECT code, message FROM outcome('SELECT mvm_buy(1, 2)');
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 2.5);
SELECT * FROM mvm_audit();
