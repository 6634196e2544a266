-- ---------------------------------------------------------------------------
-- The links of the rows that are there
-- ---------------------------------------------------------------------------

DO $$
BEGIN
    IF EXISTS (SELECT FROM mvm.journal) OR EXISTS (SELECT FROM mvm.wallet) THEN
        PERFORM @extschema@.mvm_relink_journal();
    END IF;
END $$;

-- ---------------------------------------------------------------------------
-- Roles get back what they had
-- ---------------------------------------------------------------------------

DO $$
DECLARE
    kept record;
BEGIN
    -- Grants on a function that was made anew: on what has its name now.
    FOR kept IN
        SELECT p.oid::regprocedure AS function, k.is_grantable,
            CASE k.grantee WHEN 0 THEN 'PUBLIC' ELSE k.grantee::regrole::text END AS grantee
        FROM json_to_recordset(current_setting('mvm.kept_grants')::json)
            AS k(function oid, name text, grantee oid, is_grantable boolean)
        JOIN pg_extension e ON e.extname = 'mvm'
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
            AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
        JOIN pg_proc p ON p.oid = d.objid AND p.proname = k.name
        WHERE NOT EXISTS (SELECT FROM pg_proc o WHERE o.oid = k.function)
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s%s', kept.function, kept.grantee,
            CASE WHEN kept.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
    END LOOP;

    -- What is new in a role's set. A view that it has been granted before is its owner's to take away.
    FOR kept IN
        SELECT k.role::regrole::text AS role, s.name, s.is_view, p.oid::regprocedure AS function
        FROM json_to_recordset(current_setting('mvm.kept_sets')::json) AS k(role oid, place integer, has_1_1 boolean)
        JOIN mvm.privilege_sets() s
            ON array_position(ARRAY['reader', 'trader', 'gateway', 'operator'], s.privilege_set) <= k.place
            AND NOT (s.is_view AND (
                s.name IN ('universes', 'users', 'wallets', 'items', 'transactions', 'trades', 'ledger')
                OR k.has_1_1 AND s.name <> 'house_accounts'))
        LEFT JOIN (
            pg_extension e
            JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
                AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
            JOIN pg_proc p ON p.oid = d.objid
        ) ON e.extname = 'mvm' AND p.proname = s.name AND NOT s.is_view
        WHERE s.is_view OR p.oid IS NOT NULL
    LOOP
        IF kept.is_view THEN
            EXECUTE format('GRANT SELECT ON mvm.%I TO %s', kept.name, kept.role);
        ELSE
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', kept.function, kept.role);
        END IF;
    END LOOP;
END $$;
