\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Every audit rule finds what it is there to find: each table is tampered with as
-- only its owner could, and put right again.
SELECT transaction_id > 0 AS done FROM mvm_exchange(1, 100, 1, 2);
SELECT id > 0 AS done FROM mvm_buy(1, 2, 3);
SELECT id > 0 AS done FROM mvm_deposit(1, 5, NULL, 'key');
SELECT * FROM mvm_audit();

-- A wallet that the ledger does not explain.
BEGIN;
UPDATE mvm.wallet SET balance_minor = balance_minor + 1 WHERE user_id = 1 AND universe_id = 1;
SELECT * FROM mvm_audit();
ROLLBACK;
-- A wallet made up, and one gone.
BEGIN;
INSERT INTO mvm.wallet (user_id, universe_id, balance_minor) VALUES (3, 1, 5);
ALTER TABLE mvm.wallet DISABLE TRIGGER wallet_rows_stay;
DELETE FROM mvm.wallet WHERE user_id = 2;
SELECT * FROM mvm_audit() ORDER BY 2;
ROLLBACK;
-- Stock that no movement explains.
BEGIN;
UPDATE mvm.item SET stock = stock + 1 WHERE id = 2;
SELECT * FROM mvm_audit();
ROLLBACK;
-- An item gone from under its trades.
BEGIN;
ALTER TABLE mvm.item DISABLE TRIGGER item_rows_stay;
DELETE FROM mvm.item WHERE id = 2;
SELECT check_name, count(*) FROM mvm_audit() GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- A user gone.
BEGIN;
ALTER TABLE mvm.user_account DISABLE TRIGGER user_account_rows_stay;
ALTER TABLE mvm.wallet DROP CONSTRAINT wallet_user_id_fkey;
DELETE FROM mvm.user_account WHERE id = 3;
SELECT * FROM mvm_audit();
ROLLBACK;
-- A journal row made up, changed, and gone.
BEGIN;
INSERT INTO mvm.journal (transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
VALUES (now(), 1, 'd', 1, 1, 5, 5, 1, 1);
SELECT check_name, subject, trim_scale(actual - expected) AS off_by FROM mvm_audit();
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET paid_minor = paid_minor - 1 WHERE kind = 'x';
SELECT check_name, subject, trim_scale(actual - expected) AS off_by FROM mvm_audit() ORDER BY 1, 2;
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET received_minor = received_minor + 1 WHERE kind = 'x';
SELECT check_name, count(*) FROM mvm_audit() GROUP BY 1 ORDER BY 1;
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET to_rate = to_rate / 2 WHERE kind = 'x';
SELECT check_name, count(*) FROM mvm_audit() GROUP BY 1 ORDER BY 1;
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET quantity = quantity + 1 WHERE kind = 'p';
SELECT check_name, subject, trim_scale(actual - expected) AS off_by FROM mvm_audit();
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
DELETE FROM mvm.journal WHERE idempotency_key = 'key';
SELECT check_name, count(*) FROM mvm_audit() GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- A key that answers with a transaction of someone else.
BEGIN;
UPDATE mvm.idempotency_key SET transaction_id = 1;
SELECT * FROM mvm_audit();
ROLLBACK;
-- A sequence that would give out ids again.
BEGIN;
SELECT setval('mvm.item_id_seq', 1);
SELECT * FROM mvm_audit();
SELECT setval('mvm.item_id_seq', 3);
ROLLBACK;
SELECT * FROM mvm_audit();

-- Holds and quotes, however they end, pass.
SELECT sale_fee_rate, exchange_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05, exchange_fee_rate => 0.01);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT id AS rover FROM mvm_list_item(2, 'Rover', 7, 100) \gset
SELECT id, state FROM mvm_reserve(1, :rover, 4, '1 day');
SELECT id, state FROM mvm_reserve(1, :rover, 2, '1 day');
SELECT id, state FROM mvm_reserve(2, 1, 1, '1 day');
SELECT id, state FROM mvm_reserve(2, 1, 1, '1 day');
SELECT id, state FROM mvm_reserve(1, :rover, 3, '1 day');
SELECT id FROM mvm_reserve(1, 1, 1, '1 ms');
SELECT id, state FROM mvm_quote(1, 10, 1, 2, '5 minutes');
SELECT id, state FROM mvm_quote(1, 10, 2, 1, '1 ms');
SELECT id, state FROM mvm_quote(1, 10, 1, 2, '5 minutes');
SELECT * FROM mvm_audit();
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 3.5);
SELECT quantity FROM mvm_capture(1, 1);
SELECT id AS purchase, quantity FROM mvm_capture(2) \gset
SELECT state FROM mvm_release(3);
SELECT pg_sleep(0.01);
SELECT mvm_sweep_holds();
SELECT transaction_id > 0 AS done FROM mvm_accept_quote(1);
SELECT quantity FROM mvm_refund(:purchase, 1);
SELECT quantity FROM mvm_refund(:purchase);
SELECT id, state FROM mvm.holds ORDER BY id;
SELECT id, state FROM mvm.quotes ORDER BY id;
SELECT * FROM mvm_audit();
SELECT mvm_purge_quotes('0');
SELECT * FROM mvm_audit();

-- A hold that was changed gives back something else than was set aside, or to somebody else.
\pset format unaligned
SELECT t.statement, violations_after(t.statement) FROM (VALUES
    ('UPDATE mvm.hold SET quantity = 1000 WHERE id = 4; SELECT mvm_release(4)'),
    ('UPDATE mvm.hold SET buyer_id = 1 WHERE id = 4; SELECT mvm_release(4)'),
    ('UPDATE mvm.hold SET item_id = 2 WHERE id = 4; SELECT mvm_release(4)'),
    ('UPDATE mvm.hold SET quantity = 1000 WHERE id = 4'),
    ('UPDATE mvm.hold SET buyer_id = 1 WHERE id = 4'),
    ('UPDATE mvm.hold SET item_id = 2 WHERE id = 4'),
    ('UPDATE mvm.hold SET from_universe_id = 1 WHERE id = 4'),
    ('UPDATE mvm.hold SET from_rate = 1 WHERE id = 4'),
    ('UPDATE mvm.hold SET paid_minor = paid_minor + 1 WHERE id = 3'),
    -- What it was captured at.
    ('UPDATE mvm.hold SET captured_quantity = 2 WHERE id = 1'),
    ('UPDATE mvm.hold SET price_minor = 1 WHERE id = 1'),
    ('UPDATE mvm.hold SET seller_id = 3 WHERE id = 1'),
    ('UPDATE mvm.hold SET to_universe_id = 3 WHERE id = 1'),
    ('UPDATE mvm.hold SET to_rate = 3.5 WHERE id = 1'),
    -- How it ended.
    ($$UPDATE mvm.hold SET state = 'r', captured_quantity = 0 WHERE id = 1$$),
    ($$UPDATE mvm.hold SET state = 'a' WHERE id = 3$$),
    ($$UPDATE mvm.hold SET state = 'c', captured_quantity = 1 WHERE id = 3$$),
    ($$UPDATE mvm.hold SET state = 'r' WHERE id = 4$$),
    -- A rate that there never was.
    ('UPDATE mvm.hold SET to_rate = 0.001 WHERE id = 5'),
    ('UPDATE mvm.hold SET to_rate = 1000 WHERE id = 5; SELECT mvm_capture(5)'),
    -- Rows made up, and gone.
    ($$INSERT INTO mvm.hold SELECT 99, buyer_id, item_id, seller_id, quantity, captured_quantity, price_minor, paid_minor,
        created_at, expires_at, from_universe_id, to_universe_id, 'r', from_rate, to_rate FROM mvm.hold WHERE id = 3$$),
    ('ALTER TABLE mvm.hold DISABLE TRIGGER hold_rows_stay; DELETE FROM mvm.hold WHERE id = 3'),
    ($$INSERT INTO mvm.journal (transaction_time, user_id, item_id, quantity, paid_minor, received_minor, from_universe_id, to_universe_id, kind,
        from_rate, to_rate, reference_id)
        SELECT transaction_time, user_id, item_id, quantity, paid_minor, received_minor, from_universe_id, to_universe_id, kind,
        from_rate, to_rate, reference_id FROM mvm.journal WHERE kind = 'h' AND reference_id = 4$$),
    ($$ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
        UPDATE mvm.journal SET reference_id = 6 WHERE kind IN ('h', 'u') AND reference_id = 3$$),
    ($$ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
        UPDATE mvm.journal SET reference_id = NULL WHERE kind = 'p' AND reference_id = 1$$)
) t (statement);
-- A quote that was changed credits something else, or to somebody else.
SELECT t.statement, violations_after(t.statement) FROM (VALUES
    ('UPDATE mvm.quote SET received_minor = 1000000, to_rate = 1000000 WHERE id = 3; SELECT mvm_accept_quote(3)'),
    ('UPDATE mvm.quote SET received_minor = 1000000 WHERE id = 3; SELECT mvm_accept_quote(3)'),
    ('UPDATE mvm.quote SET from_rate = 0.001 WHERE id = 3'),
    ('UPDATE mvm.quote SET user_id = 2 WHERE id = 1'),
    ('UPDATE mvm.quote SET paid_minor = paid_minor + 1 WHERE id = 1'),
    ('UPDATE mvm.quote SET received_minor = received_minor + 1 WHERE id = 1'),
    ('UPDATE mvm.quote SET fee_minor = fee_minor + 1 WHERE id = 1'),
    ('UPDATE mvm.quote SET from_universe_id = 3 WHERE id = 1'),
    ('UPDATE mvm.quote SET to_universe_id = 3 WHERE id = 1'),
    ('UPDATE mvm.quote SET to_rate = 3.5 WHERE id = 1'),
    ('UPDATE mvm.quote SET transaction_id = NULL WHERE id = 1'),
    ('UPDATE mvm.quote SET transaction_id = 1 WHERE id = 3'),
    ('ALTER TABLE mvm.quote DISABLE TRIGGER quote_stays_unless_expired; DELETE FROM mvm.quote WHERE id = 1'),
    ($$ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
        UPDATE mvm.journal SET reference_id = NULL WHERE kind = 'x' AND reference_id = 1$$)
) t (statement);
-- What it cannot see.
SELECT t.statement, violations_after(t.statement) FROM (VALUES
    ($$ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
        UPDATE mvm.journal SET transaction_time = transaction_time - interval '1 day'$$),
    ($$ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
        UPDATE mvm.journal SET from_rate = from_rate * 2, to_rate = to_rate * 2 WHERE kind = 'x' AND reference_id IS NULL$$),
    ('UPDATE mvm.item SET price_minor = price_minor + 1'),
    ('UPDATE mvm.hold SET price_minor = 1 WHERE id = 5'),
    ('UPDATE mvm.quote SET received_minor = received_minor + 1 WHERE id = 3')
) t (statement);
\pset format aligned
SELECT * FROM mvm_audit();
