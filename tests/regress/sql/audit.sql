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
