\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- 100 USD are 250 MRC.
SELECT mvm_convert(100, 1, 2);
SELECT converted_amount, from_universe_id, to_universe_id, exchange_rate, amount, user_id FROM mvm_exchange(1, 100, 1, 2);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;
-- And back; by name.
SELECT converted_amount, exchange_rate, amount
FROM mvm_exchange(user_id => 1, amount => 250, from_universe_id => 2, to_universe_id => 1);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;
-- What is credited rounds down; what was debited is answered.
SELECT amount, converted_amount FROM mvm_exchange(1, 0.99999999, 1, 3);
SELECT amount, converted_amount FROM mvm_exchange(1, 0.07, 1, 3);
SELECT mvm_convert(0.02, 1, 3), mvm_convert(0.03, 1, 3);
-- The answer is the journal's row.
CREATE TEMPORARY TABLE answer AS SELECT * FROM mvm_exchange(1, 10, 1, 2);
SELECT t.kind, t.amount = a.amount AS amount, t.received_amount = a.converted_amount AS converted,
    t.transaction_time = a.transaction_time AS "time"
FROM answer a JOIN mvm.transactions t ON t.id = a.transaction_id;
DROP TABLE answer;
SELECT kind, amount, received_amount FROM mvm.transactions ORDER BY id DESC LIMIT 1;
\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_exchange(NULL, 1, 1, 2)$$),
    ($$SELECT mvm_exchange(1, NULL, 1, 2)$$),
    ($$SELECT mvm_exchange(1, 1, NULL, 2)$$),
    ($$SELECT mvm_exchange(1, 1, 1, NULL)$$),
    ($$SELECT mvm_exchange(999, 0, 1, 2)$$),
    ($$SELECT mvm_exchange(1, -1, 1, 2)$$),
    ($$SELECT mvm_exchange(1, 'NaN', 1, 2)$$),
    ($$SELECT mvm_exchange(1, 'Infinity', 1, 2)$$),
    ($$SELECT mvm_exchange(1, '-Infinity', 1, 2)$$),
    ($$SELECT mvm_exchange(999, 1, 998, 997)$$),
    ($$SELECT mvm_exchange(1, 1, 998, 2)$$),
    ($$SELECT mvm_exchange(1, 1, 1, 997)$$),
    ($$SELECT mvm_exchange(1, 1, 998, 998)$$),
    ($$SELECT mvm_exchange(1, 0.001, 1, 1)$$),
    ($$SELECT mvm_exchange(1, 0.005, 1, 2)$$),
    ($$SELECT mvm_exchange(1, 92233720368547758.08, 1, 2)$$),
    ($$SELECT mvm_exchange(1, 0.01, 1, 3)$$),
    ($$SELECT mvm_exchange(1, 92233720368547758.07, 1, 2)$$),
    ($$SELECT mvm_exchange(1, 100000, 1, 2)$$),
    ($$SELECT mvm_exchange(2, 1, 1, 2)$$),
    ($$SELECT mvm_convert(NULL, 1, 2)$$),
    ($$SELECT mvm_convert(1, NULL, 2)$$),
    ($$SELECT mvm_convert(1, 1, NULL)$$),
    ($$SELECT mvm_convert(0, 1, 2)$$),
    ($$SELECT mvm_convert('NaN', 1, 2)$$),
    ($$SELECT mvm_convert(1, 998, 2)$$),
    ($$SELECT mvm_convert(1, 1, 998)$$),
    ($$SELECT mvm_convert(1, 1, 1)$$),
    ($$SELECT mvm_convert(0.005, 1, 2)$$),
    ($$SELECT mvm_convert(0.01, 1, 3)$$),
    ($$SELECT mvm_convert(92233720368547758.08, 1, 2)$$),
    ($$SELECT mvm_convert(92233720368547758.07, 1, 2)$$)
) c (call), outcome(c.call) o;
\pset format aligned
-- Refusals changed nothing.
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT count(*) FROM mvm.transactions WHERE kind = 'exchange';
SELECT * FROM mvm_audit();
