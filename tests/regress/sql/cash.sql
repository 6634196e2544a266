\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Deposits and withdrawals: by default of the home wallet.
SELECT kind, user_id, from_universe_id, to_universe_id, amount, received_amount, exchange_rate, idempotency_key
FROM mvm_deposit(1, 50);
SELECT kind, user_id, from_universe_id, amount FROM mvm_deposit(1, 20.5, 2);
SELECT kind, user_id, from_universe_id, amount FROM mvm_withdraw(1, 50);
SELECT kind, user_id, from_universe_id, amount FROM mvm_withdraw(user_id => 1, amount => 20.49, universe_id => 2);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;
-- What a binary float leaves is rounded off, and the amount that was used is answered; anything more is refused.
SELECT amount FROM mvm_deposit(1, 0.30000000000000004);
SELECT amount FROM mvm_deposit(1, 0.12000001);
SELECT amount FROM mvm_deposit(1, 0.13999999);
SELECT amount FROM mvm_withdraw(1, 0.00999999);
SELECT amount FROM mvm_deposit(1, 0.125);
SELECT amount FROM mvm_withdraw(1, 0.135);
-- To the last piece of money, and no further.
SELECT amount FROM mvm_withdraw(1, 0.01, 2);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 1 ORDER BY 1;
\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_deposit(NULL, 1)$$),
    ($$SELECT mvm_deposit(1, NULL)$$),
    ($$SELECT mvm_deposit(1, 0)$$),
    ($$SELECT mvm_deposit(1, -1)$$),
    ($$SELECT mvm_deposit(1, 'NaN')$$),
    ($$SELECT mvm_deposit(1, 'Infinity')$$),
    ($$SELECT mvm_deposit(1, '-Infinity')$$),
    ($$SELECT mvm_deposit(999, 0)$$),
    ($$SELECT mvm_deposit(999, 1)$$),
    ($$SELECT mvm_deposit(999, 1, 999)$$),
    ($$SELECT mvm_deposit(1, 1, 999)$$),
    ($$SELECT mvm_deposit(1, 0.005)$$),
    ($$SELECT mvm_deposit(1, 92233720368547758.08)$$),
    ($$SELECT mvm_deposit(1, 92233720368547758)$$),
    ($$SELECT mvm_withdraw(NULL, 1)$$),
    ($$SELECT mvm_withdraw(1, NULL)$$),
    ($$SELECT mvm_withdraw(1, 0)$$),
    ($$SELECT mvm_withdraw(1, -1)$$),
    ($$SELECT mvm_withdraw(1, 'NaN')$$),
    ($$SELECT mvm_withdraw(999, 1)$$),
    ($$SELECT mvm_withdraw(1, 1, 999)$$),
    ($$SELECT mvm_withdraw(1, 0.005)$$),
    ($$SELECT mvm_withdraw(1, 92233720368547758.08)$$),
    ($$SELECT mvm_withdraw(1, 1000.57)$$),
    ($$SELECT mvm_withdraw(1, 0.01, 2)$$),
    ($$SELECT mvm_withdraw(1, 0.01, 3)$$)
) c (call), outcome(c.call) o;
\pset format aligned
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT * FROM mvm_audit();
