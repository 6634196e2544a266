\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Creating users.
SELECT * FROM mvm_create_user('ann', 1);
SELECT * FROM mvm_create_user('bob', 2, 12.5);
SELECT * FROM mvm_create_user(username => 'cid', universe_id => 3, balance => 0.02000000000000001);
SELECT id, length(username), octet_length(username) FROM mvm_create_user(repeat('ж', 255), 1);
-- The opening balance is journalled as a deposit; without one there is no wallet yet.
SELECT kind, user_id, amount, from_universe_id FROM mvm.transactions WHERE user_id > 3 ORDER BY id;
SELECT user_id, balance FROM mvm.wallets WHERE user_id > 3 ORDER BY 1;
SELECT id, username, universe_id, balance FROM mvm.users WHERE id IN (4, 5) ORDER BY id;
\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_create_user(NULL, 1)$$),
    ($$SELECT mvm_create_user('x', NULL)$$),
    ($$SELECT mvm_create_user('x', 1, NULL)$$),
    ($$SELECT mvm_create_user('', 1)$$),
    ($$SELECT mvm_create_user('  ', 1)$$),
    ($$SELECT mvm_create_user(repeat('x', 256), 1)$$),
    ($$SELECT mvm_create_user('x', 1, -1)$$),
    ($$SELECT mvm_create_user('x', 1, 'NaN')$$),
    ($$SELECT mvm_create_user('x', 1, 'Infinity')$$),
    ($$SELECT mvm_create_user('x', 1, '-Infinity')$$),
    ($$SELECT mvm_create_user('x', 1, 0.005)$$),
    ($$SELECT mvm_create_user('x', 1, 250.755)$$),
    ($$SELECT mvm_create_user('x', 1, 92233720368547758.08)$$),
    ($$SELECT mvm_create_user('x', 999)$$),
    ($$SELECT mvm_create_user('x', 999, -1)$$),
    ($$SELECT mvm_create_user('john_earth', 1)$$),
    ($$SELECT mvm_create_user('john_earth', 999)$$)
) c (call), outcome(c.call) o;
\pset format aligned
SELECT balance FROM mvm_create_user('rich', 1, 92233720368547758.07);
SELECT username FROM mvm_create_user('John_Earth', 1);

-- Balances: by default of the home wallet, 0 if there is no wallet yet, with the currency's decimals.
SELECT mvm_balance(1), mvm_balance(1, 1), mvm_balance(1, 2), mvm_balance(user_id => 1, universe_id => 3);
SELECT c.call, o.code, o.message FROM (VALUES
    ($$SELECT mvm_balance(NULL)$$),
    ($$SELECT mvm_balance(999)$$),
    ($$SELECT mvm_balance(0)$$),
    ($$SELECT mvm_balance(-1)$$),
    ($$SELECT mvm_balance(9223372036854775807)$$),
    ($$SELECT mvm_balance(1, 999)$$),
    ($$SELECT mvm_balance(999, 999)$$)
) c (call), outcome(c.call) o;
SELECT * FROM mvm_audit();
