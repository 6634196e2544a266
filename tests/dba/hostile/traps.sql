-- Plants in schema public, as the role mvm_hostile_stranger, a trap for every operator and function of pg_catalog whose name
-- stands in the file `texts`, over many types of arguments, and for its types, and casts. A trap that is called writes its
-- number to hostile.sprung, where it stays even if the transaction is rolled back, and fails.
\set texts `cat :texts`
SET search_path = pg_catalog, pg_temp;
CREATE SCHEMA hostile;
CREATE SEQUENCE hostile.sprung;
CREATE TABLE hostile.trap (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL);
GRANT USAGE ON SCHEMA hostile TO PUBLIC;
GRANT ALL ON SEQUENCE hostile.sprung TO PUBLIC;
GRANT CREATE, USAGE ON SCHEMA public TO mvm_hostile_stranger;

-- Makes a function that is a trap; SIGNATURE is its schema, name and arguments.
CREATE FUNCTION hostile.plant(signature text, result text) RETURNS void LANGUAGE plpgsql AS $plant$
DECLARE
    number bigint;
BEGIN
    INSERT INTO hostile.trap (what) VALUES (signature) RETURNING id INTO number;
    EXECUTE format($f$
        CREATE FUNCTION %s RETURNS %s LANGUAGE plpgsql AS $t$
        BEGIN
            PERFORM pg_catalog.setval('hostile.sprung', %s);
            RAISE EXCEPTION 'a trap was called: %%', %L;
        END $t$ $f$, signature, result, number, signature);
END $plant$;

CREATE TABLE hostile.operator AS
SELECT DISTINCT oprname AS name,
    CASE WHEN oprname ~ '[=<>~@&]' THEN 'boolean' WHEN oprname ~ '[|]' THEN 'text' ELSE 'numeric' END AS result
FROM pg_operator
WHERE oprnamespace = 'pg_catalog'::regnamespace
  AND (position(' ' || oprname || ' ' IN :'texts') > 0 OR oprname IN ('~~', '!~~')); -- LIKE, NOT LIKE
CREATE TABLE hostile.function AS
SELECT DISTINCT proname AS name FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace
  AND proname IN (SELECT m[1] FROM regexp_matches(:'texts', '([a-z_0-9]+)\(', 'g') m);
CREATE TABLE hostile.type (name text, frequent boolean);
INSERT INTO hostile.type VALUES ('bigint', true), ('integer', true), ('numeric', true), ('text', true), ('name', true),
    ('oid', true), ('regclass', true), ('timestamptz', true), ('record', true), ('anyelement', true), ('smallint', false),
    ('"char"', false), ('regprocedure', false), ('regnamespace', false), ('regrole', false), ('varchar', false),
    ('boolean', false), ('timestamp', false), ('interval', false), ('json', false), ('jsonb', false), ('xid8', false),
    ('pg_snapshot', false), ('int8range', false), ('int8multirange', false), ('text[]', false), ('bigint[]', false),
    ('double precision', false);
CREATE TABLE hostile.cast_target (ordinal integer, name text);
INSERT INTO hostile.cast_target VALUES (1, 'bigint'), (2, 'numeric'), (3, 'text'), (4, 'oid');
CREATE TABLE hostile.name_of_type AS
SELECT typname AS name FROM pg_type
WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype = 'b' AND typelem = 0
  AND typname IN (SELECT m[1] FROM regexp_matches(:'texts', '([a-z_0-9]+)', 'g') m);
GRANT ALL ON ALL TABLES IN SCHEMA hostile TO mvm_hostile_stranger;

SET synchronous_commit = off;
SET ROLE mvm_hostile_stranger;
CREATE TABLE pg_temp.pair AS
SELECT l.name AS left_type, r.name AS right_type
FROM hostile.type l, hostile.type r
WHERE (l.frequent OR r.frequent)
  AND (l.name, r.name) NOT IN (('record', 'anyelement'), ('anyelement', 'record'));
SELECT hostile.plant(format('public.%I(%s, %s)', 'operator ' || o.result, p.left_type, p.right_type), o.result)
FROM pg_temp.pair p, (SELECT DISTINCT result FROM hostile.operator) o;
SELECT hostile.plant(format('public."operator -"(%s)', name), 'numeric') FROM hostile.type;
SELECT format('CREATE OPERATOR public.%s (FUNCTION = public.%I, LEFTARG = %s, RIGHTARG = %s)',
    o.name, 'operator ' || o.result, p.left_type, p.right_type)
FROM pg_temp.pair p, hostile.operator o
UNION ALL
SELECT format('CREATE OPERATOR public.- (FUNCTION = public."operator -", RIGHTARG = %s)', name) FROM hostile.type
\gexec

SELECT hostile.plant(format('public.%I(%s)', f.name, a.arguments), 'text')
FROM hostile.function f, (
    SELECT name FROM hostile.type
    UNION ALL
    SELECT a.name || ', ' || b.name FROM hostile.type a, hostile.type b WHERE a.frequent AND b.frequent
    UNION ALL
    SELECT a.name || ', VARIADIC ' || b.name FROM hostile.type a, (VALUES ('anyarray'), ('text[]')) b (name) WHERE a.frequent
    UNION ALL
    SELECT concat_ws(', ', a.name, b.name, c.name)
    FROM (VALUES ('text'), ('anyelement')) a (name), (VALUES ('text'), ('name'), ('bigint')) b (name),
        (VALUES ('text'), ('name'), ('bigint'), ('integer'), ('boolean')) c (name)
) a (arguments);

-- Types of the same names, and one that casts itself into everything.
SELECT hostile.plant('public.check_trap(integer)', 'boolean');
SELECT format('CREATE DOMAIN public.%I AS pg_catalog.int4 CHECK (public.check_trap(VALUE))', name) FROM hostile.name_of_type
\gexec
CREATE TYPE public.caster AS (value pg_catalog.int4);
SELECT hostile.plant(format('public.cast_to_%s(public.caster)', ordinal), name) FROM hostile.cast_target;
SELECT format('CREATE CAST (public.caster AS %s) WITH FUNCTION public.cast_to_%s(public.caster) AS IMPLICIT', name, ordinal)
FROM hostile.cast_target
\gexec
