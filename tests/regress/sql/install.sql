\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- The catalogue: what CREATE EXTENSION makes, as \df+ and \d+ show it.
DROP EXTENSION mvm;
SELECT nspname FROM pg_namespace WHERE nspname = 'mvm';
SELECT proname FROM pg_proc WHERE proname LIKE 'mvm%';
CREATE EXTENSION mvm;
SELECT extname, extversion FROM pg_extension WHERE extname = 'mvm';
SELECT mvm_version() = extversion AS library_and_script_agree FROM pg_extension WHERE extname = 'mvm';

-- Every function, with its arguments' names and defaults.
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s(%s)\n  -> %s', p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
ORDER BY p.proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C";

-- Every view's columns.
SELECT format('mvm.%s(%s)', c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind IN ('v', 'c')
GROUP BY c.relname ORDER BY c.relname COLLATE "C";
\pset tuples_only off
\pset format aligned

-- Every function that runs SQL text or has the owner's rights sets its search_path, none is STRICT where a null must be refused,
-- and the ones that run with the owner's rights are few and known.
SELECT p.oid::regprocedure AS without_search_path
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
JOIN pg_language l ON l.oid = p.prolang
WHERE (l.lanname <> 'c' OR p.prosecdef OR p.proname = 'mvm_grant')
  AND NOT COALESCE(p.proconfig @> '{"search_path=pg_catalog, pg_temp"}', false);
SELECT proname AS strict FROM pg_proc WHERE proname LIKE 'mvm\_%' AND proisstrict ORDER BY 1;

-- Nothing without a comment: functions, tables, views, types, the schema. From PostgreSQL 17 on a table's row type and
-- array types are members of their own; the table speaks for them.
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
LEFT JOIN pg_class r ON r.oid = t.typrelid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND obj_description(d.objid, d.classid::regclass::name) IS NULL
  AND COALESCE(t.typelem = 0 AND r.relkind = 'c', t.oid IS NULL)
  AND c.relkind IS DISTINCT FROM 'S'
ORDER BY 1;

-- Every table and sequence is dumped with its rows.
SELECT c.relname AS not_dumped
FROM pg_class c, pg_extension e
WHERE e.extname = 'mvm' AND c.relnamespace = 'mvm'::regnamespace AND c.relkind IN ('r', 'S')
  AND NOT c.oid = ANY (e.extconfig);

-- An empty market is clean, and its ids begin at 1.
SELECT * FROM mvm_audit();
SELECT id FROM mvm_create_universe('First', 'FST', 1);
SELECT id FROM mvm_create_user('first', 1);
SELECT id FROM mvm_list_item(1, 'First', 1, 1);
SELECT id FROM mvm_deposit(1, 1);

-- Another schema for the functions; the storage stays in mvm.
DROP EXTENSION mvm;
CREATE SCHEMA elsewhere;
CREATE EXTENSION mvm SCHEMA elsewhere;
SELECT elsewhere.mvm_seed() IS NOT NULL AS loaded;
SELECT amount, converted_amount FROM elsewhere.mvm_exchange(1, 100, 1, 2);
SELECT * FROM elsewhere.mvm_audit();
DROP EXTENSION mvm;
DROP SCHEMA elsewhere;
CREATE EXTENSION mvm;
SELECT * FROM mvm_audit();
