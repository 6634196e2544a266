\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- The invariants hold against the owner's own SQL.
\pset format unaligned
SELECT c.statement, o.code, o.message FROM (VALUES
    ($$UPDATE mvm.wallet SET balance_minor = -1 WHERE user_id = 1$$),
    ($$INSERT INTO mvm.wallet (user_id, universe_id, balance_minor) VALUES (1, 2, -1)$$),
    ($$INSERT INTO mvm.wallet (user_id, universe_id, balance_minor) VALUES (999, 1, 1)$$),
    ($$INSERT INTO mvm.wallet (user_id, universe_id, balance_minor) VALUES (1, 999, 1)$$),
    ($$INSERT INTO mvm.wallet (user_id, universe_id, balance_minor) VALUES (1, 1, 1)$$),
    ($$UPDATE mvm.item SET stock = -1 WHERE id = 1$$),
    ($$UPDATE mvm.item SET price_minor = 0 WHERE id = 1$$),
    ($$UPDATE mvm.item SET universe_id = 999 WHERE id = 1$$),
    ($$UPDATE mvm.item SET seller_id = 999 WHERE id = 1$$),
    ($$UPDATE mvm.item SET name = '' WHERE id = 1$$),
    ($$UPDATE mvm.universe SET exchange_rate = 0 WHERE id = 1$$),
    ($$UPDATE mvm.universe SET exchange_rate = 'NaN' WHERE id = 1$$),
    ($$UPDATE mvm.universe SET exchange_rate = 'Infinity' WHERE id = 1$$),
    ($$UPDATE mvm.universe SET exchange_rate = 1234567890.123456789 WHERE id = 1$$),
    ($$UPDATE mvm.universe SET exchange_rate = NULL WHERE id = 1$$),
    ($$UPDATE mvm.universe SET name = 'Mars' WHERE id = 1$$),
    ($$UPDATE mvm.universe SET currency_scale = 3 WHERE id = 1$$),
    ($$INSERT INTO mvm.universe (name, currency_type, exchange_rate, currency_scale) VALUES ('x', 'x', 1, 10)$$),
    ($$UPDATE mvm.user_account SET universe_id = 999 WHERE id = 1$$),
    ($$UPDATE mvm.user_account SET username = 'mary_mars' WHERE id = 1$$),
    -- rows that the journal names stay
    ($$DELETE FROM mvm.wallet$$),
    ($$DELETE FROM mvm.item WHERE id = 999$$),
    ($$DELETE FROM mvm.user_account$$),
    ($$DELETE FROM mvm.universe$$),
    ($$TRUNCATE mvm.wallet$$),
    ($$TRUNCATE mvm.item$$),
    ($$TRUNCATE mvm.universe CASCADE$$),
    ($$TRUNCATE mvm.user_account CASCADE$$),
    -- the journal is append-only
    ($$UPDATE mvm.journal SET paid_minor = 1$$),
    ($$UPDATE mvm.journal SET transaction_time = now() WHERE false$$),
    ($$DELETE FROM mvm.journal WHERE id = 1$$),
    ($$TRUNCATE mvm.journal$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), 'd', 1, 1, 1, -5, -5, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), 'd', 1, 1, 1, 5, 6, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), 'x', 1, 1, 1, 5, 5, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), 'd', NULL, 1, 1, 5, 5, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), 'd', 1, 1, 1, NULL, NULL, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate, item_id)
       VALUES (now(), 'p', 1, 1, 1, 5, 5, 1, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, from_universe_id, to_universe_id, item_id)
       VALUES (now(), 'l', 1, 1, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), 'd', 1, 1, 1, 5, 5, NULL, 1)$$),
    ($$INSERT INTO mvm.journal (transaction_time, kind, user_id, from_universe_id, to_universe_id, paid_minor, received_minor, from_rate, to_rate)
       VALUES (now(), '?', 1, 1, 1, 5, 5, 1, 1)$$)
) c (statement), outcome(c.statement) o;
\pset format aligned
-- Checks that the owner adds hold from the next call on, in a session that is warm.
SELECT amount FROM mvm_buy(1, 1);
ALTER TABLE mvm.item ADD CONSTRAINT not_98 CHECK (stock <> 98);
SELECT code, message FROM outcome('SELECT mvm_buy(1, 1)');
SELECT amount FROM mvm_buy(1, 1, 2);
BEGIN;
ALTER TABLE mvm.item ADD CONSTRAINT not_96 CHECK (stock <> 96);
SELECT code, message FROM outcome('SELECT mvm_buy(1, 1)');
ROLLBACK;
SELECT amount FROM mvm_buy(1, 1);
ALTER TABLE mvm.item DROP CONSTRAINT not_98;
-- A table with other columns than the library's is refused, not misread.
BEGIN;
ALTER TABLE mvm.wallet ADD COLUMN note text;
SELECT * FROM outcome('SELECT mvm_deposit(1, 1, 3)');
SELECT * FROM outcome('SELECT mvm_balance(1)');
ROLLBACK;
BEGIN;
ALTER TABLE mvm.journal ADD COLUMN note text DEFAULT 'x';
SELECT code FROM outcome('SELECT mvm_deposit(1, 1)');
SELECT code FROM outcome('SELECT * FROM mvm_trades(1)');
ROLLBACK;
SELECT amount FROM mvm_deposit(1, 1);
-- Triggers of the owner's fire for single calls and batches alike; one that swallows a row is refused.
CREATE TABLE seen (event text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO public.seen VALUES (TG_WHEN || ' ' || TG_OP || ' ' || TG_TABLE_NAME); RETURN NEW; END $$;
CREATE TRIGGER see AFTER INSERT ON mvm.journal FOR EACH ROW EXECUTE FUNCTION see();
CREATE TRIGGER see BEFORE UPDATE ON mvm.item FOR EACH ROW EXECUTE FUNCTION see();
CREATE TRIGGER see AFTER UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION see();
CREATE TRIGGER see_first BEFORE INSERT ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION see();
SELECT amount FROM mvm_buy(1, 1);
SELECT outcome, amount FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[2, 2], ARRAY[1, 1]);
SELECT amount FROM mvm_deposit(2, 1, 3);
SELECT event, count(*) FROM seen GROUP BY event ORDER BY event;
DROP TRIGGER see ON mvm.journal;
DROP TRIGGER see ON mvm.item;
DROP TRIGGER see ON mvm.wallet;
DROP TRIGGER see_first ON mvm.wallet;
CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER swallow BEFORE INSERT OR UPDATE ON mvm.wallet FOR EACH ROW EXECUTE FUNCTION swallow();
SELECT * FROM outcome('SELECT mvm_buy(1, 1)');
SELECT * FROM outcome('SELECT mvm_deposit(2, 1, 1)');
DROP TRIGGER swallow ON mvm.wallet;
CREATE TRIGGER swallow BEFORE INSERT ON mvm.journal FOR EACH ROW EXECUTE FUNCTION swallow();
SELECT * FROM outcome('SELECT mvm_buy(1, 1)');
SELECT * FROM outcome('SELECT count(*) FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1])');
DROP TRIGGER swallow ON mvm.journal;
DROP FUNCTION see, swallow;
DROP TABLE seen;
-- The functions work with what the owner may change.
UPDATE mvm.item SET price_minor = 700, stock = stock WHERE id = 1;
SELECT amount FROM mvm_buy(1, 1);
SELECT * FROM mvm_audit();
