#!/usr/bin/env bash
# A market that has been traded on survives pg_dump and restore: the copy is equal, clean and working. DROP EXTENSION
# leaves nothing behind.
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server with the extension installed.
set -euo pipefail

# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

here=$root/tests/dump
source=mvm_dump_source
copies=(mvm_dump_custom mvm_dump_parallel mvm_dump_plain mvm_dump_twice)
bare=mvm_dump_bare
old_source=mvm_dump_old_source
old_copy=mvm_dump_old
databases=("$source" "${copies[@]}" "$bare" "$old_source" "$old_copy")
roles=(mvm_dump_reader mvm_dump_trader mvm_dump_operator)

drop_databases_and_roles
for role in "${roles[@]}"; do
    fresh_role "$role"
done
fresh_database "$source"
sql "$source" -f "$here/market.sql" >/dev/null
sql "$source" -c 'SELECT mvm_audit_checkpoint()' -c 'SELECT mvm_deposit(1, 1)' >/dev/null
sql "$source" -f "$here/fingerprint.sql" >"$work/source"

# shellcheck disable=SC2317 # called through holds
is_traded_on_and_compared()
{
    [ "$(sql "$source" -c 'SELECT count(*) FROM mvm.transactions')" -gt 250 ] && cat "$work/source" &&
        [ "$(grep -c '^mvm\.' "$work/source")" -ge 17 ]
}
holds 'the market to dump has been traded on, and each of its tables, views and sequences is compared' \
    is_traded_on_and_compared

# These run as conditions, where set -e sleeps: each step asks for the one before.
# shellcheck disable=SC2317
restore_custom() # SOURCE COPY
{
    fresh_database "$2" &&
        pg_dump -Fc -f "$work/custom" "$1" &&
        pg_restore --exit-on-error -d "$2" "$work/custom"
}
# Jobs load tables in any order, against foreign keys that CREATE EXTENSION has made: these are triggers, and rest.
# shellcheck disable=SC2317
restore_parallel() # SOURCE COPY
{
    fresh_database "$2" &&
        pg_dump -Fc -f "$work/custom" "$1" &&
        PGOPTIONS='-c session_replication_role=replica' pg_restore --exit-on-error -j 4 -d "$2" "$work/custom"
}
# shellcheck disable=SC2317
restore_plain() # SOURCE COPY
{
    fresh_database "$2" &&
        pg_dump -Fp -f "$work/plain" "$1" &&
        sql "$2" -f "$work/plain"
}
holds 'a custom-format dump restores into a new database without an error' restore_custom "$source" mvm_dump_custom
holds 'a custom-format dump restores with four jobs without an error' restore_parallel "$source" mvm_dump_parallel
holds 'a plain dump restores into a new database without an error' restore_plain "$source" mvm_dump_plain
holds 'a dump of the restored market restores without an error' restore_custom mvm_dump_plain mvm_dump_twice

for copy in "${copies[@]}"; do
    sql "$copy" -f "$here/fingerprint.sql" >"$work/$copy" 2>&1 || true
    same "$copy: every table, view, sequence and privilege is equal to the source's" "$work/source" "$work/$copy"
    audit_is_clean "$copy" "$copy: mvm_audit() is empty"
    answers "$copy: mvm_audit() since the checkpoint of the source is empty" '' "$copy" \
        'SELECT * FROM mvm_audit((SELECT id FROM mvm.audit_checkpoints))'
done

# The same calls, as the roles that mvm_grant() served, on the source and on each copy.
sql "$source" -f "$here/go_on.sql" >"$work/source.on" 2>&1
for copy in "${copies[@]}"; do
    sql "$copy" -f "$here/go_on.sql" >"$work/$copy.on" 2>&1 || true
    same "$copy: goes on as the source does: next ids, trades, replayed keys, privileges, refusals" \
        "$work/source.on" "$work/$copy.on"
done
# shellcheck disable=SC2317 # called through holds
says_only_true()
{
    cat "$1"
    grep -q 'no gap: true' "$1" && grep -q 'replayed: true' "$1" && ! grep -q ': false' "$1"
}
holds 'the next ids follow the last ones, and keys from before the dump still replay' says_only_true "$work/source.on"

# DROP EXTENSION: the catalogues of a database before and after.
fresh_database "$bare"
sql "$bare" -f "$here/leftovers.sql" >"$work/before"
sql "$bare" -f "$here/market.sql" >/dev/null
sql "$bare" -f "$here/leftovers.sql" >"$work/between"
sql "$bare" -c 'DROP EXTENSION mvm'
sql "$bare" -f "$here/leftovers.sql" >"$work/after"
holds 'the list of leftovers sees the extension while it is there' grep -v -x -F -f "$work/before" "$work/between"
same 'DROP EXTENSION mvm leaves nothing behind' "$work/before" "$work/after"

# A dump of 1.1, whose rows name no other: histories are refused, not shortened, until they are linked. Without its grants, as
# some are on functions that have other arguments now.
# shellcheck disable=SC2317
restore_without_grants() # SOURCE COPY
{
    fresh_database "$2" &&
        pg_dump -Fc -x -f "$work/custom" "$1" &&
        pg_restore --exit-on-error -d "$2" "$work/custom"
}
histories() # DATABASE: what trades and statements show
{
    sql "$1" -c "SELECT u.id, array_agg(t.id) FROM mvm.users u CROSS JOIN LATERAL mvm_trades(u.id, 1000) t GROUP BY u.id ORDER BY u.id" \
        -c "SELECT w.user_id, w.universe_id, array_agg((s.transaction_id, s.balance)) FROM mvm.wallets w
            CROSS JOIN LATERAL mvm_statement(w.user_id, w.universe_id, '-infinity', 'infinity', 1000) s
            WHERE s.transaction_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
}
fresh_database "$old_source"
sql "$old_source" -v from_version=1.1 -f "$here/market.sql" >/dev/null
histories "$old_source" >"$work/histories.old"
holds 'a dump of 1.1 restores into a market of the newest version' restore_without_grants "$old_source" "$old_copy"
refuses 'there a history is refused with the function that links its rows' 'mvm_relink_journal\(\)' \
    sql "$old_copy" -c 'SELECT mvm_trades(1)'
sql "$old_copy" -c 'SELECT mvm_relink_journal()' >/dev/null
histories "$old_copy" >"$work/histories.new"
same 'once they are linked, trades and statements are those of 1.1' "$work/histories.old" "$work/histories.new"
answers 'and the audit finds every row linked' '' "$old_copy" \
    "SELECT * FROM mvm_audit() WHERE check_name IN ('journal_is_linked', 'wallet_names_last_row', 'snapshot_names_last_row')"
