\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- Each journal row names the row before it of every wallet that it moves, each wallet its last row: histories are walks along
-- these links.

-- A row of every kind.
SELECT sale_fee_rate FROM mvm_set_rules(1, sale_fee_rate => 0.1);
SELECT tariff_rate FROM mvm_set_route(2, 1, true, 0.05);
SELECT id FROM mvm_create_user('seller', 1, 50);
SELECT id FROM mvm_create_user('penniless', 2);
SELECT id FROM mvm_list_item(4, 'Lamp', 20, 40);
SELECT kind FROM mvm_restock(4, 10);
SELECT kind FROM mvm_deposit(5, 500);
SELECT kind FROM mvm_withdraw(5, 20);
SELECT kind FROM mvm_transfer(1, 5, 10);
SELECT converted_amount FROM mvm_exchange(5, 100, 2, 1);
SELECT seller_id FROM mvm_buy(1, 4, 3);
SELECT seller_id FROM mvm_buy(5, 4, 2);
SELECT seller_id FROM mvm_buy(2, 1, 1);
SELECT seller_id FROM mvm_buy(5, 4, 5, pay_from => ARRAY[1, 2]);
SELECT kind FROM mvm_refund((SELECT max(id) FROM mvm.trades WHERE buyer_id = 1), 1);
SELECT kind FROM mvm_refund((SELECT max(id) FROM mvm.trades WHERE buyer_id = 2));
SELECT id FROM mvm_reserve(1, 4, 2);
SELECT id FROM mvm_reserve(5, 4, 1);
SELECT id FROM mvm_reserve(1, 1, 1);
SELECT quantity FROM mvm_capture(1, 1);
SELECT state FROM mvm_release(2);
SELECT quantity FROM mvm_capture(3);
SELECT q.id, (mvm_accept_quote(q.id)).converted_amount FROM mvm_quote(2, 10, 2, 3, interval '1 minute') q;
SELECT kind, count(*) FROM mvm.transactions GROUP BY kind ORDER BY kind;
SELECT * FROM mvm_audit();
-- The links of each wallet are its rows in the order of their ids, whatever they move.
SELECT count(*) AS links, count(*) FILTER (WHERE previous_id IS DISTINCT FROM before) AS wrong
FROM (SELECT *, lag(journal_id, 1, 0::bigint) OVER (PARTITION BY user_id, universe_id ORDER BY journal_id) AS before FROM mvm.link) l;
SELECT count(*) AS wallets, count(*) FILTER (WHERE last_journal_id IS DISTINCT FROM (
    SELECT COALESCE(max(journal_id), 0) FROM mvm.link l WHERE (l.user_id, l.universe_id) = (w.user_id, w.universe_id))) AS wrong
FROM mvm.wallet w;
-- Rows that move no wallet name none.
SELECT DISTINCT kind FROM mvm.journal WHERE from_previous_id IS NULL AND to_previous_id IS NULL ORDER BY kind;

-- A user's transactions and trades, newest first and by pages, are those of the views.
SELECT u.id, count(*) AS rows,
    array_agg(t.id) = (SELECT array_agg(v.id ORDER BY v.id DESC) FROM mvm.transactions v WHERE u.id IN (v.user_id, v.counterparty_id)) AS right
FROM mvm.users u CROSS JOIN LATERAL mvm_transactions(u.id, 1000) t GROUP BY u.id ORDER BY u.id;
SELECT count(*) AS rows, count(*) FILTER (WHERE t IS DISTINCT FROM v) AS wrong
FROM mvm.users u CROSS JOIN LATERAL mvm_transactions(u.id, 1000) t LEFT JOIN mvm.transactions v ON v.id = t.id;
SELECT count(*) AS pages, count(*) FILTER (WHERE p.ids IS DISTINCT FROM (
    SELECT array_agg(v.id ORDER BY v.id DESC) FROM (SELECT id FROM mvm.transactions v
        WHERE p.user_id IN (v.user_id, v.counterparty_id) AND v.id < p.before_id ORDER BY id DESC LIMIT 3) v)) AS wrong
FROM (
    SELECT u.id AS user_id, b AS before_id, (SELECT array_agg(t.id) FROM mvm_transactions(u.id, 3, b) t) AS ids
    FROM mvm.users u, generate_series(1, (SELECT max(id) + 1 FROM mvm.transactions)) b
) p;
SELECT count(*) AS pages, count(*) FILTER (WHERE p.ids IS DISTINCT FROM (
    SELECT array_agg(v.id ORDER BY v.id DESC) FROM (SELECT id FROM mvm.trades v
        WHERE p.user_id IN (v.buyer_id, v.seller_id) AND v.id < p.before_id ORDER BY id DESC LIMIT 2) v)) AS wrong
FROM (
    SELECT u.id AS user_id, b AS before_id, (SELECT array_agg(t.id) FROM mvm_trades(u.id, 2, b) t) AS ids
    FROM mvm.users u, generate_series(1, (SELECT max(id) + 1 FROM mvm.transactions)) b
) p;
SELECT count(*) FROM mvm_transactions(1, 10, 1);
SELECT o.* FROM (VALUES ('SELECT mvm_transactions(99)'), ('SELECT mvm_transactions(1, 0)'), ('SELECT mvm_transactions(NULL)')) c (call),
    outcome(c.call) o;
-- So are statements and balances of the past.
CREATE VIEW counted AS
SELECT user_id, universe_id, transaction_id, transaction_time,
    mvm.amount(sum(sum(amount_minor)) OVER (PARTITION BY user_id, universe_id ORDER BY transaction_id)::bigint, 2) AS balance
FROM mvm.leg WHERE account = 'wallet' GROUP BY user_id, universe_id, transaction_id, transaction_time;
CREATE FUNCTION wrong_statements() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM mvm.wallets w
    CROSS JOIN LATERAL (
        SELECT array_agg((s.transaction_id, s.balance)) AS lines FROM mvm_statement(w.user_id, w.universe_id, '-infinity', 'infinity', 100000) s
        WHERE s.transaction_id IS NOT NULL
    ) s
    WHERE s.lines IS DISTINCT FROM (
        SELECT array_agg((c.transaction_id, c.balance) ORDER BY c.transaction_id) FROM counted c
        WHERE (c.user_id, c.universe_id) = (w.user_id, w.universe_id))
$$;
SELECT wrong_statements();

-- Long histories: in one batch, in many calls, and with no snapshot of the balance to enter at.
SELECT count(*) FROM mvm_buy_batch(array_fill(5, ARRAY[150]), array_fill(1, ARRAY[150]), array_fill(1, ARRAY[150])) WHERE outcome = 'ok';
SELECT count(*) FROM generate_series(1, 1500) n, mvm_deposit(5, n / 100.0, 1 + n % 2);
SELECT count(*) FROM mvm.balance_snapshot WHERE user_id = 5;
SELECT wrong_statements(), (SELECT count(*) FROM mvm_audit()) AS violations;
BEGIN;
DELETE FROM mvm.balance_snapshot;
SELECT wrong_statements();
SELECT count(*) AS moments, count(*) FILTER (WHERE mvm_balance(5, universe_id, transaction_time) IS DISTINCT FROM COALESCE((
    SELECT b.balance FROM counted b WHERE (b.user_id, b.universe_id) = (5, c.universe_id)
        AND b.transaction_time < c.transaction_time ORDER BY b.transaction_id DESC LIMIT 1), 0.00)) AS wrong
FROM counted c WHERE user_id = 5 AND transaction_id % 100 = 0;
ROLLBACK;

-- Repair: all right, nothing changes; all unknown, everything is as before.
SELECT mvm_relink_journal();
CREATE TABLE link_before AS SELECT * FROM mvm.link;
CREATE TABLE wallet_before AS SELECT * FROM mvm.wallet;
CREATE TABLE snapshot_before AS SELECT * FROM mvm.balance_snapshot;
CREATE TABLE row_before AS SELECT * FROM mvm.journal;
SET session_replication_role = replica;
UPDATE mvm.journal SET from_previous_id = NULL, to_previous_id = NULL;
UPDATE mvm.wallet SET last_journal_id = NULL;
UPDATE mvm.balance_snapshot SET last_journal_id = NULL;
RESET session_replication_role;
-- Unknown is never none.
SELECT o.* FROM (VALUES ('SELECT mvm_trades(1)'), ('SELECT mvm_transactions(1, 1)'), ('SELECT mvm_balance(1, 1, ''-infinity'')'),
    ('SELECT mvm_statement(5, 1, ''-infinity'', ''infinity'')')) c (call), outcome(c.call) o;
SELECT check_name, count(*) FROM mvm_audit() GROUP BY check_name ORDER BY check_name;
-- Trades go on, and what is new is linked to what is not known.
SELECT kind FROM mvm_deposit(1, 1);
SELECT kind FROM mvm_transactions(1, 1);
SELECT code FROM outcome('SELECT mvm_transactions(1, 2)');
SELECT code, message FROM outcome('SELECT mvm_relink_journal() FROM mvm.wallet');
SELECT mvm_relink_journal() AS linked \gset
SELECT :linked = (SELECT count(DISTINCT journal_id) FROM mvm.link) + (SELECT count(*) FROM mvm.wallet)
    + (SELECT count(*) FROM mvm.balance_snapshot) - 1 AS all_but_the_wallet_of_the_deposit;
SELECT count(*) FROM (SELECT * FROM link_before EXCEPT SELECT * FROM mvm.link) x;
SELECT count(*) FROM (SELECT * FROM wallet_before EXCEPT SELECT * FROM mvm.wallet) x;
SELECT count(*) FROM (SELECT * FROM snapshot_before EXCEPT SELECT * FROM mvm.balance_snapshot) x;
SELECT count(*) FROM (SELECT * FROM row_before EXCEPT SELECT * FROM mvm.journal) x;
SELECT wrong_statements(), (SELECT count(*) FROM mvm_audit()) AS violations;
-- What hangs on the tables is still there.
SELECT tgname FROM pg_trigger WHERE tgrelid = 'mvm.journal'::regclass AND NOT tgisinternal AND tgenabled = 'O';
SELECT conname FROM pg_constraint WHERE conrelid IN ('mvm.journal'::regclass, 'mvm.wallet'::regclass, 'mvm.balance_snapshot'::regclass) AND contype <> 'n' ORDER BY 1;
SELECT c.relname, i.indisvalid, i.indisprimary FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid IN ('mvm.journal'::regclass, 'mvm.wallet'::regclass, 'mvm.balance_snapshot'::regclass) ORDER BY 1;
SELECT code, message FROM outcome('DELETE FROM mvm.journal');
-- Columns of the owner's come along.
ALTER TABLE mvm.journal ADD COLUMN note text, ADD COLUMN gone integer DEFAULT 7;
ALTER TABLE mvm.journal DROP COLUMN gone;
ALTER TABLE mvm.wallet ADD COLUMN twice bigint GENERATED ALWAYS AS (balance_minor * 2) STORED;
SELECT id FROM mvm_deposit(1, 2);
SELECT mvm_relink_journal();
-- To the snapshot of a statement that has linked the rows itself, the tables are empty, too.
SELECT mvm_relink_journal() AS changed, mvm_balance(1) <> 0 AS has_money, (SELECT count(*) > 0 FROM mvm_transactions(1, 3)) AS has_rows;
SELECT count(*) FILTER (WHERE twice = balance_minor * 2) = count(*) AS kept FROM mvm.wallet;
SELECT mvm_balance(1);
SELECT * FROM mvm_audit();

-- Damage is said to be so.
SELECT max(journal_id) AS last, max(previous_id) AS before FROM mvm.link WHERE user_id = 1 AND universe_id = 1 \gset
SELECT c.call, o.code, o.message, o.detail FROM (VALUES
    ('UPDATE mvm.journal SET to_previous_id = 2 WHERE id = :last'),
    ('UPDATE mvm.journal SET to_previous_id = 1000000 WHERE id = :last'),
    ('UPDATE mvm.journal SET to_previous_id = NULL WHERE id = :last'),
    ('UPDATE mvm.wallet SET last_journal_id = 2 WHERE user_id = 1'),
    ('UPDATE mvm.wallet SET last_journal_id = 1000000 WHERE user_id = 1'),
    ('DELETE FROM mvm.journal WHERE id = :before')
) c (call), outcome(format($$DO $do$ BEGIN
    ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only; %s;
    PERFORM FROM mvm_transactions(1, 100); END $do$ $$, replace(replace(c.call, ':last', :'last'), ':before', :'before'))) o;

-- Rows that the primary key has lost are not lost by the relink. (An index that is not ready gets no entries.)
BEGIN;
UPDATE pg_index SET indisready = false WHERE indexrelid = 'mvm.journal_pkey'::regclass;
INSERT INTO mvm.journal (transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
VALUES (now(), 1, 'd', 1, 1, 5, 5, 1, 1);
UPDATE pg_index SET indisready = true WHERE indexrelid = 'mvm.journal_pkey'::regclass;
SELECT code, message FROM outcome('SELECT mvm_relink_journal()');
REINDEX TABLE mvm.journal;
SELECT mvm_relink_journal() > 0 AS linked;
ROLLBACK;

-- For the tables' owner alone, and nowhere to be written.
CREATE ROLE mvm_chain_stranger;
GRANT EXECUTE ON FUNCTION mvm_relink_journal() TO mvm_chain_stranger;
SET ROLE mvm_chain_stranger;
SELECT code, message FROM outcome('SELECT mvm_relink_journal()');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION mvm_relink_journal() FROM mvm_chain_stranger;
DROP ROLE mvm_chain_stranger;
BEGIN READ ONLY;
SELECT code, message FROM outcome('SELECT mvm_relink_journal()');
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT mvm_relink_journal();
COMMIT;
-- A savepoint's rows are on the chain until it is rolled back.
BEGIN;
SAVEPOINT one;
SELECT kind FROM mvm_deposit(1, 3);
SELECT kind, amount FROM mvm_transactions(1, 1);
ROLLBACK TO one;
SELECT kind, amount FROM mvm_transactions(1, 1);
SELECT kind FROM mvm_deposit(1, 4);
SELECT kind, amount FROM mvm_transactions(1, 2);
COMMIT;
SELECT * FROM mvm_audit();

-- Triggers of the owner's that read histories in the middle of a call.
CREATE TABLE seen_on_the_way (tg_table text, rows bigint, balance numeric, counted numeric);
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen_on_the_way SELECT TG_TABLE_NAME || ' ' || TG_WHEN, (SELECT count(*) FROM mvm_transactions(1, 10000)),
        mvm_balance(1, 1), (SELECT balance FROM mvm_statement(1, 1, '-infinity', 'infinity', 10000) WHERE kind = 'closing');
    RETURN NEW;
END $$;
CREATE TRIGGER look_before BEFORE INSERT ON mvm.journal FOR EACH ROW EXECUTE FUNCTION look();
CREATE TRIGGER look_after AFTER INSERT ON mvm.journal FOR EACH ROW EXECUTE FUNCTION look();
CREATE TRIGGER look_before BEFORE UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION look();
CREATE TRIGGER look_after AFTER UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION look();
SELECT count(*) AS before FROM mvm_transactions(1, 10000) \gset
SELECT amount FROM mvm_transfer(1, 4, 10);
SELECT outcome, count(*) FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[4, 4], ARRAY[1, 1]) GROUP BY outcome;
SELECT tg_table, rows - :before AS more, balance = counted AS agree, count(*) FROM seen_on_the_way GROUP BY 1, 2, 3 ORDER BY 1, 2;
DROP TRIGGER look_before ON mvm.journal;
DROP TRIGGER look_after ON mvm.journal;
DROP TRIGGER look_before ON mvm.wallet;
DROP TRIGGER look_after ON mvm.wallet;
SELECT * FROM mvm_audit();

-- Digests: a checkpoint's is over the one before and the rows since.
SELECT * FROM mvm_audit_checkpoint();
SELECT nextval('mvm.journal_id_seq') AS gap \gset
SELECT kind FROM mvm_deposit(2, 1);
SELECT * FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit_checkpoint();
SELECT * FROM mvm_audit_checkpoint(anew => true);
SELECT v.id, v.digest = v.computed AS same, v.last_transaction_id = (SELECT max(id) FROM mvm.transactions) AS all FROM mvm_verify(4) v;
SELECT c.id, c.digest = d.digest AS same FROM mvm.audit_checkpoints c JOIN mvm.audit_digest d ON d.checkpoint_id = c.id;
-- As anybody may compute it.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT d.digest = sha256(convert_to(d.covered::text || E'\n' || (
    SELECT string_agg(ROW(id, transaction_time, kind, user_id, counterparty_id, item_id, quantity, paid_minor, received_minor, fee_minor,
        tariff_minor, from_universe_id, to_universe_id, from_rate, to_rate, reference_id, idempotency_key, memo)::text || E'\n', '' ORDER BY id)
    FROM mvm.journal j WHERE d.covered @> j.id), 'UTF8')) AS same
FROM mvm.audit_digest d WHERE d.checkpoint_id = 1;
RESET timezone;
RESET datestyle;
-- Whatever the session's settings, and whatever the links.
SET timezone = 'Asia/Tokyo';
SET datestyle = 'German';
SELECT mvm_relink_journal();
SELECT v.id, v.digest = v.computed AS same FROM mvm_verify(2) v;
RESET timezone;
RESET datestyle;
-- A row that is changed, gone or made up.
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
UPDATE mvm.journal SET memo = 'changed' WHERE id = (SELECT max(id) FROM mvm.journal);
SELECT v.id, v.digest = v.computed AS same FROM mvm_verify(4) v;
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal DISABLE TRIGGER journal_append_only;
DELETE FROM mvm.journal WHERE id = 1;
SELECT v.id, v.digest = v.computed AS same FROM mvm_verify(4) v;
ROLLBACK;
BEGIN;
INSERT INTO mvm.journal (id, transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
VALUES (:gap, now(), 1, 'd', 1, 1, 5, 5, 1, 1);
-- The third checkpoint knew that there was no such row.
SELECT v.id, v.digest = v.computed AS same FROM mvm_verify(4) v;
ROLLBACK;
-- One under an id that no sequence draws, or one that is left out of what was covered.
BEGIN;
INSERT INTO mvm.journal (id, transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
VALUES (-1, now(), 1, 'd', 1, 1, 5, 5, 1, 1);
SELECT v.id, v.digest = v.computed AS same FROM mvm_verify(1) v;
ROLLBACK;
BEGIN;
ALTER TABLE mvm.audit_digest DISABLE TRIGGER audit_digest_append_only;
UPDATE mvm.audit_digest SET covered = covered - int8multirange(int8range(:gap, :gap, '[]'));
INSERT INTO mvm.journal (id, transaction_time, user_id, kind, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
VALUES (:gap, now(), 1, 'd', 1, 1, 5, 5, 1, 1);
SELECT v.id, v.digest = v.computed AS same FROM mvm_verify(4) v;
ROLLBACK;
SELECT mvm.journal_digest('', NULL, '{[1,10)}') IS NULL AS none;
-- A link below zero is none that a sequence has drawn.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE mvm.wallet SET last_journal_id = -7 WHERE user_id = 1 AND universe_id = 1;
SELECT o.* FROM (VALUES ('SELECT mvm_transactions(1)'), ('SELECT mvm_statement(1, 1, ''-infinity'', ''infinity'')')) c (call), outcome(c.call) o;
ROLLBACK;
SELECT o.* FROM (VALUES ('SELECT mvm_verify(5)'), ('SELECT mvm_verify(NULL)'), ('UPDATE mvm.audit_digest SET digest = digest'),
    ('DELETE FROM mvm.audit_digest')) c (call), outcome(c.call) o;

-- Down, where indexes find the same rows, and up again.
CREATE TABLE seen AS SELECT u.id AS user_id, t.id FROM mvm.users u CROSS JOIN LATERAL mvm_transactions(u.id, 10000) t;
CREATE TABLE seen_trades AS SELECT u.id AS user_id, t.id FROM mvm.users u CROSS JOIN LATERAL mvm_trades(u.id, 10000) t;
ALTER EXTENSION mvm UPDATE TO '1.1';
SELECT count(*) FROM (SELECT u.id AS user_id, t.id FROM mvm.users u CROSS JOIN LATERAL mvm_trades(u.id, 10000) t EXCEPT SELECT * FROM seen_trades) x;
SELECT indexrelid::regclass AS index FROM pg_index WHERE indrelid = 'mvm.journal'::regclass ORDER BY 1;
SELECT attname FROM pg_attribute WHERE attrelid IN ('mvm.journal'::regclass, 'mvm.wallet'::regclass) AND attname LIKE '%previous%' AND NOT attisdropped;
SELECT kind FROM mvm_deposit(1, 5);
SELECT count(*) FROM mvm_statement(5, 1, '-infinity', 'infinity', 10000);
ALTER EXTENSION mvm UPDATE TO '1.2';
SELECT count(*) FROM (SELECT * FROM seen EXCEPT SELECT u.id AS user_id, t.id FROM mvm.users u CROSS JOIN LATERAL mvm_transactions(u.id, 10000) t) x;
SELECT kind, amount FROM mvm_transactions(1, 1);
SELECT wrong_statements();
SELECT * FROM mvm_audit();
