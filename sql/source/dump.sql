-- pg_dump carries the rows and the sequences of an extension only if told so: all are.

DO $$
DECLARE
    storage record;
BEGIN
    FOR storage IN
        SELECT c.oid::regclass AS relation
        FROM pg_extension e
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
        JOIN pg_class c ON c.oid = d.objid
        WHERE e.extname = 'mvm' AND c.relkind IN ('r', 'S')
        ORDER BY c.relname
    LOOP
        PERFORM pg_extension_config_dump(storage.relation, '');
    END LOOP;
END $$;
