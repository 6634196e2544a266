\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- From a treasury at home, from another universe, from a user.
SELECT id > 0 AS id, buyer_id, seller_id, item_id, amount, quantity, from_universe_id, to_universe_id, received_amount,
    exchange_rate, idempotency_key
FROM mvm_buy(1, 1);
SELECT buyer_id, seller_id, amount, quantity, from_universe_id, to_universe_id, received_amount, exchange_rate
FROM mvm_buy(buyer_id => 1, item_id => 2, quantity => 1);
SELECT mvm_balance(1), (SELECT stock FROM mvm.items WHERE id = 1) AS item_1, (SELECT stock FROM mvm.items WHERE id = 2) AS item_2;
SELECT id FROM mvm_list_item(1, 'Lamp', 12.50, 3);
SELECT buyer_id, seller_id, amount, received_amount, from_universe_id, to_universe_id FROM mvm_buy(2, 4, 2);
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
-- A seller is paid in the currency of the price, into a wallet made for it.
SELECT id FROM mvm_list_item(1, 'Rover', 100, 1, 2);
SELECT buyer_id, seller_id, amount, received_amount, from_universe_id, to_universe_id FROM mvm_buy(3, 5);
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
-- Paid from home, even when a wallet in the item's currency is there.
SELECT converted_amount FROM mvm_exchange(3, 100, 3, 1);
SELECT amount, from_universe_id FROM mvm_buy(3, 1, 2);
SELECT universe_id, balance FROM mvm.wallets WHERE user_id = 3 ORDER BY 1;
-- All that is left, and one more.
SELECT quantity FROM mvm_buy(2, 4, 1);
SELECT code, message, detail FROM outcome('SELECT mvm_buy(2, 4, 1)');
-- To the last cent, and one more.
SELECT id FROM mvm_create_user('exact', 1, 5);
SELECT amount FROM mvm_buy(4, 1);
SELECT mvm_balance(4);
SELECT code, message, detail FROM outcome('SELECT mvm_buy(4, 1)');

-- Refusals, in the order of the rules: each call breaks its rule and later ones too.
SELECT id FROM mvm_list_item(1, 'Priceless', 92233720368547758.07, 9223372036854775807);
\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_buy(NULL, 1, 0)$$),
    ($$SELECT mvm_buy(1, NULL, 0)$$),
    ($$SELECT mvm_buy(1, 1, NULL)$$),
    ($$SELECT mvm_buy(999, 999, 0)$$),
    ($$SELECT mvm_buy(1, 1, -1)$$),
    ($$SELECT mvm_buy(1, 1, (-9223372036854775808)::bigint)$$),
    ($$SELECT mvm_buy(999, 999, 1)$$),
    ($$SELECT mvm_buy(0, 1, 1)$$),
    ($$SELECT mvm_buy(-1, 1, 1)$$),
    ($$SELECT mvm_buy(9223372036854775807, 1, 1)$$),
    ($$SELECT mvm_buy(1, 999, 1)$$),
    ($$SELECT mvm_buy(1, 0, 1)$$),
    ($$SELECT mvm_buy(1, -9223372036854775807, 1)$$),
    ($$SELECT mvm_buy(1, 4, 1000)$$),
    ($$SELECT mvm_buy(1, 2, 1000)$$),
    ($$SELECT mvm_buy(1, 2, 9223372036854775807)$$),
    ($$SELECT mvm_buy(2, 6, 2)$$),
    ($$SELECT mvm_buy(2, 6, 9223372036854775807)$$),
    ($$SELECT mvm_buy(2, 6, 1)$$),
    ($$SELECT mvm_buy(3, 6, 1)$$),
    ($$SELECT mvm_buy(4, 2, 50)$$)
) c (call), outcome(c.call) o;
\pset format aligned
-- A seller whose wallet cannot hold more.
SELECT id FROM mvm_create_user('full', 1, 92233720368547758.07);
SELECT id FROM mvm_list_item(5, 'Straw', 0.01, 1);
SELECT code, message, detail FROM outcome('SELECT mvm_buy(1, 7)');
-- The refused changed nothing.
SELECT id, stock FROM mvm.items ORDER BY id;
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT * FROM mvm_audit();
