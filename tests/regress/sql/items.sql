\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Putting items up for sale: by a user at home, elsewhere, and by a treasury.
SELECT * FROM mvm_list_item(1, 'Lamp', 12.5, 3);
SELECT * FROM mvm_list_item(seller_id => 1, name => 'Rover', price => 99.99, stock => 1, universe_id => 2);
SELECT * FROM mvm_list_item(NULL, 'Ice', 0.01, 0, 2);
SELECT * FROM mvm_list_item(1, 'A float', 0.12000000000000001, 1);
SELECT * FROM mvm_list_item(1, 'Another', 0.13999999999999999, 1);
SELECT id, price, stock FROM mvm_list_item(NULL, 'Dear', 92233720368547758.07, 9223372036854775807, 1);
-- Two items may share a name. The stock is journalled, and moves no money.
SELECT id FROM mvm_list_item(1, 'Lamp', 12.5, 3);
SELECT kind, user_id, item_id, quantity, from_universe_id, to_universe_id, amount, received_amount, exchange_rate
FROM mvm.transactions WHERE item_id > 3 ORDER BY id;
SELECT count(*) FROM mvm.ledger l JOIN mvm.transactions t ON t.id = l.transaction_id WHERE t.kind = 'listing';

\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_list_item(NULL, 'x', 1, 1)$$),
    ($$SELECT mvm_list_item(1, NULL, 1, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', NULL, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 1, NULL)$$),
    ($$SELECT mvm_list_item(1, '', 1, 1)$$),
    ($$SELECT mvm_list_item(1, ' ', 1, 1)$$),
    ($$SELECT mvm_list_item(1, repeat('x', 256), 1, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 0, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', -1, -1)$$),
    ($$SELECT mvm_list_item(1, 'x', 'NaN', 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 'Infinity', 1)$$),
    ($$SELECT mvm_list_item(1, 'x', '-Infinity', 1)$$),
    ($$SELECT mvm_list_item(999, 'x', 1, -1)$$),
    ($$SELECT mvm_list_item(999, 'x', 1, 1, 999)$$),
    ($$SELECT mvm_list_item(1, 'x', 1, 1, 999)$$),
    ($$SELECT mvm_list_item(NULL, 'x', 1, 1, 999)$$),
    ($$SELECT mvm_list_item(1, 'x', 0.005, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 0.125, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 92233720368547758.075, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 92233720368547758.08, 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 1e131071, 1)$$)
) c (call), outcome(c.call) o;
\pset format aligned
SELECT * FROM mvm_audit();
