-- PUBLIC may only call what computes without reading or writing. A function that was there before an update keeps what its owner
-- granted since. What the sets of mvm_grant() have stands before each function and view
-- (privilege_sets.awk).

DO $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT p.oid::regprocedure AS function
        FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
        JOIN pg_proc p ON p.oid = d.objid
        WHERE e.extname = 'mvm' AND p.proname NOT IN (@everybodys_functions@)
          AND p.oid <> ALL (current_setting('mvm.known_functions')::oid[])
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.function);
    END LOOP;
END $$;
