-- What a script grants and revokes, PostgreSQL takes for what every installation has: it keeps the privileges there are after it
-- as the initial ones, in pg_init_privs, and pg_dump leaves those out. An installation of this market gives nothing to a role by
-- its name. What roles have all the same, given again by an update or had by default privileges, must be in the dump: initial is
-- only that PUBLIC may not call a function. This comes last in every script.

-- From PostgreSQL 17 on a role cannot be dropped while initial privileges name it.
DELETE FROM pg_shdepend s
USING pg_depend d, pg_extension e, pg_database b
WHERE e.extname = 'mvm' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
  AND b.datname = current_database() AND s.dbid = b.oid
  AND s.classid = d.classid AND s.objid = d.objid AND s.deptype = 'i';

DELETE FROM pg_init_privs i
USING pg_depend d, pg_extension e
WHERE e.extname = 'mvm' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
  AND i.classoid = d.classid AND i.objoid = d.objid;

INSERT INTO pg_init_privs (objoid, classoid, objsubid, privtype, initprivs)
SELECT p.oid, d.classid, 0, 'e', ARRAY[makeaclitem(p.proowner, p.proowner, 'EXECUTE', false)]
FROM pg_extension e
JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_proc'::regclass
    AND d.deptype = 'e'
JOIN pg_proc p ON p.oid = d.objid
WHERE e.extname = 'mvm' AND p.proname NOT IN (@everybodys_functions@);
