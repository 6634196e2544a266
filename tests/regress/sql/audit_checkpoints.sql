\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- An audit of what came after a checkpoint finds what mvm_audit() finds there, without reading what was before.
-- What is in flight at a checkpoint is in tests/isolation/specs/audit_checkpoint_in_flight.spec.
SELECT * FROM mvm_audit(1);
SELECT * FROM mvm_audit(NULL);
SELECT count(*) FROM mvm.audit_checkpoints;
-- A transaction that is rolled back leaves a gap in the ids.
BEGIN;
SELECT id FROM mvm_deposit(1, 1);
ROLLBACK;
SELECT id FROM mvm_deposit(1, 1);
SELECT * FROM mvm_audit_checkpoint();
SELECT id, made_at <= clock_timestamp() AS made, last_transaction_id FROM mvm.audit_checkpoints;
SELECT * FROM mvm_audit(1);

-- Every kind of movement after it; the audit agrees with the ledger about each.
SELECT id FROM mvm_list_item(2, 'Rover', 100, 10);
SELECT sale_fee_rate, exchange_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05, exchange_fee_rate => 0.01);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT id FROM mvm_deposit(1, 5, NULL, 'key');
SELECT id FROM mvm_withdraw(1, 5);
SELECT transaction_id FROM mvm_exchange(1, 100, 1, 2);
SELECT id FROM mvm_buy(1, 4, 3);
SELECT id FROM mvm_buy(2, 2, 3);
SELECT id FROM mvm_buy(3, 1, 1);
SELECT id FROM mvm_transfer(1, 3, 7);
SELECT id FROM mvm_refund(13, 1);
SELECT id FROM mvm_refund(14, 2);
SELECT id FROM mvm_restock(4, 5);
SELECT id FROM mvm_reserve(1, 4, 2);
SELECT id FROM mvm_capture(1, 1);
SELECT id FROM mvm_reserve(3, 4, 1);
SELECT id FROM mvm_reserve(1, 1, 1);
SELECT id FROM mvm_release(3);
SELECT id FROM mvm_create_user('late', 2, 12);
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 0.7);
SELECT * FROM mvm_audit(1);
SELECT * FROM mvm_audit();

-- Damage done after the checkpoint, to what was there before it and to what came later.
CREATE FUNCTION damage(statement text) RETURNS TABLE (check_name text, subject text, off_by numeric) LANGUAGE plpgsql AS $$
DECLARE
    since bigint := (SELECT id FROM mvm.audit_checkpoints);
BEGIN
    ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
    ALTER TABLE mvm.wallet DISABLE TRIGGER wallet_rows_stay;
    ALTER TABLE mvm.item DISABLE TRIGGER item_rows_stay;
    ALTER TABLE mvm.refund DISABLE TRIGGER refund_append_only;
    ALTER TABLE mvm.user_account DISABLE TRIGGER user_account_rows_stay;
    EXECUTE statement;
    RETURN QUERY SELECT 'since: ' || a.check_name, a.subject, trim_scale(a.actual - a.expected)
        FROM mvm_audit(since) a ORDER BY 1, 2;
    RETURN QUERY SELECT 'all: ' || a.check_name, a.subject, trim_scale(a.actual - a.expected)
        FROM mvm_audit() a ORDER BY 1, 2;
END $$;
BEGIN;
SELECT * FROM damage($$UPDATE mvm.wallet SET balance_minor = balance_minor + 1 WHERE user_id = 3 AND universe_id = 3$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$INSERT INTO mvm.wallet (user_id, universe_id, balance_minor) VALUES (3, 2, 5)$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$DELETE FROM mvm.wallet WHERE user_id = 2 AND universe_id = 2$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$UPDATE mvm.item SET stock = stock + 1 WHERE id = 3$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$DELETE FROM mvm.item WHERE id = 2$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$UPDATE mvm.hold SET paid_minor = paid_minor + 1 WHERE id = 2$$);
ROLLBACK;
-- A journal row made up, in a gap of the ids and at the end; one changed, one gone.
BEGIN;
SELECT * FROM damage($$INSERT INTO mvm.journal (id, transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor,
    received_minor, from_rate, to_rate) VALUES (7, now(), 1, 'd', 1, 1, 5, 5, 1, 1)$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$INSERT INTO mvm.journal (transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor,
    received_minor, from_rate, to_rate) VALUES (now(), 99, 'd', 1, 1, 5, 5, 1, 1)$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$UPDATE mvm.journal SET received_minor = received_minor + 1000 WHERE kind = 'x'$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$ALTER TABLE mvm.journal DROP CONSTRAINT journal_kind_complete;
    UPDATE mvm.journal SET received_minor = received_minor + 1 WHERE id = 14$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$UPDATE mvm.journal SET quantity = quantity + 3 WHERE id = 17$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$DELETE FROM mvm.journal WHERE idempotency_key = 'key'$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$DELETE FROM mvm.refund WHERE refund_id = 17$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$INSERT INTO mvm.refund VALUES (14, 1000, 1)$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$UPDATE mvm.idempotency_key SET transaction_id = 1$$);
ROLLBACK;
BEGIN;
SELECT * FROM damage($$ALTER TABLE mvm.universe DISABLE TRIGGER universe_rate_change_is_recorded;
    UPDATE mvm.universe SET exchange_rate = 2 WHERE id = 1$$);
ROLLBACK;
SELECT setval('mvm.item_id_seq', 1);
SELECT * FROM mvm_audit(1);
SELECT setval('mvm.item_id_seq', 4);
-- What it cannot see: damage to journal rows from before the checkpoint.
BEGIN;
SELECT * FROM damage($$UPDATE mvm.journal SET paid_minor = paid_minor + 1, received_minor = received_minor + 1 WHERE id = 1$$);
ROLLBACK;
-- Damage that was put right is gone, whatever was traded meanwhile.
BEGIN;
UPDATE mvm.wallet SET balance_minor = balance_minor + 100 WHERE user_id = 1 AND universe_id = 1;
SELECT * FROM mvm_audit(1);
SELECT amount FROM mvm_withdraw(1, 1);
UPDATE mvm.wallet SET balance_minor = balance_minor - 100 WHERE user_id = 1 AND universe_id = 1;
SELECT * FROM mvm_audit(1);
ROLLBACK;

-- The next checkpoint starts from the one before, and only the latest can be audited from.
SELECT * FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit(2);
\pset format unaligned
SELECT c.call, o.* FROM (VALUES
    ($$SELECT * FROM mvm_audit(1)$$),
    ($$SELECT * FROM mvm_audit(3)$$),
    ($$SELECT * FROM mvm_audit(-1)$$),
    ($$SELECT * FROM mvm_audit(NULL)$$),
    ($$SET TRANSACTION READ ONLY; SELECT mvm_audit_checkpoint()$$)
) c (call), outcome(c.call) o;
\pset format aligned
SELECT id FROM mvm_release(2);
SELECT id FROM mvm_buy(1, 1);
SELECT * FROM mvm_audit(2);
BEGIN;
SELECT * FROM damage($$UPDATE mvm.hold SET state = 'a' WHERE id = 2$$);
ROLLBACK;
SELECT user_id, universe_id, w.balance_minor - a.balance_minor AS moved_since
FROM mvm.wallet w FULL JOIN mvm.audit_wallet a USING (user_id, universe_id)
WHERE w.balance_minor IS DISTINCT FROM a.balance_minor ORDER BY 1, 2;
-- A damaged market gets no checkpoint; the damage stays in sight until it is put right.
UPDATE mvm.item SET stock = stock - 1 WHERE id = 1;
SELECT * FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit_checkpoint(anew => true);
SELECT * FROM mvm_audit(2);
UPDATE mvm.item SET stock = stock + 1 WHERE id = 1;
SELECT * FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit(3);
-- Damage to what was before a checkpoint is found by a checkpoint made anew.
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET paid_minor = paid_minor + 1, received_minor = received_minor + 1 WHERE id = 1;
SELECT * FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit_checkpoint(anew => true);
ROLLBACK;
SELECT * FROM mvm_audit_checkpoint(true);
SELECT * FROM mvm_audit(4);

-- In one transaction with trades, and at REPEATABLE READ.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT id FROM mvm_buy(1, 1);
SELECT * FROM mvm_audit_checkpoint();
SELECT id FROM mvm_buy(1, 1);
SELECT * FROM mvm_audit(5);
COMMIT;
SELECT * FROM mvm_audit(5);
BEGIN;
SAVEPOINT a;
SELECT id FROM mvm_buy(1, 1);
ROLLBACK TO a;
SELECT id FROM mvm_buy(1, 1);
SELECT * FROM mvm_audit_checkpoint();
SAVEPOINT b;
SELECT id FROM mvm_buy(1, 1);
RELEASE b;
COMMIT;
SELECT * FROM mvm_audit(6);
SELECT * FROM mvm_audit();

-- Many rows before, few after: the journal is reached through its primary key alone, whatever the planner expects.
INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
SELECT clock_timestamp(), 'd', 1, 1, 1, 1, 1, 1, 1 FROM generate_series(1, 20000);
UPDATE mvm.wallet SET balance_minor = balance_minor + 20000 WHERE user_id = 1 AND universe_id = 1;
SELECT mvm_relink_journal() AS linked;
VACUUM ANALYZE mvm.journal;
SELECT * FROM mvm_audit_checkpoint();
SELECT id FROM mvm_refund(14);
SELECT id FROM mvm_deposit(1, 1, NULL, 'another');
SELECT pg_stat_force_next_flush();
SELECT pg_stat_get_numscans('mvm.journal'::regclass) AS scans_before \gset
SELECT * FROM mvm_audit(7);
SELECT pg_stat_force_next_flush();
SELECT pg_stat_get_numscans('mvm.journal'::regclass) - :scans_before AS scans_of_the_whole_journal;

-- Who may: the reader audits, the operator makes checkpoints.
CREATE ROLE regress_mvm_auditor;
SELECT mvm_grant('regress_mvm_auditor', 'reader') IS NOT NULL AS granted;
SET ROLE regress_mvm_auditor;
SELECT count(*) FROM mvm_audit((SELECT id FROM mvm.audit_checkpoints));
SELECT mvm_audit_checkpoint();
RESET ROLE;
DROP OWNED BY regress_mvm_auditor;
DROP ROLE regress_mvm_auditor;
-- Holds and their ends are known, and a hold that the journal does not know is found.
SELECT violations FROM mvm_audit_checkpoint(true);
SELECT max(id) AS checkpoint FROM mvm.audit_checkpoints \gset
SELECT id AS hold FROM mvm_reserve(1, 1, 2, '1 day') \gset
SELECT id AS other FROM mvm_reserve(1, 1, 3, '1 day') \gset
SELECT quantity FROM mvm_capture(:hold, 1);
SELECT * FROM mvm_audit(:checkpoint);
UPDATE mvm.hold SET paid_minor = paid_minor + 1 WHERE id = :other;
SELECT check_name, actual - expected AS more FROM mvm_audit(:checkpoint);
UPDATE mvm.hold SET paid_minor = paid_minor - 1, state = 'r' WHERE id = :other;
SELECT check_name FROM mvm_audit(:checkpoint);
UPDATE mvm.hold SET state = 'a' WHERE id = :other;
SELECT violations FROM mvm_audit_checkpoint();
SELECT state FROM mvm_release(:other);
SELECT max(id) AS checkpoint FROM mvm.audit_checkpoints \gset
SELECT * FROM mvm_audit(:checkpoint);
SELECT * FROM mvm_audit();

-- Holds and quotes that were made before, and made or ended since, pass; what was done to them does not.
SELECT id AS before FROM mvm_reserve(1, 1, 2, '1 day') \gset
SELECT id AS kept FROM mvm_reserve(1, 1, 2, '1 day') \gset
SELECT id AS quote FROM mvm_quote(1, 10, 1, 2, '5 minutes') \gset
SELECT violations FROM mvm_audit_checkpoint();
SELECT max(id) AS checkpoint FROM mvm.audit_checkpoints \gset
SELECT id AS later FROM mvm_reserve(1, 1, 3, '1 day') \gset
SELECT id AS partly FROM mvm_reserve(1, 4, 3, '1 day') \gset
SELECT id AS swept FROM mvm_reserve(1, 1, 1, '1 ms') \gset
SELECT id AS expired FROM mvm_quote(1, 10, 1, 2, '1 ms') \gset
SELECT id AS open FROM mvm_quote(1, 10, 1, 2, '5 minutes') \gset
SELECT state FROM mvm_release(:before);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 3.25);
SELECT id AS purchase FROM mvm_capture(:partly, 1) \gset
SELECT quantity FROM mvm_refund(:purchase);
SELECT pg_sleep(0.01);
SELECT mvm_sweep_holds();
SELECT transaction_id > 0 AS done FROM mvm_accept_quote(:quote);
SELECT * FROM mvm_audit(:checkpoint);
SELECT * FROM mvm_audit();
\pset format unaligned
SELECT t.what, t.changed, violations_after(replace(t.changed, '#', t.id::text), :checkpoint) FROM (VALUES
    ('made since', :later, 'UPDATE mvm.hold SET quantity = 1000 WHERE id = #; SELECT mvm_release(#)'),
    ('made since', :later, 'UPDATE mvm.hold SET buyer_id = 3 WHERE id = #; SELECT mvm_release(#)'),
    ('made since', :later, 'UPDATE mvm.hold SET item_id = 2 WHERE id = #; SELECT mvm_release(#)'),
    ('made since', :later, 'UPDATE mvm.hold SET from_universe_id = 2 WHERE id = #'),
    ('made since', :later, 'UPDATE mvm.hold SET from_rate = 2 WHERE id = #'),
    ('made since', :later, 'UPDATE mvm.hold SET to_rate = 0.001 WHERE id = #'),
    ('made since', :later, $$UPDATE mvm.hold SET state = 'e' WHERE id = #$$),
    ('made since', :later, 'ALTER TABLE mvm.hold DISABLE TRIGGER hold_rows_stay; DELETE FROM mvm.hold WHERE id = #'),
    ('made since', :later, $$INSERT INTO mvm.journal (transaction_time, user_id, item_id, quantity, paid_minor, received_minor, from_universe_id, to_universe_id, kind,
        from_rate, to_rate, reference_id)
        SELECT transaction_time, user_id, item_id, quantity, paid_minor, received_minor, from_universe_id, to_universe_id, kind,
        from_rate, to_rate, reference_id FROM mvm.journal WHERE kind = 'h' AND reference_id = #$$),
    ('ended since', :before, 'UPDATE mvm.hold SET quantity = 1000 WHERE id = #'),
    ('ended since', :before, 'UPDATE mvm.hold SET buyer_id = 2 WHERE id = #'),
    ('ended since', :before, $$UPDATE mvm.hold SET state = 'c', captured_quantity = 1 WHERE id = #$$),
    ('captured since', :partly, 'UPDATE mvm.hold SET captured_quantity = 2 WHERE id = #'),
    ('captured since', :partly, 'UPDATE mvm.hold SET price_minor = 1 WHERE id = #'),
    ('captured since', :partly, 'UPDATE mvm.hold SET seller_id = 3 WHERE id = #'),
    ('captured since', :partly, $$UPDATE mvm.hold SET state = 'e', captured_quantity = 0 WHERE id = #$$),
    ('made before', :kept, 'UPDATE mvm.hold SET paid_minor = paid_minor + 1 WHERE id = #; SELECT mvm_release(#)'),
    ('accepted since', :quote, 'UPDATE mvm.quote SET user_id = 2 WHERE id = #'),
    ('accepted since', :quote, 'UPDATE mvm.quote SET received_minor = received_minor + 1 WHERE id = #'),
    ('accepted since', :quote, 'UPDATE mvm.quote SET fee_minor = fee_minor + 1 WHERE id = #'),
    ('accepted since', :quote, 'UPDATE mvm.quote SET to_rate = 3.25 WHERE id = #'),
    ('accepted since', :quote, 'UPDATE mvm.quote SET transaction_id = NULL WHERE id = #'),
    ('open', :open, 'UPDATE mvm.quote SET received_minor = 1000000, to_rate = 1000000 WHERE id = #; SELECT mvm_accept_quote(#)')
) t (what, id, changed);
-- What only mvm_audit() sees: a hold or quote that no later row names, and one against a row that is older.
SELECT t.changed, violations_after(replace(t.changed, '#', t.id::text), :checkpoint), violations_after(replace(t.changed, '#', t.id::text))
FROM (VALUES
    (:kept, 'UPDATE mvm.hold SET quantity = 1000 WHERE id = #'),
    (:kept, 'UPDATE mvm.hold SET quantity = 1000 WHERE id = #; SELECT mvm_release(#)'),
    (:open, 'UPDATE mvm.quote SET transaction_id = 1 WHERE id = #')
) t (id, changed);
\pset format aligned
SELECT * FROM mvm_audit(:checkpoint);
SELECT * FROM mvm_audit();
