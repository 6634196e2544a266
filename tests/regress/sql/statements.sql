\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Balances of the past and statements: every movement of a wallet, with the balance that it left.
-- A user's own item on Mars, with a sale fee there, a tariff on the way, and an exchange fee.
SELECT id FROM mvm_list_item(2, 'Rover', 100, 10);
SELECT id FROM mvm_list_item(1, 'Cup', 3, 100);
SELECT sale_fee_rate, exchange_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05, exchange_fee_rate => 0.01);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT clock_timestamp() AS t0 \gset
SELECT amount FROM mvm_deposit(1, 500);
SELECT amount, tariff, received_amount, fee FROM mvm_buy(1, 4, 3);
SELECT amount, tariff, received_amount, fee FROM mvm_buy(1, 2, 1);
SELECT clock_timestamp() AS t1 \gset
SELECT amount, converted_amount, fee FROM mvm_exchange(1, 100, 1, 2);
SELECT amount FROM mvm_transfer(1, 2, 7);
SELECT amount FROM mvm_transfer(2, 1, 11, 2);
SELECT amount FROM mvm_transfer(3, 1, 0.5);
SELECT amount FROM mvm_withdraw(1, 20);
SELECT id FROM mvm_restock(5, 5);
SELECT id FROM mvm_list_item(1, 'Bowl', 3, 100);
SELECT clock_timestamp() AS t2 \gset
SELECT amount, received_amount, fee, tariff FROM mvm_refund((SELECT id FROM mvm.trades WHERE item_id = 4), 1);
SELECT amount FROM mvm_buy(2, 5, 4);
SELECT outcome FROM mvm_buy_batch(ARRAY[2, 3, 1], ARRAY[5, 5, 1], ARRAY[1, 2, 1]);
SELECT id, amount FROM mvm_reserve(1, 4, 2);
SELECT amount, tariff, received_amount, fee FROM mvm_capture(1, 1);
SELECT id, amount FROM mvm_reserve(1, 1, 2);
SELECT id, amount FROM mvm_release(2);
SELECT clock_timestamp() AS t3 \gset

-- All of it, of two wallets of one user.
SELECT transaction_id, kind, counterparty_id, item_id, quantity, amount, balance FROM mvm_statement(1, 1, '-infinity', 'infinity');
SELECT transaction_id, kind, counterparty_id, item_id, quantity, amount, balance FROM mvm_statement(1, 2, '-infinity', 'infinity');
-- A span: what was before is in the opening, what came after is not in the closing.
SELECT transaction_id, kind, counterparty_id, amount, balance FROM mvm_statement(1, 1, :'t1', :'t2');
SELECT kind, transaction_time = :'t1' AS opened, transaction_time = :'t2' AS closed FROM mvm_statement(1, 1, :'t1', :'t2')
WHERE kind IN ('opening', 'closing');
SELECT mvm_balance(1, 1, :'t0') AS t0, mvm_balance(1, 1, :'t1') AS t1, mvm_balance(1, at => :'t2') AS t2,
    mvm_balance(1, 1, :'t3') AS t3, mvm_balance(1) AS now, mvm_balance(1, NULL, NULL) AS now_too,
    mvm_balance(1, 1, 'infinity') AS last, mvm_balance(1, 1, '-infinity') AS first, mvm_balance(1, 2, :'t1') AS mars_before;
-- Half-open: a movement belongs to the span that begins with it.
SELECT transaction_id, transaction_time AS moment, transaction_time + interval '1 microsecond' AS moment_after
FROM mvm_statement(1, 1, '-infinity', 'infinity') WHERE kind = 'withdrawal' \gset withdrawal_
SELECT mvm_balance(1, 1, :'withdrawal_moment') - mvm_balance(1, 1, :'withdrawal_moment_after') AS taken;
SELECT kind, amount, balance FROM mvm_statement(1, 1, :'withdrawal_moment', :'withdrawal_moment_after');
SELECT kind, amount, balance FROM mvm_statement(1, 1, :'withdrawal_moment_after', :'withdrawal_moment_after');
SELECT kind, amount, balance FROM mvm_statement(1, 1, :'withdrawal_moment', :'withdrawal_moment');
-- No wallet, no movement.
SELECT kind, amount, balance FROM mvm_statement(3, 2, '-infinity', 'infinity');

-- Pages continue the balance; the first opens, the last closes.
SELECT transaction_id, kind, amount, balance FROM mvm_statement(1, 1, :'t0', :'t3', max_rows => 3);
SELECT transaction_id, kind, amount, balance FROM mvm_statement(1, 1, :'t0', :'t3', 3, after_id => 12);
SELECT transaction_id, kind, amount, balance FROM mvm_statement(1, 1, :'t0', :'t3', 100, after_id => 14);
SELECT kind, balance FROM mvm_statement(1, 1, :'t0', :'t3', 100, after_id => 1000);
SELECT count(*), min(kind), max(kind) FROM mvm_statement(1, 1, :'t0', :'t1', 1, after_id => 0);

-- Every wallet, span and size of a page against the legs of the ledger.
CREATE FUNCTION pages(who bigint, place integer, from_time timestamptz, to_time timestamptz, size integer)
RETURNS TABLE (transaction_id bigint, kind text, amount numeric, balance numeric) LANGUAGE plpgsql AS $$
DECLARE
    line record;
    after bigint;
    rows integer;
BEGIN
    LOOP
        rows := 0;
        FOR line IN SELECT * FROM mvm_statement(who, place, from_time, to_time, size, after) LOOP
            transaction_id := line.transaction_id;
            kind := line.kind;
            amount := line.amount;
            balance := line.balance;
            after := COALESCE(line.transaction_id, after);
            rows := rows + (line.transaction_id IS NOT NULL)::integer;
            RETURN NEXT;
        END LOOP;
        IF rows > size THEN
            RAISE EXCEPTION 'a page of % has % rows', size, rows;
        END IF;
        EXIT WHEN line IS NULL OR line.kind = 'closing';
    END LOOP;
END $$;
CREATE VIEW legs AS
SELECT user_id, universe_id, transaction_id, transaction_time, mvm.amount(amount_minor, 2) AS amount
FROM mvm.leg WHERE account = 'wallet';
CREATE FUNCTION expected(who bigint, place integer, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (transaction_id bigint, kind text, amount numeric, balance numeric) LANGUAGE sql AS $$
    SELECT NULL::bigint, 'opening', NULL::numeric, (SELECT COALESCE(sum(l.amount), 0.00) FROM legs l
        WHERE l.user_id = who AND l.universe_id = place AND l.transaction_time < from_time)
    UNION ALL
    (SELECT l.transaction_id, t.kind, l.amount, (SELECT sum(b.amount) FROM legs b
        WHERE b.user_id = who AND b.universe_id = place AND b.transaction_id <= l.transaction_id)
    FROM legs l JOIN mvm.transactions t ON t.id = l.transaction_id
    WHERE l.user_id = who AND l.universe_id = place AND l.transaction_time >= from_time AND l.transaction_time < to_time
    ORDER BY l.transaction_id)
    UNION ALL
    SELECT NULL, 'closing', NULL, (SELECT COALESCE(sum(l.amount), 0.00) FROM legs l
        WHERE l.user_id = who AND l.universe_id = place AND l.transaction_time < to_time)
$$;
WITH span AS (
    SELECT who, place, f.t AS from_time, u.t AS to_time, size,
        array(SELECT p FROM pages(who, place, f.t, u.t, size) p)::text AS pages,
        array(SELECT e FROM expected(who, place, f.t, u.t) e)::text AS expected
    FROM generate_series(1, 3) AS who, generate_series(1, 3) AS place,
        (VALUES (:'t0'::timestamptz), (:'t1'), (:'t2'), ('-infinity'), (:'withdrawal_moment')) AS f (t),
        (VALUES (:'t1'::timestamptz), (:'t2'), (:'t3'), ('infinity'), (:'withdrawal_moment'), (:'withdrawal_moment_after')) AS u (t),
        unnest(ARRAY[1, 2, 3, 100]) AS size
    WHERE f.t <= u.t
)
SELECT count(*) AS spans, count(*) FILTER (WHERE pages <> expected) AS wrong FROM span;
SELECT count(*) AS balances, count(*) FILTER (WHERE mvm_balance(who, place, l.transaction_time) <> b.balance) AS wrong
FROM generate_series(1, 3) AS who, generate_series(1, 3) AS place, mvm.transactions l,
    LATERAL (SELECT COALESCE(sum(amount), 0) AS balance FROM legs p
        WHERE p.user_id = who AND p.universe_id = place AND p.transaction_time < l.transaction_time) b;

-- In one snapshot with what the transaction itself does.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT amount FROM mvm_deposit(3, 1);
SELECT kind, amount, balance FROM mvm_statement(3, 3, :'t3', 'infinity');
SELECT mvm_balance(3), mvm_balance(3, 3, :'t3');
ROLLBACK;
-- A user who bought from themselves, as only the owner of the tables can have it: one line, both movements.
BEGIN;
INSERT INTO mvm.journal (transaction_time, kind, user_id, counterparty_id, item_id, quantity, paid_minor, received_minor,
    from_universe_id, to_universe_id, from_rate, to_rate, fee_minor)
VALUES (clock_timestamp(), 'p', 3, 3, 5, 1, 300, 200, 3, 3, 0.75, 0.75, 100);
UPDATE mvm.wallet SET balance_minor = balance_minor - 100 WHERE user_id = 3 AND universe_id = 3;
SELECT mvm_relink_journal() AS linked;
SELECT kind, counterparty_id, amount, balance FROM mvm_statement(3, 3, :'t3', 'infinity');
ROLLBACK;

\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT mvm_balance(NULL, 1, now())$$),
    ($$SELECT mvm_balance(999, 1, now())$$),
    ($$SELECT mvm_balance(1, 999, now())$$),
    ($$SELECT * FROM mvm_statement(NULL, 1, now(), now())$$),
    ($$SELECT * FROM mvm_statement(1, NULL, now(), now())$$),
    ($$SELECT * FROM mvm_statement(1, 1, NULL, now())$$),
    ($$SELECT * FROM mvm_statement(1, 1, now(), NULL)$$),
    ($$SELECT * FROM mvm_statement(1, 1, now(), now(), NULL)$$),
    ($$SELECT * FROM mvm_statement(1, 1, now(), now(), 0)$$),
    ($$SELECT * FROM mvm_statement(1, 1, now(), now(), -1)$$),
    ($$SELECT * FROM mvm_statement(1, 1, now(), now(), 100001)$$),
    ($$SELECT * FROM mvm_statement(1, 1, 'infinity', now())$$),
    ($$SELECT * FROM mvm_statement(999, 999, now(), now())$$),
    ($$SELECT * FROM mvm_statement(1, 999, now(), now())$$),
    ($$SELECT * FROM mvm_statement(1, 1, now(), now(), 100000, NULL)$$)
) c (call), outcome(c.call) o;
-- A journal that cannot explain a balance is said to be so, not wrapped around.
BEGIN;
INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
SELECT clock_timestamp(), 'w', 1, 1, 1, 9223372036854775807, 9223372036854775807, 1, 1 FROM generate_series(1, 3);
SELECT mvm_relink_journal() AS linked;
SELECT o.* FROM outcome($$SELECT * FROM mvm_statement(1, 1, '-infinity', 'infinity')$$) o;
SELECT o.* FROM outcome($$SELECT mvm_balance(1, 1, '-infinity')$$) o;
ROLLBACK;
\pset format aligned

SELECT * FROM mvm_audit();

-- A market of 1.0 has the balances of now; brought to 1.1, it has statements of all that was, and who might call
-- mvm_balance still may.
SET client_min_messages = warning;
DROP EXTENSION mvm CASCADE;
RESET client_min_messages;
CREATE EXTENSION mvm VERSION '1.0';
SELECT mvm_seed() IS NOT NULL AS seeded;
SELECT amount FROM mvm_buy(1, 2);
SELECT mvm_balance(1), mvm_balance(1, 1);
SELECT amount FROM mvm_trades(1);
CREATE ROLE regress_mvm_accountant;
GRANT EXECUTE ON FUNCTION mvm_balance(bigint, integer) TO regress_mvm_accountant;
ALTER EXTENSION mvm UPDATE TO '1.1';
SELECT kind, amount, balance FROM mvm_statement(1, 1, '-infinity', 'infinity');
SELECT has_function_privilege('regress_mvm_accountant', 'mvm_balance(bigint, integer, timestamptz)', 'EXECUTE') AS kept,
    has_function_privilege('public', 'mvm_balance(bigint, integer, timestamptz)', 'EXECUTE') AS everybody;
DROP OWNED BY regress_mvm_accountant;
DROP ROLE regress_mvm_accountant;
