-- Grants beside those of mvm_grant(), on what updates leave as it is and on what they make anew.
GRANT EXECUTE ON FUNCTION mvm_convert TO mvm_dump_partner WITH GRANT OPTION;
DO $$
DECLARE
    remade record;
BEGIN
    FOR remade IN SELECT p.oid::regprocedure AS function FROM pg_proc p WHERE p.proname IN ('mvm_deposit', 'mvm_statement') LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO PUBLIC', remade.function);
    END LOOP;
    FOR remade IN SELECT p.oid::regprocedure AS function FROM pg_proc p WHERE p.proname IN ('mvm_withdraw', 'mvm_trades') LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO mvm_dump_partner WITH GRANT OPTION', remade.function);
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA mvm TO PUBLIC;
GRANT SELECT ON mvm.universes TO PUBLIC;
GRANT SELECT (id, username) ON mvm.users TO mvm_dump_partner;
GRANT SELECT ON mvm.wallets TO mvm_dump_partner WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION mvm_version() FROM PUBLIC;
