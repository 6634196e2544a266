-- One line per table, view and sequence of the market with a hash of its ordered
-- content, and one per privilege.
CREATE FUNCTION pg_temp.content(relation regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SELECT count(*) || '' rows '' || md5(COALESCE(string_agg(r::text, E''\n'' ORDER BY r::text COLLATE "C"), '''')) FROM %s r',
        relation) INTO answer;
    RETURN answer;
END $$;
SELECT 'mvm.' || c.relname || ' ' || pg_temp.content(c.oid)
FROM pg_class c
WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind IN ('r', 'v')
ORDER BY c.relname COLLATE "C";
SELECT format('mvm.%s last_value %s, called %s', s.name, s.last_value, s.is_called)
FROM (
    SELECT 'universe_id_seq' AS name, last_value, is_called FROM mvm.universe_id_seq
    UNION ALL SELECT 'user_account_id_seq', last_value, is_called FROM mvm.user_account_id_seq
    UNION ALL SELECT 'item_id_seq', last_value, is_called FROM mvm.item_id_seq
    UNION ALL SELECT 'journal_id_seq', last_value, is_called FROM mvm.journal_id_seq
    UNION ALL SELECT 'rule_change_id_seq', last_value, is_called FROM mvm.rule_change_id_seq
    UNION ALL SELECT 'quote_id_seq', last_value, is_called FROM mvm.quote_id_seq
    UNION ALL SELECT 'hold_id_seq', last_value, is_called FROM mvm.hold_id_seq
) s
ORDER BY s.name;
SELECT format('%s %s to %s%s', o.object, a.privilege_type, COALESCE(r.rolname, 'PUBLIC'),
    CASE WHEN a.is_grantable THEN ' with grant option' END)
FROM (
    SELECT p.oid::regprocedure::text AS object, p.proacl AS acl FROM pg_proc p
    WHERE p.proname LIKE 'mvm%' OR p.pronamespace = 'mvm'::regnamespace
    UNION ALL
    SELECT c.oid::regclass::text, c.relacl FROM pg_class c WHERE c.relnamespace = 'mvm'::regnamespace
    UNION ALL
    SELECT format('%s.%s', c.oid::regclass, a.attname), a.attacl
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'mvm'::regnamespace
    UNION ALL
    SELECT 'schema mvm', nspacl FROM pg_namespace WHERE nspname = 'mvm'
) o
CROSS JOIN LATERAL aclexplode(o.acl) a
LEFT JOIN pg_roles r ON r.oid = a.grantee
ORDER BY 1;
