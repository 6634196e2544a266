-- What the extension's objects, and what belongs to them, depend on outside pg_catalog, the schema mvm and the extension; of
-- pg_catalog, nothing is in pg_depend. And its functions that look up names when they run, if their path is not pinned.
WITH RECURSIVE own AS (
    SELECT d.classid, d.objid FROM pg_extension e
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
    WHERE e.extname = 'mvm'
    UNION
    SELECT d.classid, d.objid FROM own
    JOIN pg_depend d ON d.refclassid = own.classid AND d.refobjid = own.objid AND d.deptype IN ('a', 'i')
)
SELECT pg_describe_object(d.classid, d.objid, 0) || ' needs ' || pg_describe_object(d.refclassid, d.refobjid, 0)
FROM own
JOIN pg_depend d USING (classid, objid)
WHERE NOT EXISTS (SELECT FROM own o WHERE o.classid = d.refclassid AND o.objid = d.refobjid)
  AND NOT EXISTS (SELECT FROM pg_extension e
    WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'mvm'
       OR d.refclassid = 'pg_namespace'::regclass AND d.refobjid = e.extnamespace AND e.extname = 'mvm')
UNION ALL
SELECT p.oid::regprocedure || ' looks names up in the path of whoever calls it'
FROM own
JOIN pg_proc p ON own.classid = 'pg_proc'::regclass AND p.oid = own.objid
JOIN pg_language l ON l.oid = p.prolang
WHERE (p.prosecdef OR l.lanname <> 'c')
  AND 'search_path=pg_catalog, pg_temp' <> ALL (COALESCE(p.proconfig, '{}'));
