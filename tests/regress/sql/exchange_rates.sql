\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- The history of exchange rates: every rate that a universe has had is known, whoever set it.
CREATE VIEW rates AS
SELECT universe_id, exchange_rate, valid_from <= clock_timestamp() AS began, valid_to > valid_from AS ended
FROM mvm.exchange_rates ORDER BY universe_id, mvm.exchange_rates.valid_from;
SELECT * FROM rates;

-- A new universe, a change, a change to the same rate (which is none), a change of something else.
SELECT id FROM mvm_create_universe('Pluto', 'PLT', 0.1);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5);
SELECT exchange_rate FROM mvm_set_exchange_rate(2, 5.0);
SELECT trade_open FROM mvm_set_rules(2, trade_open => false);
SELECT * FROM rates;

-- By SQL: many at once, with ids of their own or the sequence's; an update of several, an upsert, an insert that does
-- not happen, one that is rolled back.
INSERT INTO mvm.universe (id, name, currency_type, exchange_rate)
SELECT id, format('Universe %s', id), 'UNI', id FROM generate_series(101, 103) AS id;
INSERT INTO mvm.universe (name, currency_type, exchange_rate) VALUES ('Fifth', 'FIF', 55);
SELECT setval('mvm.universe_id_seq', 103);
UPDATE mvm.universe SET exchange_rate = exchange_rate + 0.5 WHERE id > 101;
UPDATE mvm.universe SET version = version + 1 WHERE id > 100;
INSERT INTO mvm.universe (id, name, currency_type, exchange_rate) VALUES (101, 'Upsert', 'UNI', 77)
ON CONFLICT (id) DO UPDATE SET exchange_rate = EXCLUDED.exchange_rate;
INSERT INTO mvm.universe (id, name, currency_type, exchange_rate) VALUES (102, 'Nothing', 'UNI', 88) ON CONFLICT DO NOTHING;
BEGIN;
UPDATE mvm.universe SET exchange_rate = 99 WHERE id = 103;
ROLLBACK;
SELECT * FROM rates WHERE universe_id > 4;
-- Twice in one transaction: both are known, in their order.
BEGIN;
SELECT exchange_rate FROM mvm_set_exchange_rate(103, 1);
UPDATE mvm.universe SET exchange_rate = 2 WHERE id = 103;
COMMIT;
SELECT exchange_rate FROM mvm.exchange_rates WHERE universe_id = 103 ORDER BY valid_from;
-- Half-open intervals without gaps: one ends where the next begins, and the last is open.
SELECT universe_id, count(*) AS rates, count(*) FILTER (WHERE valid_to IS NULL) AS open,
    bool_and(valid_to IS NULL OR EXISTS (
        SELECT FROM mvm.exchange_rates n WHERE n.universe_id = r.universe_id AND n.valid_from = r.valid_to)) AS joined
FROM mvm.exchange_rates r GROUP BY universe_id ORDER BY universe_id;
SELECT * FROM mvm_audit();

-- What an amount was worth. The fee of today is not taken from a value of the past.
SELECT valid_from AS mars_first, valid_to AS mars_second FROM mvm.exchange_rates WHERE universe_id = 2 AND exchange_rate = 2.5 \gset
SELECT exchange_fee_rate FROM mvm_set_rules(2, exchange_fee_rate => 0.1);
SELECT mvm_convert(100, 1, 2) AS now, mvm_convert(100, 1, 2, NULL) AS now_too,
    mvm_convert(100, 1, 2, :'mars_first') AS first, mvm_convert(100, 1, 2, at => :'mars_second') AS second,
    mvm_convert(100, 1, 2, :'mars_second'::timestamptz - interval '1 microsecond') AS just_before,
    mvm_convert(100, 1, 2, 'infinity') AS last_known,
    mvm_convert(100, 2, 1, :'mars_first') AS back;
\pset format unaligned
-- (the times in the details differ from run to run)
SELECT c.call, o.code, o.message, regexp_replace(o.detail, 'at is [^,]*,', 'at is T,') AS detail FROM (VALUES
    ($$SELECT mvm_convert(NULL, 1, 2, now())$$),
    ($$SELECT mvm_convert(1, NULL, 2, now())$$),
    ($$SELECT mvm_convert(1, 1, NULL, now())$$),
    ($$SELECT mvm_convert(0, 1, 2, now())$$),
    ($$SELECT mvm_convert('NaN', 1, 2, now())$$),
    ($$SELECT mvm_convert(1, 999, 2, '2000-01-01')$$),
    ($$SELECT mvm_convert(1, 1, 999, '2000-01-01')$$),
    ($$SELECT mvm_convert(1, 1, 1, '2000-01-01')$$),
    ($$SELECT mvm_convert(1, 1, 2, '2000-01-01')$$),
    ($$SELECT mvm_convert(0.001, 1, 2, '2000-01-01')$$),
    ($$SELECT mvm_convert(1, 1, 2, '-infinity')$$),
    ($$SELECT mvm_convert(1, 1, 4, (SELECT valid_from - interval '1 microsecond' FROM mvm.exchange_rates WHERE universe_id = 4))$$),
    ($$SELECT mvm_convert(0.001, 1, 2, now())$$)
) c (call), outcome(c.call) o;
SET client_min_messages = warning;
-- Append-only, and a universe may not name a history that is not there.
SELECT c.call, o.code, o.message FROM (VALUES
    ($$UPDATE mvm.exchange_rate_change SET exchange_rate = 1$$),
    ($$DELETE FROM mvm.exchange_rate_change$$),
    ($$TRUNCATE mvm.exchange_rate_change CASCADE$$),
    ($$SET CONSTRAINTS ALL IMMEDIATE; UPDATE mvm.universe SET first_rate_id = 12345 WHERE id = 1; SET CONSTRAINTS ALL DEFERRED$$),
    ($$SELECT mvm.record_exchange_rate()$$)
) c (call), outcome(c.call) o;
RESET client_min_messages;
\pset format aligned

-- A universe that comes back with its history, as pg_dump restores it, gets no second beginning.
BEGIN;
INSERT INTO mvm.exchange_rate_change (id, universe_id, valid_from, exchange_rate)
VALUES (9001, 80, '2020-01-01', 3), (9002, 80, '2021-01-01', 4), (9003, 81, '2020-01-01', 1);
INSERT INTO mvm.universe (id, name, currency_type, exchange_rate, first_rate_id)
VALUES (80, 'Back', 'BCK', 4, 9001), (81, 'Too', 'TOO', 1, 9003);
SELECT exchange_rate, valid_from::date, valid_to::date FROM mvm.exchange_rates WHERE universe_id = 80 ORDER BY valid_from;
SELECT mvm_convert(100, 81, 80, '2020-06-01') AS in_2020, mvm_convert(100, 81, 80, '2022-06-01') AS in_2022;
SELECT sequence_name, to_value FROM mvm_sync_sequences() ORDER BY 1;
SELECT * FROM mvm_audit();
ROLLBACK;
-- A clock that was set back does not put a rate before the one it follows.
BEGIN;
INSERT INTO mvm.exchange_rate_change (universe_id, valid_from, exchange_rate) VALUES (3, '2200-01-01', 0.75);
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 0.8);
SELECT exchange_rate, valid_from::date, valid_to::date FROM mvm.exchange_rates WHERE universe_id = 3 AND valid_from > now();
SELECT mvm_convert(100, 1, 3, 'infinity');
ROLLBACK;

-- The audit reports a rate that is not in its history, and a history without a universe.
BEGIN;
ALTER TABLE mvm.universe DISABLE TRIGGER universe_rate_change_is_recorded;
UPDATE mvm.universe SET exchange_rate = 9 WHERE id = 1;
INSERT INTO mvm.exchange_rate_change (universe_id, valid_from, exchange_rate) VALUES (999, now(), 7), (3, now(), 6);
SELECT * FROM mvm_audit() ORDER BY subject;
ROLLBACK;

-- At REPEATABLE READ a transaction sees the rates of its snapshot, and its own.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT mvm_convert(100, 1, 3, 'infinity');
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 0.5);
SELECT mvm_convert(100, 1, 3, 'infinity');
COMMIT;
SELECT * FROM mvm_audit();

-- A market of 1.0 keeps working under this library; brought to 1.1, its rates of then hold since before the history
-- began, and who might call mvm_convert still may.
SET client_min_messages = warning;
DROP EXTENSION mvm CASCADE;
RESET client_min_messages;
CREATE EXTENSION mvm VERSION '1.0';
SELECT mvm_seed() IS NOT NULL AS seeded;
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 0.5);
SELECT id FROM mvm_create_universe('Pluto', 'PLT', 0.1);
SELECT mvm_convert(100, 1, 3);
CREATE ROLE regress_mvm_converter;
GRANT EXECUTE ON FUNCTION mvm_convert(numeric, integer, integer) TO regress_mvm_converter WITH GRANT OPTION;
ALTER EXTENSION mvm UPDATE TO '1.1';
SELECT universe_id, exchange_rate, valid_from, valid_to FROM mvm.exchange_rates ORDER BY universe_id;
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 1);
SELECT id FROM mvm_create_universe('Ceres', 'CRS', 7);
SELECT mvm_convert(100, 1, 3) AS now, mvm_convert(100, 1, 3, '2000-01-01') AS once;
SELECT universe_id, exchange_rate, valid_from = '-infinity' AS from_the_beginning FROM mvm.exchange_rates ORDER BY universe_id, valid_from;
SELECT has_function_privilege('regress_mvm_converter', 'mvm_convert(numeric, integer, integer, timestamptz)', 'EXECUTE WITH GRANT OPTION') AS kept,
    has_function_privilege('public', 'mvm_convert(numeric, integer, integer, timestamptz)', 'EXECUTE') AS everybody;
SELECT * FROM mvm_audit();
DROP OWNED BY regress_mvm_converter;
DROP ROLE regress_mvm_converter;
