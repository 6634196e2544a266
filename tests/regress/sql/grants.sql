\set ECHO none
\getenv abs_srcdir PG_ABS_SRCDIR
\set prelude :abs_srcdir /prelude.sql
\i :prelude
\set ECHO all
-- A role has exactly the set that it was given. What each set holds is in privileges.sql.

-- Every function is in one set, or is one of these, which no set has.
CREATE TEMPORARY VIEW member AS
SELECT p.oid, p.proname::text AS name, false AS is_view
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'mvm'
UNION ALL
SELECT c.oid, c.relname, true FROM pg_class c WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'v';
SELECT DISTINCT m.name, m.is_view FROM member m
WHERE (SELECT count(*) FROM mvm.privilege_sets() s WHERE s.name = m.name AND s.is_view = m.is_view) <> 1 ORDER BY 2, 1;
SELECT * FROM mvm.privilege_sets() s WHERE NOT EXISTS (SELECT FROM member m WHERE m.name = s.name AND m.is_view = s.is_view);

CREATE ROLE regress_mvm_role;
CREATE ROLE regress_mvm_other;
CREATE ROLE "regress mvm ""Weird"" Rôle";
-- What a role has of each set: all, some or none of its functions and views.
CREATE FUNCTION has(role name) RETURNS TABLE (privilege_set text, functions text, views text) LANGUAGE sql AS $$
    SELECT s.privilege_set,
        CASE WHEN bool_and(p.may) FILTER (WHERE NOT s.is_view) THEN 'all' WHEN bool_or(p.may) FILTER (WHERE NOT s.is_view) THEN 'some' ELSE 'none' END,
        CASE WHEN bool_and(p.may) FILTER (WHERE s.is_view) THEN 'all' WHEN bool_or(p.may) FILTER (WHERE s.is_view) THEN 'some'
            WHEN bool_or(s.is_view) THEN 'none' END
    FROM mvm.privilege_sets() s JOIN member m ON m.name = s.name AND m.is_view = s.is_view,
    LATERAL (SELECT CASE WHEN m.is_view THEN has_table_privilege(role, m.oid, 'SELECT')
        ELSE has_function_privilege(role, m.oid, 'EXECUTE') END AS may) p
    WHERE m.name <> 'mvm_version' -- which everybody may call
    GROUP BY s.privilege_set
    ORDER BY array_position(ARRAY['reader', 'trader', 'gateway', 'operator'], s.privilege_set)
$$;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'operator'); END $$;
SELECT * FROM has('regress_mvm_role');
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'gateway'); END $$;
SELECT * FROM has('regress_mvm_role');
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'trader'); END $$;
SELECT * FROM has('regress_mvm_role');
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'reader'); END $$;
SELECT * FROM has('regress_mvm_role');
SELECT has_schema_privilege('regress_mvm_role', 'mvm', 'USAGE');
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'trader'); END $$;
SELECT * FROM has('regress_mvm_role');
DO $$ BEGIN PERFORM mvm_revoke('regress_mvm_role'); END $$;
SELECT * FROM has('regress_mvm_role');
SELECT has_schema_privilege('regress_mvm_role', 'mvm', 'USAGE');
-- Nothing is left by which the role could not be dropped, nor does it hurt to revoke again.
DO $$ BEGIN PERFORM mvm_revoke('regress_mvm_role'); END $$;
SELECT count(*) FROM pg_shdepend WHERE refobjid = 'regress_mvm_role'::regrole;

-- What the owner granted by hand: functions that no set has are taken away, tables and their sequences are not.
GRANT EXECUTE ON FUNCTION mvm_grant(name, text), mvm.write_audit_checkpoint(boolean), mvm_deposit(bigint, numeric, integer, text, text)
    TO regress_mvm_role;
GRANT SELECT ON mvm.wallet, mvm.leg TO regress_mvm_role;
GRANT SELECT (id), INSERT ON mvm.users TO regress_mvm_role;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'reader'); END $$;
SELECT has_function_privilege('regress_mvm_role', 'mvm_grant(name, text)', 'EXECUTE') AS may_grant,
    has_function_privilege('regress_mvm_role', 'mvm.write_audit_checkpoint(boolean)', 'EXECUTE') AS may_write,
    has_function_privilege('regress_mvm_role', 'mvm_deposit(bigint, numeric, integer, text, text)', 'EXECUTE') AS may_deposit,
    has_table_privilege('regress_mvm_role', 'mvm.wallet', 'SELECT') AS may_read, has_table_privilege('regress_mvm_role', 'mvm.leg', 'SELECT') AS leg;
DO $$ BEGIN PERFORM mvm_revoke('regress_mvm_role'); END $$;
SELECT has_table_privilege('regress_mvm_role', 'mvm.wallet', 'SELECT') AS may_read, has_table_privilege('regress_mvm_role', 'mvm.leg', 'SELECT') AS leg,
    has_any_column_privilege('regress_mvm_role', 'mvm.users', 'SELECT') AS users;
REVOKE ALL ON mvm.wallet, mvm.leg FROM regress_mvm_role;

-- Whoever granted it: what another role handed on is taken back, too, and what this role has handed on goes with it.
GRANT USAGE ON SCHEMA mvm TO regress_mvm_other WITH GRANT OPTION;
GRANT EXECUTE ON FUNCTION mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text) TO regress_mvm_other WITH GRANT OPTION;
GRANT SELECT ON mvm.users TO regress_mvm_other WITH GRANT OPTION;
SET ROLE regress_mvm_other;
GRANT USAGE ON SCHEMA mvm TO regress_mvm_role;
GRANT EXECUTE ON FUNCTION mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text) TO regress_mvm_role WITH GRANT OPTION;
GRANT SELECT ON mvm.users TO regress_mvm_role;
SET ROLE regress_mvm_role;
GRANT EXECUTE ON FUNCTION mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text) TO "regress mvm ""Weird"" Rôle";
RESET ROLE;
GRANT EXECUTE ON FUNCTION mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text) TO regress_mvm_role;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'reader'); END $$;
SELECT r.rolname, has_function_privilege(r.oid, 'mvm_buy(bigint, bigint, bigint, text, numeric, integer[], text)', 'EXECUTE') AS may_buy
FROM pg_roles r WHERE rolname LIKE 'regress%mvm%' ORDER BY r.rolname::text COLLATE "C";
SELECT * FROM has('regress_mvm_role');
DO $$ BEGIN PERFORM mvm_revoke('regress_mvm_role'); END $$;
SELECT count(*) FROM pg_shdepend WHERE refobjid = 'regress_mvm_role'::regrole;
DO $$ BEGIN PERFORM mvm_revoke('regress_mvm_other'); END $$;
SELECT current_user = session_user AS still_oneself;

-- What a role has through another role, or as everybody has it, is reported, and stays.
GRANT regress_mvm_other TO regress_mvm_role;
GRANT EXECUTE ON FUNCTION mvm_seed() TO PUBLIC;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_other', 'trader'); END $$;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'reader'); END $$;
REVOKE EXECUTE ON FUNCTION mvm_seed() FROM PUBLIC;
REVOKE regress_mvm_other FROM regress_mvm_role;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'reader'); END $$;

-- A role's name is data.
DO $$ BEGIN PERFORM mvm_grant('regress mvm "Weird" Rôle', 'trader'); END $$;
SELECT * FROM has('regress mvm "Weird" Rôle');
DO $$ BEGIN PERFORM mvm_revoke('regress mvm "Weird" Rôle'); END $$;
SELECT * FROM has('regress mvm "Weird" Rôle');
SELECT c.call, o.code, o.detail FROM (VALUES
    (1, $$SELECT mvm_revoke('nobody_of_this_name')$$),
    (2, $$SELECT mvm_revoke(NULL)$$),
    (3, $$SELECT mvm_revoke('public')$$),
    (4, $$SELECT mvm_grant('public', 'reader')$$),
    (5, $$SELECT mvm_grant('regress_mvm_role', 'Reader')$$),
    (6, $$SELECT mvm_grant('regress_mvm_role', NULL)$$),
    (7, $$SELECT mvm_revoke(current_user)$$),
    (8, $$SELECT mvm_grant(current_user, 'reader')$$)
) c (place, call), LATERAL (SELECT code, replace(detail, current_user, 'OWNER') AS detail FROM outcome(c.call)) o ORDER BY place;
-- Only the owner may, even where somebody was let call it.
GRANT EXECUTE ON FUNCTION mvm_grant(name, text), mvm_revoke(name) TO regress_mvm_other;
SET ROLE regress_mvm_other;
SELECT mvm_grant('regress_mvm_other', 'operator');
SELECT mvm_revoke('regress_mvm_role');
RESET ROLE;
SELECT * FROM has('regress_mvm_role');

SELECT * FROM mvm_audit();
DROP FUNCTION has;
DROP VIEW member;
-- An owner who is no superuser may, too; what somebody else has granted only as a member of that role.
SET client_min_messages = warning;
DROP EXTENSION mvm CASCADE;
RESET client_min_messages;
CREATE ROLE regress_mvm_owner SUPERUSER;
SET ROLE regress_mvm_owner;
CREATE EXTENSION mvm;
RESET ROLE;
ALTER ROLE regress_mvm_owner NOSUPERUSER;
SET ROLE regress_mvm_owner;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'operator'); END $$;
GRANT USAGE ON SCHEMA mvm TO regress_mvm_other;
GRANT EXECUTE ON FUNCTION mvm_seed() TO regress_mvm_other WITH GRANT OPTION;
RESET ROLE;
SET ROLE regress_mvm_other;
GRANT EXECUTE ON FUNCTION mvm_seed() TO regress_mvm_role;
RESET ROLE;
SET ROLE regress_mvm_owner;
SELECT mvm_grant('regress_mvm_role', 'reader');
RESET ROLE;
SELECT has_function_privilege('regress_mvm_role', 'mvm_seed()', 'EXECUTE') AS may_seed,
    has_function_privilege('regress_mvm_role', 'mvm_sync_sequences()', 'EXECUTE') AS may_sync;
GRANT regress_mvm_other TO regress_mvm_owner;
SET ROLE regress_mvm_owner;
DO $$ BEGIN PERFORM mvm_grant('regress_mvm_role', 'reader'); END $$;
RESET ROLE;
SELECT has_function_privilege('regress_mvm_role', 'mvm_seed()', 'EXECUTE') AS may_seed,
    has_function_privilege('regress_mvm_role', 'mvm_sync_sequences()', 'EXECUTE') AS may_sync;

SET client_min_messages = warning;
DROP EXTENSION mvm CASCADE;
RESET client_min_messages;
DROP ROLE regress_mvm_owner, regress_mvm_role, regress_mvm_other, "regress mvm ""Weird"" Rôle";
