\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A call is one statement in the caller's transaction.
CREATE FUNCTION market() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(r, E'\n' ORDER BY r)) FROM (
        SELECT 'wallet ' || w::text AS r FROM mvm.wallet w
        UNION ALL SELECT 'item ' || i::text FROM mvm.item i
        UNION ALL SELECT 'universe ' || u::text FROM mvm.universe u
        UNION ALL SELECT 'user ' || a::text FROM mvm.user_account a
        UNION ALL SELECT 'journal ' || j::text FROM mvm.journal j
        UNION ALL SELECT 'key ' || k::text FROM mvm.idempotency_key k) rows
$$;
SELECT market() AS before \gset
-- A rollback undoes every call.
BEGIN;
SELECT id FROM mvm_create_universe('Gone', 'GON', 1);
SELECT username FROM mvm_create_user('gone', 1, 10);
SELECT name FROM mvm_list_item(1, 'Gone', 1, 1);
SELECT amount FROM mvm_deposit(1, 1, NULL, 'gone');
SELECT amount FROM mvm_withdraw(1, 1);
SELECT converted_amount FROM mvm_exchange(1, 100, 1, 2);
SELECT amount FROM mvm_buy(1, 1);
SELECT exchange_rate FROM mvm_set_exchange_rate(1, 2);
SELECT market() <> :'before' AS changed;
SELECT * FROM mvm_audit();
ROLLBACK;
SELECT market() = :'before' AS unchanged;
-- A refused call ends the transaction like any error, and undoes it.
BEGIN;
SELECT amount FROM mvm_deposit(1, 1);
SELECT mvm_buy(1, 999);
SELECT amount FROM mvm_deposit(1, 1);
COMMIT;
SELECT market() = :'before' AS unchanged;
-- Savepoints.
BEGIN;
SELECT amount FROM mvm_withdraw(1, 1);
SAVEPOINT a;
SELECT amount FROM mvm_withdraw(1, 2);
SELECT amount FROM mvm_buy(1, 1, 2);
ROLLBACK TO a;
SELECT amount FROM mvm_withdraw(1, 4);
SELECT mvm_balance(1);
COMMIT;
SELECT mvm_balance(1), (SELECT stock FROM mvm.items WHERE id = 1);
-- Exception blocks: what was refused left nothing, what was caught is undone.
DO $$
BEGIN
    PERFORM mvm_withdraw(1, 5);
    BEGIN
        PERFORM mvm_withdraw(1, 10);
        PERFORM mvm_withdraw(1, 100000);
    EXCEPTION WHEN SQLSTATE 'MV101' THEN
        RAISE NOTICE '%: %', SQLSTATE, SQLERRM;
    END;
    PERFORM mvm_deposit(1, 5);
END $$;
SELECT mvm_balance(1);

-- Many calls in one statement: each sees the one before.
SELECT count(*), sum((b).amount) FROM (SELECT mvm_buy(1, 1, 1) AS b FROM generate_series(1, 10)) s;
SELECT mvm_balance(1), (SELECT stock FROM mvm.items WHERE id = 1);
SELECT mvm_balance(1) = balance AS same FROM mvm.wallets WHERE user_id = 1;
SELECT (mvm_exchange(1, 1, 1, 2)).converted_amount FROM generate_series(1, 3);
-- A user buys and sells in one statement, back and forth over the same rows.
-- (Sequences do not roll back: the new ids follow those of the undone calls.)
SELECT id AS ball FROM mvm_list_item(1, 'Ball', 1, 100) \gset
SELECT id AS thrower FROM mvm_create_user('thrower', 1, 100) \gset
SELECT id AS bat FROM mvm_list_item(:thrower, 'Bat', 1, 100) \gset
SELECT count(mvm_buy(:thrower, :ball)), count(mvm_buy(1, :bat)), count(mvm_deposit(1, 1)), count(mvm_withdraw(:thrower, 1))
FROM generate_series(1, 20);
SELECT mvm_balance(1), mvm_balance(:thrower);
-- The statement fails in the middle: none of it happened.
SELECT market() AS before \gset
SELECT mvm_withdraw(:thrower, 30) IS NOT NULL FROM generate_series(1, 10);
SELECT market() = :'before' AS unchanged;
-- Each argument from a table.
SELECT b.quantity, b.amount FROM (VALUES (1, :bat, 1), (:thrower, :ball, 2), (1, :bat, 3)) o (buyer, item, pieces),
    LATERAL mvm_buy(o.buyer, o.item, o.pieces) b;

-- In PL/pgSQL, in a common table expression, in CREATE TABLE AS.
CREATE FUNCTION pay_twice(payer bigint) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
    trade mvm.trades;
BEGIN
    trade := mvm_buy(payer, 1);
    SELECT * INTO trade FROM mvm_buy(payer, 1, 2);
    RETURN trade.amount;
END $$;
SELECT pay_twice(1);
SELECT pay_twice(:thrower);
DROP FUNCTION pay_twice(bigint);
WITH a AS MATERIALIZED (SELECT amount FROM mvm_withdraw(1, 1)), b AS MATERIALIZED (SELECT amount FROM mvm_withdraw(1, 2))
SELECT a.amount + b.amount AS both FROM a, b;
CREATE TEMPORARY TABLE receipt AS SELECT amount, quantity FROM mvm_buy(1, 1, 2);
TABLE receipt;
-- In a cursor: as many calls as rows fetched.
SELECT mvm_balance(1) AS before \gset
BEGIN;
DECLARE sales NO SCROLL CURSOR FOR SELECT (mvm_withdraw(1, 1)).amount FROM generate_series(1, 100);
FETCH 2 FROM sales;
SELECT :before - mvm_balance(1) AS withdrawn;
FETCH 1 FROM sales;
CLOSE sales;
SELECT :before - mvm_balance(1) AS withdrawn;
COMMIT;
-- Prepared, beyond the calls that plan afresh, and across a rate change.
PREPARE buying(bigint, bigint, bigint) AS SELECT amount FROM mvm_buy($1, $2, $3);
EXECUTE buying(1, 2, 1);
EXECUTE buying(1, 2, 1);
EXECUTE buying(1, 2, 1);
EXECUTE buying(1, 2, 1);
EXECUTE buying(1, 2, 1);
EXECUTE buying(1, 2, 1);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5);
EXECUTE buying(1, 2, 1);
EXECUTE buying(1, 999, 1);
EXECUTE buying(1, 2, 1);
-- The extension made anew under a prepared statement and a warm session.
DROP EXTENSION mvm;
CREATE EXTENSION mvm;
SELECT mvm_seed() IS NOT NULL AS loaded;
EXECUTE buying(1, 2, 1);
DEALLOCATE buying;
DROP FUNCTION market();

-- Read-only transactions may read, and are refused before anything is written.
BEGIN READ ONLY;
SELECT mvm_balance(1), mvm_convert(1, 1, 2), (SELECT count(*) FROM mvm_trades(1));
SELECT * FROM mvm_audit();
COMMIT;
SET default_transaction_read_only = on;
SELECT c.call, o.code, o.message FROM (VALUES
    ($$SELECT mvm_buy(1, 1)$$),
    ($$SELECT mvm_buy(1, 1, 1, 'key')$$),
    ($$SELECT mvm_exchange(1, 1, 1, 2)$$),
    ($$SELECT mvm_deposit(1, 1)$$),
    ($$SELECT mvm_withdraw(1, 1)$$),
    ($$SELECT mvm_create_universe('x', 'x', 1)$$),
    ($$SELECT mvm_set_exchange_rate(1, 1)$$),
    ($$SELECT mvm_create_user('x', 1)$$),
    ($$SELECT mvm_list_item(1, 'x', 1, 1)$$),
    ($$SELECT mvm_purge_idempotency_keys()$$),
    ($$SELECT mvm_purge_quotes()$$)
) c (call), outcome(c.call) o;
RESET default_transaction_read_only;
-- Every level works the same when nobody else is there.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT amount FROM mvm_withdraw(1, 1);
SELECT amount FROM mvm_withdraw(1, 1);
SELECT converted_amount FROM mvm_exchange(1, 1, 1, 3);
SELECT converted_amount FROM mvm_exchange(1, 1, 1, 3);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT amount FROM mvm_buy(1, 1);
SELECT amount FROM mvm_buy(1, 1);
COMMIT;
SELECT mvm_balance(1);
SELECT * FROM mvm_audit();
