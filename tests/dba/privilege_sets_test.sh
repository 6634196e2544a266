#!/usr/bin/env bash
# What roles may do after an update: each has what it had, and what is new in the set that it has.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

database=mvm_dba_privileges
for role in reader trader gateway operator limited single handed old; do
    fresh_role "mvm_dba_$role"
done

# Whether the role may call the functions, as a row of t and f.
may() # ROLE FUNCTION...
{
    local role=$1 function query=
    shift
    for function in "$@"; do
        query+="${query:+ || }has_function_privilege('mvm_dba_$role', '$function', 'EXECUTE')::char"
    done
    sql "$database" -c "SELECT $query"
}

may_is() # SENTENCE EXPECTED ROLE FUNCTION...
{
    local sentence=$1 expected=$2
    shift 2
    is "$sentence" "$expected" "$(may "$@")"
}

some=('mvm_balance(bigint,integer,timestamptz)' 'mvm_release(bigint)' 'mvm_move_user(bigint,integer)'
    'mvm_purge_quotes(interval)' 'mvm_payout(integer,text,numeric,text,text)' 'mvm_sync_sequences()' 'mvm_revoke(name)')

fresh_database "$database"
sql "$database" >/dev/null <<'SQL'
CREATE EXTENSION mvm VERSION '1.1';
SELECT mvm_seed();
SELECT mvm_grant('mvm_dba_reader', 'reader'), mvm_grant('mvm_dba_trader', 'trader'), mvm_grant('mvm_dba_operator', 'operator'),
    mvm_grant('mvm_dba_gateway', 'operator'), mvm_grant('mvm_dba_limited', 'operator'), mvm_grant('mvm_dba_handed', 'reader');
-- As the scripts of 1.1 left a gateway's role.
REVOKE EXECUTE ON FUNCTION mvm_seed(), mvm_purge_idempotency_keys(interval), mvm_purge_quotes(interval) FROM mvm_dba_gateway;
-- An operator who may not make refunds is a trader with more than that.
REVOKE EXECUTE ON FUNCTION mvm_refund(bigint, bigint, text) FROM mvm_dba_limited;
-- Views that the owner takes away, one of 1.0 and one of 1.1.
REVOKE SELECT ON mvm.users, mvm.holds FROM mvm_dba_trader;
GRANT USAGE ON SCHEMA mvm TO mvm_dba_single;
SELECT format('GRANT EXECUTE ON FUNCTION %s TO mvm_dba_single WITH GRANT OPTION', oid::regprocedure) FROM pg_proc WHERE proname = 'mvm_buy' \gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO mvm_dba_handed', oid::regprocedure) FROM pg_proc WHERE proname = 'mvm_deposit' \gexec
ALTER EXTENSION mvm UPDATE;
SQL
may_is 'a reader has what a reader had' tffffff reader "${some[@]}"
may_is 'a trader has what a trader had' ttfffff trader "${some[@]}"
may_is 'an operator has what is new for operators' ttttttf operator "${some[@]}"
may_is "a gateway's role stays without what no route leads to" tttffff gateway "${some[@]}"
may_is 'an operator without refunds gets nothing that is new for operators' ttttfff limited "${some[@]}"
may_is 'and stays without refunds' f limited 'mvm_refund(bigint,bigint,text)'
may_is 'a role with one function has no other' fffffff single "${some[@]}"
answers 'a role keeps the one function that it had, and may hand it on' t "$database" \
    "SELECT has_function_privilege('mvm_dba_single', oid, 'EXECUTE WITH GRANT OPTION') FROM pg_proc WHERE proname = 'mvm_buy'"
answers 'a reader keeps the function that it was given besides' t "$database" \
    "SELECT has_function_privilege('mvm_dba_handed', oid, 'EXECUTE') FROM pg_proc WHERE proname = 'mvm_deposit'"
answers 'whoever has a set reads the new views' gateway,handed,limited,operator,reader,trader "$database" \
    "SELECT string_agg(substr(rolname, 9), ',' ORDER BY rolname) FROM pg_roles
     WHERE rolname LIKE 'mvm_dba_%' AND has_table_privilege(oid, 'mvm.house_accounts', 'SELECT') AND NOT rolsuper"
answers 'a view that was taken away stays away' ff "$database" \
    "SELECT has_table_privilege('mvm_dba_trader', 'mvm.users', 'SELECT')::char || has_table_privilege('mvm_dba_trader', 'mvm.holds', 'SELECT')::char"
answers 'everybody has the set as mvm_grant() would give it' '' "$database" \
    "SELECT r.role, s.name FROM (VALUES ('reader', 1), ('trader', 2), ('gateway', 3), ('operator', 4)) r (role, place),
        mvm.privilege_sets() s JOIN pg_proc p ON p.proname = s.name
     WHERE has_function_privilege('mvm_dba_' || r.role, p.oid, 'EXECUTE') <>
        (array_position(ARRAY['reader', 'trader', 'gateway', 'operator'], s.privilege_set) <= r.place) AND s.name <> 'mvm_version'"
audit_is_clean "$database"

fresh_database "$database"
sql "$database" >/dev/null <<'SQL'
CREATE EXTENSION mvm VERSION '1.0';
SELECT mvm_grant('mvm_dba_operator', 'operator'), mvm_grant('mvm_dba_trader', 'trader'), mvm_grant('mvm_dba_old', 'operator');
REVOKE EXECUTE ON FUNCTION mvm_seed() FROM mvm_dba_old;
REVOKE SELECT ON mvm.users FROM mvm_dba_trader;
ALTER EXTENSION mvm UPDATE TO '1.1';
ALTER EXTENSION mvm UPDATE;
SQL
may_is 'an operator of 1.0 has what is new since' ttttttf operator "${some[@]}"
may_is 'a trader of 1.0 has what is new since' ttfffff trader "${some[@]}"
answers 'a trader of 1.0 reads the views that are new since, and not the one that was taken away' holds,house_accounts "$database" \
    "SELECT string_agg(v, ',' ORDER BY v) FROM unnest('{users,holds,house_accounts}'::text[]) v
     WHERE has_table_privilege('mvm_dba_trader', 'mvm.' || v, 'SELECT')"
may_is 'an operator of 1.0 who may not seed has what a gateway calls' tttffff old "${some[@]}"

# Back to 1.1, whose views are made anew.
fresh_database "$database"
sql "$database" >/dev/null <<'SQL'
CREATE EXTENSION mvm;
GRANT SELECT (id, username) ON mvm.users TO mvm_dba_single;
GRANT SELECT (id, external_id) ON mvm.items TO mvm_dba_single WITH GRANT OPTION;
ALTER EXTENSION mvm UPDATE TO '1.1';
SQL
answers 'a role keeps the columns that it may read on the way back, and no others' id,id:grant,username "$database" \
    "SELECT string_agg(a.attname || CASE WHEN g.is_grantable THEN ':grant' ELSE '' END, ',' ORDER BY a.attname, g.is_grantable)
     FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) g
     WHERE attrelid IN ('mvm.users'::regclass, 'mvm.items'::regclass) AND g.grantee = 'mvm_dba_single'::regrole"
