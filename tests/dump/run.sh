#!/bin/bash
# A market that has been traded on survives pg_dump and restore: the copy is
# equal, clean and working. DROP EXTENSION leaves nothing behind.
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server with the extension installed.
set -euo pipefail

: "${PGHOST:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGPORT:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGUSER:?name a PostgreSQL server with the extension installed (./mvm test does)}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source=mvm_dump_source
copies=(mvm_dump_custom mvm_dump_parallel mvm_dump_plain mvm_dump_twice)
roles=(mvm_dump_reader mvm_dump_trader mvm_dump_operator)
work=$(mktemp -d)
failed=0

sql() { # database, psql arguments
    local database=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -At -d "$database" "$@"
}

remove_everything() {
    local database role
    for database in "$source" "${copies[@]}" mvm_dump_bare mvm_dump_old_source mvm_dump_old; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
    done
    for role in "${roles[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP ROLE IF EXISTS $role"
    done
}
trap 'remove_everything; rm -rf "$work"' EXIT

passed() { echo "ok - $1"; }
not_passed() { # sentence, file with what was seen
    echo "not ok - $1"
    sed 's/^/#   /' "$2"
    failed=1
}

same() { # sentence, file, file
    if diff "$2" "$3" >"$work/difference"; then
        passed "$1"
    else
        not_passed "$1" "$work/difference"
    fi
}

succeeds() { # sentence, command
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed "$sentence"
    else
        not_passed "$sentence" "$work/output"
    fi
}

remove_everything
for role in "${roles[@]}"; do
    sql postgres -c "CREATE ROLE $role"
done
sql postgres -c "CREATE DATABASE $source"
sql "$source" -f "$here/market.sql" >/dev/null
sql "$source" -c 'SELECT mvm_audit_checkpoint()' -c 'SELECT mvm_deposit(1, 1)' >/dev/null
sql "$source" -f "$here/fingerprint.sql" >"$work/source"

sql "$source" -c 'SELECT count(*) FROM mvm.transactions' >"$work/transactions"
if [ "$(cat "$work/transactions")" -gt 250 ] && [ "$(grep -c '^mvm\.' "$work/source")" -ge 17 ]; then
    passed 'the market to dump has been traded on, and each of its tables, views and sequences is compared'
else
    not_passed 'the market to dump has been traded on, and each of its tables, views and sequences is compared' "$work/source"
fi

# These run as conditions, where set -e sleeps: each step asks for the one before.
# shellcheck disable=SC2317
restore_custom() { # source, copy
    sql postgres -c "CREATE DATABASE $2" &&
        pg_dump -Fc -f "$work/custom" "$1" &&
        pg_restore --exit-on-error -d "$2" "$work/custom"
}
# Jobs load tables in any order, against foreign keys that CREATE EXTENSION has made: these are triggers, and rest.
# shellcheck disable=SC2317
restore_parallel() { # source, copy
    sql postgres -c "CREATE DATABASE $2" &&
        pg_dump -Fc -f "$work/custom" "$1" &&
        PGOPTIONS='-c session_replication_role=replica' pg_restore --exit-on-error -j 4 -d "$2" "$work/custom"
}
# shellcheck disable=SC2317
restore_plain() { # source, copy
    sql postgres -c "CREATE DATABASE $2" &&
        pg_dump -Fp -f "$work/plain" "$1" &&
        sql "$2" -f "$work/plain"
}
succeeds 'a custom-format dump restores into a new database without an error' restore_custom "$source" mvm_dump_custom
succeeds 'a custom-format dump restores with four jobs without an error' restore_parallel "$source" mvm_dump_parallel
succeeds 'a plain dump restores into a new database without an error' restore_plain "$source" mvm_dump_plain
succeeds 'a dump of the restored market restores without an error' restore_custom mvm_dump_plain mvm_dump_twice

for copy in "${copies[@]}"; do
    sql "$copy" -f "$here/fingerprint.sql" >"$work/$copy" 2>&1 || true
    same "$copy: every table, view, sequence and privilege is equal to the source's" "$work/source" "$work/$copy"
    sql "$copy" -c 'SELECT * FROM mvm_audit()' >"$work/audit" 2>&1 || true
    same "$copy: mvm_audit() is empty" /dev/null "$work/audit"
    sql "$copy" -c 'SELECT * FROM mvm_audit((SELECT id FROM mvm.audit_checkpoints))' >"$work/audit" 2>&1 || true
    same "$copy: mvm_audit() since the checkpoint of the source is empty" /dev/null "$work/audit"
done

# The same calls, as the roles that mvm_grant() served, on the source and on each copy.
sql "$source" -f "$here/go_on.sql" >"$work/source.on" 2>&1
for copy in "${copies[@]}"; do
    sql "$copy" -f "$here/go_on.sql" >"$work/$copy.on" 2>&1 || true
    same "$copy: goes on as the source does: next ids, trades, replayed keys, privileges, refusals" \
        "$work/source.on" "$work/$copy.on"
done
if grep -q 'no gap: true' "$work/source.on" && grep -q 'replayed: true' "$work/source.on" && ! grep -q ': false' "$work/source.on"; then
    passed 'the next ids follow the last ones, and keys from before the dump still replay'
else
    not_passed 'the next ids follow the last ones, and keys from before the dump still replay' "$work/source.on"
fi

# DROP EXTENSION: the catalogues of a database before and after.
sql postgres -c 'CREATE DATABASE mvm_dump_bare'
sql mvm_dump_bare -f "$here/leftovers.sql" >"$work/before"
sql mvm_dump_bare -f "$here/market.sql" >/dev/null
sql mvm_dump_bare -f "$here/leftovers.sql" >"$work/between"
sql mvm_dump_bare -c 'DROP EXTENSION mvm'
sql mvm_dump_bare -f "$here/leftovers.sql" >"$work/after"
if cmp -s "$work/before" "$work/between"; then
    not_passed 'the list of leftovers sees the extension while it is there' "$work/between"
else
    passed 'the list of leftovers sees the extension while it is there'
fi
same 'DROP EXTENSION mvm leaves nothing behind' "$work/before" "$work/after"

# A dump of 1.1, whose rows name no other: histories are refused, not shortened, until they are linked.
sql postgres -c 'CREATE DATABASE mvm_dump_old_source'
sql mvm_dump_old_source -v from_version=1.1 -f "$here/market.sql" >/dev/null
histories() # DATABASE: what trades and statements show
{
    sql "$1" -c "SELECT u.id, array_agg(t.id) FROM mvm.users u CROSS JOIN LATERAL mvm_trades(u.id, 1000) t GROUP BY u.id ORDER BY u.id" \
        -c "SELECT w.user_id, w.universe_id, array_agg((s.transaction_id, s.balance)) FROM mvm.wallets w
            CROSS JOIN LATERAL mvm_statement(w.user_id, w.universe_id, '-infinity', 'infinity', 1000) s
            WHERE s.transaction_id IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2"
}
histories mvm_dump_old_source >"$work/histories.old"
# Without its grants: some are on functions that have other arguments now.
# shellcheck disable=SC2317
restore_without_grants() { # source, copy
    sql postgres -c "CREATE DATABASE $2" &&
        pg_dump -Fc -x -f "$work/custom" "$1" &&
        pg_restore --exit-on-error -d "$2" "$work/custom"
}
succeeds 'a dump of 1.1 restores into a market of the newest version' restore_without_grants mvm_dump_old_source mvm_dump_old
if sql mvm_dump_old -c 'SELECT mvm_trades(1)' >"$work/output" 2>&1 || ! grep -q 'mvm_relink_journal()' "$work/output"; then
    not_passed 'there a history is refused with the function that links its rows' "$work/output"
else
    passed 'there a history is refused with the function that links its rows'
fi
sql mvm_dump_old -c 'SELECT mvm_relink_journal()' >/dev/null
histories mvm_dump_old >"$work/histories.new"
same 'once they are linked, trades and statements are those of 1.1' "$work/histories.old" "$work/histories.new"
sql mvm_dump_old -c "SELECT * FROM mvm_audit() WHERE check_name IN ('journal_is_linked', 'wallet_names_last_row', 'snapshot_names_last_row')" \
    >"$work/audit"
same 'and the audit finds every row linked' /dev/null "$work/audit"

exit "$failed"
