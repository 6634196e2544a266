DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT COALESCE('FUNCTION ' || p.oid::regprocedure, 'TABLE ' || c.oid::regclass) AS object,
            CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END AS grantee,
            g.privilege_type || COALESCE(' (' || quote_ident(g.column_name) || ')', '') AS privilege,
            CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END AS grant_option
        FROM json_to_recordset(current_setting('mvm.kept_grants')::json)
            AS g(function oid, view oid, name name, column_name name, grantee oid, privilege_type text, is_grantable boolean)
        LEFT JOIN (
            SELECT f.oid, f.proname
            FROM pg_extension e
            JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
            JOIN pg_proc f ON d.classid = 'pg_proc'::regclass AND f.oid = d.objid
            WHERE e.extname = 'mvm'
        ) p ON g.function IS NOT NULL AND p.proname = g.name
        LEFT JOIN pg_class c ON g.view IS NOT NULL AND c.relnamespace = 'mvm'::regnamespace AND c.relname = g.name
        WHERE NOT EXISTS (SELECT FROM pg_proc f WHERE f.oid = g.function)
          AND NOT EXISTS (SELECT FROM pg_class v WHERE v.oid = g.view)
          AND (p.oid IS NOT NULL OR c.oid IS NOT NULL)
          AND (g.column_name IS NULL OR EXISTS (
              SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = g.column_name))
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s%s', kept.privilege, kept.object, kept.grantee, kept.grant_option);
    END LOOP;
END $$;
