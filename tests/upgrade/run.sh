#!/bin/bash
# A market goes from 1.0 to 1.1 and back with its data, its roles and its working; one that uses 1.1 stays there.
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server with the extension installed.
set -euo pipefail

: "${PGHOST:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGPORT:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGUSER:?name a PostgreSQL server with the extension installed (./mvm test does)}"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
databases=(mvm_upgrade_market mvm_upgrade_twin mvm_upgrade_fresh)
roles=(mvm_dump_reader mvm_dump_trader mvm_dump_operator) # those that tests/dump/market.sql serves
work=$(mktemp -d)
failed=0

sql() # DATABASE ARGUMENTS...
{
    local database=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -At -d "$database" "$@"
}

remove_everything()
{
    local database role
    for database in "${databases[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
    done
    for role in "${roles[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP ROLE IF EXISTS $role"
    done
}
trap 'remove_everything; rm -rf "$work"' EXIT

same() # SENTENCE EXPECTED-FILE FILE
{
    if diff "$2" "$3" >"$work/difference"; then
        printf 'ok - %s\n' "$1"
    else
        printf 'not ok - %s\n' "$1"
        head -n 40 "$work/difference" | sed 's/^/#   /'
        failed=1
    fi
}

# Writes what SCRIPT says in the database to work/NAME.
note() # DATABASE SCRIPT NAME
{
    if ! sql "$1" -f "$here/$2.sql" >"$work/$3" 2>"$work/errors"; then
        printf 'not ok - %s.sql runs in %s\n' "$2" "$1"
        sed 's/^/#   /' "$work/errors"
        failed=1
    fi
}

update_to() # DATABASE VERSION
{
    sql "$1" -c "ALTER EXTENSION mvm UPDATE TO '$2'"
}

holds() # SENTENCE COMMAND...
{
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        printf 'ok - %s\n' "$sentence"
    else
        printf 'not ok - %s\n' "$sentence"
        sed 's/^/#   /' "$work/output"
        failed=1
    fi
}

remove_everything
for role in "${roles[@]}"; do
    sql postgres -c "CREATE ROLE $role"
done
for database in "${databases[@]}"; do
    sql postgres -c "CREATE DATABASE $database"
done
market=mvm_upgrade_market twin=mvm_upgrade_twin fresh=mvm_upgrade_fresh

# 1.0, served by this library.
for database in $market $twin; do
    sql "$database" -v from_version=1.0 -f "$here/../dump/market.sql" >/dev/null
done
note $market data data.1.0
note $market catalogue catalogue.1.0
holds 'a market of 1.0 is traded on with the library of 1.1' test "$(sql $market -c 'SELECT count(*) FROM mvm.transactions')" -gt 250
sql $market -c 'SELECT * FROM mvm_audit()' >"$work/audit"
same 'a market of 1.0 that was traded on with the library of 1.1 is clean' /dev/null "$work/audit"

# Up.
holds 'a market of 1.0 is brought to 1.1' update_to $market 1.1
note $market data data.1.1
same 'bringing it up changes no row and no sequence' "$work/data.1.0" "$work/data.1.1"
sql $fresh -c 'CREATE EXTENSION mvm'
note $fresh catalogue catalogue.fresh
note $market catalogue catalogue.1.1
same 'a market that was brought up has the catalogue of a fresh one' "$work/catalogue.fresh" "$work/catalogue.1.1"
sql $market -c 'SELECT * FROM mvm_audit()' >"$work/audit"
same 'a market that was brought up is clean' /dev/null "$work/audit"

# Down, and up again: columns of 1.1 now have other numbers.
holds 'a market that uses nothing of 1.1 is brought back to 1.0' update_to $market 1.0
note $market data data.back
same 'bringing it back changes no row and no sequence' "$work/data.1.0" "$work/data.back"
note $market catalogue catalogue.back
same 'a market that was brought back has the catalogue of 1.0' "$work/catalogue.1.0" "$work/catalogue.back"
holds 'it is brought up again' update_to $market 1.1

# Both go on alike: one is still 1.0, the other has been up, down and up. As the roles that 1.0 served: their grants stayed.
for database in $twin $market; do
    # Some of its calls are refused, which it prints.
    sql "$database" -f "$here/../dump/go_on.sql" >"$work/on.$database" 2>&1 || true
done
sed -i 's/|t$//; s/|*$//' "$work/on.$twin" "$work/on.$market" # columns that 1.1 added
same 'roles, ids, keys, trades and refusals go on as in a market that stayed at 1.0' "$work/on.$twin" "$work/on.$market"
holds 'what went on was not refused as a whole' grep -q 'no gap: true' "$work/on.$market"

# What 1.1 has, on columns with other numbers and on those of a fresh market.
sql $fresh -c 'SELECT mvm_seed()' >/dev/null
sql $fresh -f "$here/use_1_1.sql" >"$work/used.fresh"
sql $twin -c "DROP EXTENSION mvm CASCADE" -c "CREATE EXTENSION mvm VERSION '1.0'" -c 'SELECT mvm_seed()' >/dev/null 2>&1
for version in 1.1 1.0 1.1; do
    update_to $twin $version
done
note $twin use_1_1 used.twin
same 'selling, rules, refunds and transfers work the same after up, down and up' "$work/used.fresh" "$work/used.twin"

# Down is refused once 1.1 is used, and nothing changes.
note $twin catalogue catalogue.used
note $twin data data.used
update_to $twin 1.0 >"$work/refused" 2>&1 || true
holds 'bringing back a market that uses 1.1 is refused with what it uses' \
    grep -q 'DETAIL:  It has restocks, transfers or refunds, fees or tariffs, trading rules, changed prices, quotes or holds' "$work/refused"
note $twin catalogue catalogue.kept
same 'the refused way back changes nothing of the catalogue' "$work/catalogue.used" "$work/catalogue.kept"
note $twin data data.kept
same 'the refused way back changes no row' "$work/data.used" "$work/data.kept"

exit "$failed"
