-- Nothing is looked up where strangers may create; :"functions" is the schema of the market's functions.
SET search_path = pg_catalog, pg_temp;
SELECT n.nspname AS functions FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'mvm' \gset
