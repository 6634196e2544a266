-- What `./mvm status` tells about the market.
\ir functions-schema.sql
SELECT format('market    mvm %s, %s on disk: %s universes, %s users, %s items, %s transactions',
    :"functions".mvm_version(),
    pg_size_pretty(pg_database_size(current_database())),
    (SELECT count(*) FROM mvm.universe),
    (SELECT count(*) FROM mvm.user_account),
    (SELECT count(*) FROM mvm.item),
    (SELECT count(*) FROM mvm.journal));
SELECT CASE count(*) WHEN 0 THEN 'audit     clean' ELSE format('audit     %s VIOLATIONS: SELECT * FROM mvm_audit()', count(*)) END
FROM :"functions".mvm_audit();
