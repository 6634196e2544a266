\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- PUBLIC gets nothing on tables and writing functions; mvm_grant() gives a role
-- the reader's, the trader's or the operator's set.
CREATE ROLE regress_mvm_stranger;
CREATE ROLE regress_mvm_reader;
CREATE ROLE regress_mvm_trader;
CREATE ROLE regress_mvm_operator;
SELECT mvm_grant('regress_mvm_reader', 'reader') IS NOT NULL AS granted;
SELECT mvm_grant(role_name => 'regress_mvm_trader', privilege_set => 'trader') IS NOT NULL AS granted;
SELECT mvm_grant('regress_mvm_operator', 'operator') IS NOT NULL AS granted;
-- Again is no error.
SELECT mvm_grant('regress_mvm_operator', 'operator') IS NOT NULL AS granted;

-- Who may call which function.
SELECT p.oid::regprocedure AS function,
    has_function_privilege('regress_mvm_stranger', p.oid, 'EXECUTE') AS stranger,
    has_function_privilege('regress_mvm_reader', p.oid, 'EXECUTE') AS reader,
    has_function_privilege('regress_mvm_trader', p.oid, 'EXECUTE') AS trader,
    has_function_privilege('regress_mvm_operator', p.oid, 'EXECUTE') AS operator
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
ORDER BY p.proname COLLATE "C", pg_get_function_identity_arguments(p.oid) COLLATE "C";
-- Who may read which view; nobody but the owner changes a table.
SELECT c.relname, c.relkind,
    has_table_privilege('regress_mvm_stranger', c.oid, 'SELECT') AS stranger,
    has_table_privilege('regress_mvm_reader', c.oid, 'SELECT') AS reader,
    has_table_privilege('regress_mvm_trader', c.oid, 'SELECT') AS trader,
    has_table_privilege('regress_mvm_operator', c.oid, 'SELECT') AS operator
FROM pg_class c WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind IN ('r', 'v')
ORDER BY c.relkind, c.relname COLLATE "C";
SELECT c.relname, r.rolname
FROM pg_class c, pg_roles r
WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind IN ('r', 'v') AND r.rolname LIKE 'regress\_mvm%'
  AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT c.relname, r.rolname
FROM pg_class c, pg_roles r
WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'S' AND r.rolname LIKE 'regress\_mvm%'
  AND has_sequence_privilege(r.oid, c.oid, 'USAGE, UPDATE');

-- And as they meet it.
GRANT EXECUTE ON FUNCTION outcome(text) TO PUBLIC;
CREATE TEMPORARY VIEW attempts AS SELECT c.call, (outcome(c.call)).code FROM (VALUES
    (1, $$SELECT * FROM mvm.users$$),
    (2, $$SELECT * FROM mvm.wallets$$),
    (3, $$SELECT * FROM mvm.transactions$$),
    (4, $$SELECT * FROM mvm.trades$$),
    (5, $$SELECT * FROM mvm.ledger$$),
    (6, $$SELECT * FROM mvm.items$$),
    (7, $$SELECT * FROM mvm.universes$$),
    (8, $$SELECT mvm_version()$$),
    (9, $$SELECT mvm_balance(1)$$),
    (10, $$SELECT mvm_convert(1, 1, 2)$$),
    (11, $$SELECT mvm_trades(1)$$),
    (12, $$SELECT mvm_buy(1, 1)$$),
    (13, $$SELECT mvm_buy(1, 1, 1, 'key ' || current_user)$$),
    (14, $$SELECT mvm_exchange(1, 1, 1, 2)$$),
    (15, $$SELECT mvm_deposit(1, 1)$$),
    (16, $$SELECT mvm_withdraw(1, 1)$$),
    (17, $$SELECT mvm_create_universe('of ' || current_user, 'X', 1)$$),
    (18, $$SELECT mvm_create_user('of ' || current_user, 1)$$),
    (19, $$SELECT mvm_list_item(1, 'of ' || current_user, 1, 1)$$),
    (20, $$SELECT mvm_set_exchange_rate(3, 0.75)$$),
    (21, $$SELECT mvm_purge_idempotency_keys()$$),
    (22, $$SELECT * FROM mvm_audit()$$),
    (23, $$SELECT mvm_seed()$$),
    (24, $$SELECT mvm_grant(current_user, 'operator')$$),
    (25, $$SELECT * FROM mvm.wallet$$),
    (26, $$UPDATE mvm.wallet SET balance_minor = 100000000 WHERE user_id = 1$$),
    (27, $$INSERT INTO mvm.journal (kind) VALUES ('d')$$),
    (28, $$SELECT nextval('mvm.journal_id_seq')$$),
    (29, $$DELETE FROM mvm.idempotency_key$$),
    (30, $$DROP EXTENSION mvm CASCADE$$),
    (31, $$SELECT mvm_purge_quotes()$$)
) c (place, call) ORDER BY place;
-- (the view's owner is the superuser, but what outcome() runs, it runs as the role that asks)
GRANT SELECT ON attempts TO PUBLIC;
SET ROLE regress_mvm_stranger;
SELECT * FROM attempts;
SET ROLE regress_mvm_reader;
SELECT * FROM attempts;
SET ROLE regress_mvm_trader;
SELECT * FROM attempts;
SET ROLE regress_mvm_operator;
SELECT * FROM attempts;
RESET ROLE;
-- What a stranger reads when refused: the right that is missing, no row.
SET ROLE regress_mvm_stranger;
SELECT mvm_buy(1, 1);
SELECT * FROM mvm.users;
RESET ROLE;

-- A caller's search_path and temporary objects turn no call aside.
SET ROLE regress_mvm_trader;
CREATE TEMPORARY TABLE wallet (user_id bigint, balance_minor bigint);
CREATE TEMPORARY TABLE item (id bigint, price_minor bigint);
SET search_path = pg_temp, public;
SELECT amount FROM mvm_buy(1, 1);
SELECT count(*) FROM pg_temp.wallet;
SET search_path = public;
DROP TABLE wallet, item;
RESET ROLE;

-- Unknown roles and sets.
SELECT c.call, o.code, o.message FROM (VALUES
    ($$SELECT mvm_grant('nobody_of_this_name', 'reader')$$),
    ($$SELECT mvm_grant('regress_mvm_stranger', 'king')$$),
    ($$SELECT mvm_grant('regress_mvm_stranger', '')$$),
    ($$SELECT mvm_grant(NULL, 'reader')$$),
    ($$SELECT mvm_grant('regress_mvm_stranger', NULL)$$)
) c (call), outcome(c.call) o;
-- A role's name is data, never SQL.
CREATE ROLE "regress_mvm; DROP ""x""";
SELECT mvm_grant('regress_mvm; DROP "x"', 'reader') IS NOT NULL AS granted;
SELECT has_table_privilege('regress_mvm; DROP "x"', 'mvm.users', 'SELECT');

DROP VIEW attempts;
DROP OWNED BY regress_mvm_stranger, regress_mvm_reader, regress_mvm_trader, regress_mvm_operator, "regress_mvm; DROP ""x""";
DROP ROLE regress_mvm_stranger, regress_mvm_reader, regress_mvm_trader, regress_mvm_operator, "regress_mvm; DROP ""x""";
SELECT * FROM mvm_audit();
