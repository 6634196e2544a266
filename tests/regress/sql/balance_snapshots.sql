\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Balances of the past and pages of statements are counted from the nearest snapshot, however long a wallet's history is.
-- A shop that sells, buys and exchanges.
SELECT id FROM mvm_create_user('shop', 1, 1000);
SELECT id FROM mvm_list_item(4, 'Nail', 0.01, 1000000);
SELECT count(mvm_deposit(4, 1)) FROM generate_series(1, 300);
SELECT clock_timestamp() AS t1 \gset
SELECT count(mvm_buy(1, 4)) FROM generate_series(1, 300);
SELECT outcome, count(*) FROM mvm_buy_batch(array_fill(1, ARRAY[500]), array_fill(4, ARRAY[500]), array_fill(1, ARRAY[500])) GROUP BY 1;
SELECT clock_timestamp() AS t2 \gset
SELECT outcome, count(*) FROM mvm_exchange_batch(array_fill(4, ARRAY[100]), array_fill(1, ARRAY[100]), array_fill(1, ARRAY[100]),
    array_fill(2, ARRAY[100])) GROUP BY 1;
SELECT count(mvm_exchange(4, 0.1, 2, 1)) FROM generate_series(1, 200);
SELECT count(mvm_transfer(4, 1, 0.5)) FROM generate_series(1, 200);
SELECT count(mvm_withdraw(4, 0.5)) FROM generate_series(1, 200);
-- A refusal and what is rolled back leave none.
BEGIN;
SELECT count(mvm_deposit(4, 1)) FROM generate_series(1, 100);
ROLLBACK;
SELECT count(*) FROM mvm_buy_batch(array_fill(4, ARRAY[100]), array_fill(4, ARRAY[100]), array_fill(1, ARRAY[100]));
SELECT user_id, universe_id, count(*) AS snapshots FROM mvm.balance_snapshot GROUP BY 1, 2 ORDER BY 1, 2;
SELECT user_id, universe_id, max(legs) AS most_legs_between FROM (
    SELECT l.user_id, l.universe_id, count(*) AS legs FROM mvm.leg l
    WHERE l.account = 'wallet' AND l.user_id IN (1, 4) GROUP BY l.user_id, l.universe_id, (
        SELECT count(*) FROM mvm.balance_snapshot s
        WHERE s.user_id = l.user_id AND s.universe_id = l.universe_id AND s.before_id <= l.transaction_id)
) stretch GROUP BY 1, 2 ORDER BY 1, 2;
-- The time of each lies between those of the movements around it.
SELECT count(*) FROM mvm.balance_snapshot s JOIN mvm.leg l ON l.user_id = s.user_id AND l.universe_id = s.universe_id
WHERE CASE WHEN l.transaction_id < s.before_id THEN l.transaction_time > s.taken_at ELSE l.transaction_time < s.taken_at END;

-- Every page of every wallet is the ledger's, whichever snapshot it is counted from.
CREATE VIEW counted AS
SELECT user_id, universe_id, transaction_id, transaction_time, mvm.amount(amount_minor, 2) AS amount,
    mvm.amount(sum(amount_minor) OVER (PARTITION BY user_id, universe_id ORDER BY transaction_id)::bigint, 2) AS balance
FROM mvm.leg WHERE account = 'wallet';
SELECT count(*) AS lines, count(*) FILTER (WHERE (s.amount, s.balance) IS DISTINCT FROM (c.amount, c.balance)) AS wrong
FROM (VALUES (1, 1), (4, 1), (4, 2)) w (user_id, universe_id)
CROSS JOIN LATERAL (
    SELECT 0 AS transaction_id UNION ALL
    SELECT transaction_id FROM counted WHERE (user_id, universe_id) = (w.user_id, w.universe_id) ORDER BY 1
) a
CROSS JOIN LATERAL mvm_statement(w.user_id, w.universe_id, '-infinity', 'infinity', 2, a.transaction_id) s
LEFT JOIN counted c ON (c.user_id, c.universe_id, c.transaction_id) = (w.user_id, w.universe_id, s.transaction_id)
WHERE s.kind <> 'closing';
SELECT count(*) AS moments, count(*) FILTER (WHERE mvm_balance(user_id::bigint, universe_id, transaction_time) IS DISTINCT FROM COALESCE((
    SELECT b.balance FROM counted b WHERE (b.user_id, b.universe_id) = (c.user_id, c.universe_id)
        AND b.transaction_time < c.transaction_time ORDER BY b.transaction_id DESC LIMIT 1), 0.00)) AS wrong
FROM counted c WHERE user_id = 4 AND transaction_id % 4 = 0;
-- A page after one that the span does not reach closes with the span's end.
SELECT kind, balance = mvm_balance(4, 1, :'t1') AS as_at_the_end
FROM mvm_statement(4, 1, '-infinity', :'t1', 10, (SELECT max(transaction_id) FROM counted WHERE user_id = 4 AND universe_id = 1));
SELECT count(*), bool_and(transaction_time >= :'t2') FROM mvm_statement(4, 1, :'t2', 'infinity', 10, 0) WHERE kind <> 'closing';

-- A page reads few rows that it does not show.
-- By whichever index.
CREATE FUNCTION journal_rows_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(pg_stat_get_xact_tuples_fetched(indexrelid)) FROM pg_index WHERE indrelid = 'mvm.journal'::regclass
$$;
CREATE FUNCTION rows_read(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    before bigint := journal_rows_read();
BEGIN
    EXECUTE query;
    RETURN journal_rows_read() - before;
END $$;
SELECT 'a first page' AS what, rows_read($$SELECT FROM mvm_statement(4, 1, '-infinity', 'infinity', 10)$$) BETWEEN 10 AND 90 AS few
UNION ALL
SELECT 'any page', max(rows_read(format($$SELECT FROM mvm_statement(4, 1, '-infinity', 'infinity', 10, %s)$$, after_id))) BETWEEN 10 AND 90
FROM (SELECT transaction_id AS after_id FROM counted WHERE user_id = 4 AND universe_id = 1) page
UNION ALL
SELECT 'an old balance', rows_read(format($$SELECT mvm_balance(4, 1, %L)$$, :'t1')) BETWEEN 1 AND 90
UNION ALL
SELECT 'a late span', rows_read(format($$SELECT FROM mvm_statement(4, 1, %L, 'infinity', 10)$$, clock_timestamp())) BETWEEN 1 AND 90
UNION ALL
SELECT 'an empty one', rows_read($$SELECT FROM mvm_statement(4, 1, 'infinity', 'infinity', 10)$$) BETWEEN 1 AND 90;

-- A quiet wallet of a busy user is counted from the nearer side, one that is not there at once.
SELECT clock_timestamp() AS late \gset
SELECT converted_amount FROM mvm_exchange(4, 1, 1, 3);
SELECT clock_timestamp() AS latest \gset
SELECT 'after all' AS what, rows_read(format($$SELECT mvm_balance(4, 3, %L)$$, :'latest')) <= 150 AS few, mvm_balance(4, 3, :'latest')
UNION ALL
SELECT 'no wallet', rows_read(format($$SELECT mvm_balance(1, 3, %L)$$, :'latest')) = 0, mvm_balance(1, 3, :'latest');
SELECT mvm_balance(4, 3, :'late') AS before_it, mvm_balance(4, 3, '-infinity') AS at_first;
SELECT kind, amount, balance FROM mvm_statement(4, 3, :'late', 'infinity');
SELECT kind, amount, balance FROM mvm_statement(4, 3, '-infinity', 'infinity');
SELECT kind, amount, balance FROM mvm_statement(1, 3, '-infinity', 'infinity');

-- Between the two rows of a capture, which are of one time, the sum may be more than a balance can be.
BEGIN;
SELECT id FROM mvm_reserve(2, 1, 1);
SELECT amount FROM mvm_deposit(2, 92233720368547758.07 - mvm_balance(2));
SELECT amount FROM mvm_capture(1);
SELECT clock_timestamp() AS captured \gset
SELECT mvm_balance(2), mvm_balance(2, at => 'infinity') AS too;
SELECT kind, balance FROM mvm_statement(2, 2, :'captured', 'infinity');
SELECT kind, amount, balance FROM mvm_statement(2, 2, '-infinity', 'infinity');
SELECT mvm_balance(2, 2, transaction_time) FROM mvm.transactions WHERE kind = 'purchase' AND user_id = 2;
SELECT * FROM mvm_audit();
ROLLBACK;

-- The audit sees a snapshot that is not what the ledger says, of all and of what came after a checkpoint.
SELECT * FROM mvm_audit();
SELECT checkpoint_id, violations FROM mvm_audit_checkpoint();
SELECT count(mvm_deposit(4, 1)) FROM generate_series(1, 100);
SELECT count(mvm_buy(1, 4)) FROM generate_series(1, 100);
SELECT * FROM mvm_audit(1);
BEGIN;
SET session_replication_role = replica;
SELECT violations_after($$UPDATE mvm.balance_snapshot SET balance_minor = balance_minor + 1 WHERE before_id = (
    SELECT min(before_id) FROM mvm.balance_snapshot WHERE user_id = 4)$$) LIKE 'snapshot_equals_ledger user 4 universe 1 before transaction %' AS told;
SELECT violations_after($$UPDATE mvm.balance_snapshot SET balance_minor = balance_minor - 1 WHERE before_id = (
    SELECT max(before_id) FROM mvm.balance_snapshot WHERE user_id = 1)$$) LIKE 'snapshot_equals_ledger user 1 universe 1 before transaction %' AS told;
SELECT violations_after($$UPDATE mvm.balance_snapshot SET balance_minor = balance_minor - 1 WHERE before_id = (
    SELECT max(before_id) FROM mvm.balance_snapshot WHERE user_id = 1)$$, 1) LIKE 'snapshot_equals_ledger user 1 universe 1 before transaction %' AS told;
SELECT violations_after($$INSERT INTO mvm.balance_snapshot SELECT 4, max(id) + 1, 5, clock_timestamp(), 2 FROM mvm.journal$$, 1)
    LIKE 'snapshot_equals_ledger user 4 universe 2 before transaction %, snapshot_is_of_transaction user 4 universe 2 %' AS told;
SELECT violations_after($$UPDATE mvm.balance_snapshot SET taken_at = taken_at + interval '1 microsecond' WHERE before_id = (
    SELECT max(before_id) FROM mvm.balance_snapshot WHERE user_id = 1)$$) LIKE 'snapshot_is_of_transaction user 1 universe 1 %' AS told;
SELECT violations_after($$UPDATE mvm.balance_snapshot SET taken_at = taken_at - interval '1 microsecond' WHERE before_id = (
    SELECT max(before_id) FROM mvm.balance_snapshot WHERE user_id = 1)$$, 1) LIKE 'snapshot_is_of_transaction user 1 universe 1 %' AS told;
ROLLBACK;
-- It is not changed. A wrong one, as a wallet leaves that was changed by hand for a while, may go.
BEGIN;
UPDATE mvm.wallet SET balance_minor = balance_minor + 100 WHERE user_id = 4 AND universe_id = 1;
SELECT count(mvm_deposit(4, 1)) FROM generate_series(1, 64);
UPDATE mvm.wallet SET balance_minor = balance_minor - 100 WHERE user_id = 4 AND universe_id = 1;
SELECT check_name, actual - expected AS too_much FROM mvm_audit();
DELETE FROM mvm.balance_snapshot WHERE before_id = (SELECT max(before_id) FROM mvm.balance_snapshot WHERE user_id = 4);
SELECT * FROM mvm_audit();
SELECT mvm_balance(4) = mvm_balance(4, at => 'infinity') AS right_again;
ROLLBACK;
\pset format unaligned
SELECT o.* FROM outcome($$UPDATE mvm.balance_snapshot SET balance_minor = 1$$) o;
\pset format aligned

-- A market that comes from 1.0 has the snapshots of its past, too.
SET client_min_messages = warning;
DROP EXTENSION mvm CASCADE;
RESET client_min_messages;
CREATE EXTENSION mvm VERSION '1.0';
SELECT mvm_seed() IS NOT NULL AS seeded;
SELECT count(mvm_deposit(1, 2)) FROM generate_series(1, 200);
SELECT count(mvm_exchange(1, 1, 1, 2)) FROM generate_series(1, 200);
SELECT count(mvm_buy(1, 1)) FROM generate_series(1, 5);
ALTER EXTENSION mvm UPDATE TO '1.1';
SELECT user_id, universe_id, count(*) FROM mvm.balance_snapshot GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM mvm_audit();
SELECT count(*) AS lines, count(*) FILTER (WHERE s.balance IS DISTINCT FROM (
    SELECT sum(l.amount) FROM mvm.ledger l WHERE l.account = 'wallet' AND l.user_id = 1 AND l.universe_id = 1
        AND l.transaction_id <= s.transaction_id)) AS wrong
FROM (SELECT 0 AS id UNION ALL SELECT id FROM mvm.transactions WHERE user_id = 1) a
CROSS JOIN LATERAL mvm_statement(1, 1, '-infinity', 'infinity', 1, a.id) s WHERE s.kind <> 'closing';
SELECT rows_read(format($$SELECT FROM mvm_statement(1, 1, '-infinity', 'infinity', 10, %s)$$, max(id) - 50)) BETWEEN 10 AND 150 AS few
FROM mvm.transactions;
ALTER EXTENSION mvm UPDATE TO '1.0';
SELECT count(mvm_deposit(1, 2)) FROM generate_series(1, 100);
ALTER EXTENSION mvm UPDATE TO '1.1';
SELECT count(mvm_deposit(1, 2)) FROM generate_series(1, 100);
SELECT * FROM mvm_audit();
SELECT kind, balance = mvm_balance(1) AS is_the_present FROM mvm_statement(1, 1, 'infinity', 'infinity');
