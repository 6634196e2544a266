\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Trades of a user as buyer or seller, newest first, a page at a time.
SELECT id FROM mvm_list_item(1, 'Lamp', 1, 100);
DO $$
BEGIN
    FOR i IN 1 .. 5 LOOP
        PERFORM mvm_buy(1, 1, i);
        PERFORM mvm_buy(2, 4, i);
        PERFORM mvm_buy(3, 3, i);
    END LOOP;
END $$;
SELECT buyer_id, seller_id, item_id, quantity, amount FROM mvm_trades(1);
SELECT buyer_id, seller_id, item_id, quantity, amount FROM mvm_trades(user_id => 1, max_rows => 3);
SELECT buyer_id, item_id, quantity FROM mvm_trades(2);
-- Pages by keyset meet every trade once.
WITH RECURSIVE pages (page, ids) AS (
    SELECT 1, ARRAY(SELECT id FROM mvm_trades(1, 3))
    UNION ALL
    SELECT page + 1, ARRAY(SELECT id FROM mvm_trades(1, 3, ids[cardinality(ids)])) FROM pages WHERE cardinality(ids) > 0
)
SELECT page, cardinality(ids) FROM pages ORDER BY page;
WITH RECURSIVE pages (ids) AS (
    SELECT ARRAY(SELECT id FROM mvm_trades(1, 3))
    UNION ALL
    SELECT ARRAY(SELECT id FROM mvm_trades(1, 3, ids[cardinality(ids)])) FROM pages WHERE cardinality(ids) > 0
)
SELECT ARRAY(SELECT unnest(ids) FROM pages) = ARRAY(SELECT id FROM mvm.trades WHERE 1 IN (buyer_id, seller_id) ORDER BY id DESC) AS whole;
SELECT count(*) FROM mvm_trades(1, 2147483647);
SELECT count(*) FROM mvm_trades(1, 100, 0);
SELECT count(*) FROM mvm_trades(1, 100, 9223372036854775807);
SELECT count(*) FROM mvm_trades(1, before_id => NULL);
-- A user without trades has none, which is no error.
SELECT id FROM mvm_create_user('newcomer', 1);
SELECT count(*) FROM mvm_trades(4);
SELECT c.call, o.code, o.message FROM (VALUES
    ($$SELECT mvm_trades(NULL)$$),
    ($$SELECT mvm_trades(999)$$),
    ($$SELECT mvm_trades(999, 0)$$),
    ($$SELECT mvm_trades(1, 0)$$),
    ($$SELECT mvm_trades(1, -1)$$),
    ($$SELECT mvm_trades(1, NULL)$$)
) c (call), outcome(c.call) o;
-- Same rows as the view, in the select list too, and as far as a reader wants them.
SELECT (mvm_trades(1, 2)).quantity;
SELECT count(*) FROM (SELECT * FROM mvm_trades(1) EXCEPT SELECT * FROM mvm.trades) x;
SELECT quantity FROM mvm_trades(1) LIMIT 1;
-- The views.
SELECT user_id, universe_id, balance FROM mvm.wallets ORDER BY 1, 2;
SELECT id, username, universe_id, balance FROM mvm.users ORDER BY 1;
SELECT id, name, universe_id, seller_id, price, stock FROM mvm.items ORDER BY 1;
SELECT kind, count(*) FROM mvm.transactions GROUP BY 1 ORDER BY 1;
-- Times and ids of the journal agree.
SELECT bool_and(earlier <= transaction_time) AS times_in_order
FROM (SELECT transaction_time, lag(transaction_time) OVER (ORDER BY id) AS earlier FROM mvm.transactions) t;
SELECT * FROM mvm_audit();
