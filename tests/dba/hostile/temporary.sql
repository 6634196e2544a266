-- Plants traps in pg_temp, which is searched first for relations and types unless the path says otherwise.
SET client_min_messages = warning;
SET search_path = pg_catalog, pg_temp;
SELECT hostile.plant('pg_temp.operator_trap(oid, regclass)', 'boolean');
SELECT hostile.plant('pg_temp.format(text, name)', 'text');
SELECT hostile.plant('pg_temp.check_trap(integer)', 'boolean');
SELECT hostile.plant('pg_temp.relation_trap()', 'integer');
CREATE OPERATOR pg_temp.= (FUNCTION = pg_temp.operator_trap, LEFTARG = oid, RIGHTARG = regclass);
SELECT format('CREATE VIEW pg_temp.%I AS SELECT pg_temp.relation_trap() AS oid', name)
FROM (
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'pg_catalog'::regnamespace
      AND relname IN ('pg_depend', 'pg_extension', 'pg_proc', 'pg_class', 'pg_namespace', 'pg_roles', 'pg_database')
    UNION ALL
    VALUES ('universe'), ('user_account'), ('wallet'), ('item'), ('journal'), ('leg'), ('hold'), ('quote')
) r
\gexec
SELECT format('CREATE DOMAIN pg_temp.%I AS integer CHECK (pg_temp.check_trap(VALUE))', name) FROM hostile.name_of_type
\gexec
RESET search_path;
