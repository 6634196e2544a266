#!/usr/bin/env bash
# A market goes from each version to the next and back with its data, its roles and its working. One that uses what the
# older version does not have stays where it is.
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server with the extension installed.
set -euo pipefail

# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

here=$root/tests/upgrade
market=mvm_upgrade_market twin=mvm_upgrade_twin fresh=mvm_upgrade_fresh
databases=("$market" "$twin" "$fresh")
roles=(mvm_dump_reader mvm_dump_trader mvm_dump_operator) # those that tests/dump/market.sql serves

# Writes what SCRIPT says in the database to work/NAME. What it says of rows are the columns of $old.
note() # DATABASE SCRIPT NAME
{
    if ! sql "$1" -v version="$old" -f "$here/$2.sql" >"$work/$3" 2>"$work/errors"; then
        not_passed "$2.sql runs in $1" "$work/errors"
    fi
}

update_to() # DATABASE VERSION
{
    sql "$1" -c "ALTER EXTENSION mvm UPDATE TO '$2'"
}

# What was never brought down has no column with another number than its place: the library reads such rows without looking
# columns up.
columns_are_numbered_by_place() # SENTENCE DATABASE
{
    prints_nothing "$1" sql "$2" -c "SELECT attrelid::regclass, attname, attnum FROM pg_attribute
        JOIN pg_class c ON c.oid = attrelid AND c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'r'
        WHERE attisdropped"
}

make_databases()
{
    local role database
    drop_databases_and_roles
    for role in "${roles[@]}"; do
        fresh_role "$role"
    done
    for database in "${databases[@]}"; do
        fresh_database "$database"
    done
}

# A market of the old version, served by this library.
trade_at_old_version()
{
    local database
    for database in $market $twin; do
        sql "$database" -v from_version="$old" -f "$here/../dump/market.sql" >/dev/null
    done
    note $market data data.old
    note $market catalogue catalogue.old
    holds "a market of $old is traded on with this library" \
        test "$(sql $market -c 'SELECT count(*) FROM mvm.transactions')" -gt 250
    audit_is_clean $market "a market of $old that was traded on with this library is clean"
}

bring_up()
{
    holds "a market of $old is brought to $new" update_to $market "$new"
    note $market data data.new
    same "bringing it to $new changes no row and no sequence" "$work/data.old" "$work/data.new"
    sql $fresh -c "CREATE EXTENSION mvm VERSION '$new'"
    note $fresh catalogue catalogue.fresh
    note $market catalogue catalogue.new
    same "a market that was brought to $new has the catalogue of a fresh one" "$work/catalogue.fresh" "$work/catalogue.new"
    audit_is_clean $market "a market that was brought to $new is clean"
}

# Down, and up again: columns of the new version now have other numbers.
bring_down_and_up()
{
    holds "a market that uses nothing of $new is brought back to $old" update_to $market "$old"
    note $market data data.back
    same "bringing it back to $old changes no row and no sequence" "$work/data.old" "$work/data.back"
    note $market catalogue catalogue.back
    same "a market that was brought back has the catalogue of $old" "$work/catalogue.old" "$work/catalogue.back"
    holds "it is brought up to $new again" update_to $market "$new"
}

# One is still at the old version, the other has been up, down and up. As the roles that the old version served: their
# grants stayed.
go_on()
{
    local database
    for database in $twin $market; do
        # Some of its calls are refused, which it prints.
        sql "$database" -f "$here/../dump/go_on.sql" >"$work/on.$database" 2>&1 || true
    done
    sed -i -E 's/(\|t?)+$//; s/\|*$//' "$work/on.$twin" "$work/on.$market" # columns that the new version added
    same "roles, ids, keys, trades and refusals go on as in a market that stayed at $old" "$work/on.$twin" "$work/on.$market"
    holds 'what went on was not refused as a whole' grep -q 'no gap: true' "$work/on.$market"
}

# What the new version has, on columns with other numbers and on those of a fresh market.
use_new_version()
{
    local version
    sql $fresh -c 'SELECT mvm_seed()' >/dev/null
    note $fresh "use_${new//./_}" used.fresh
    sql $twin -c "DROP EXTENSION mvm CASCADE" -c "CREATE EXTENSION mvm VERSION '$old'" -c 'SELECT mvm_seed()' >/dev/null 2>&1
    for version in "$new" "$old" "$new"; do
        update_to $twin "$version"
    done
    note $twin "use_${new//./_}" used.twin
    same "what $new has works the same after up, down and up" "$work/used.fresh" "$work/used.twin"
}

# Down is refused once the new version is used, and nothing changes.
stay_when_used() # WHAT-IT-USES
{
    note $twin catalogue catalogue.used
    note $twin data data.used
    update_to $twin "$old" >"$work/refused" 2>&1 || true
    holds "bringing back a market that uses $new is refused with what it uses" grep -qF "DETAIL:  It has $1" "$work/refused"
    note $twin catalogue catalogue.kept
    same "the refused way back to $old changes nothing of the catalogue" "$work/catalogue.used" "$work/catalogue.kept"
    note $twin data data.kept
    same "the refused way back to $old changes no row" "$work/data.used" "$work/data.kept"
}

step() # OLD NEW WHAT-IT-USES
{
    old=$1 new=$2
    make_databases
    trade_at_old_version
    bring_up
    bring_down_and_up
    go_on
    use_new_version
    stay_when_used "$3"
}
step 1.0 1.1 'restocks, transfers or refunds, fees or tariffs, trading rules, changed prices, quotes or holds'
step 1.1 1.2 'memos, external ids or metadata, payouts, limits of holds or quotes'

# Without detours, and two steps at once.
for old in 1.1 1.0; do
    make_databases
    sql $market -v from_version=$old -f "$here/../dump/market.sql" >/dev/null
    note $market data data.old
    holds "a market of $old is brought to the newest version at once" sql $market -c 'ALTER EXTENSION mvm UPDATE'
    note $market data data.new
    same "bringing it there from $old at once changes no row and no sequence" "$work/data.old" "$work/data.new"
    audit_is_clean $market "a market that was brought there from $old at once is clean"
    sql $fresh -c 'CREATE EXTENSION mvm'
    sql $twin -c "CREATE EXTENSION mvm VERSION '$old'" -c 'ALTER EXTENSION mvm UPDATE'
    for database in $fresh $market $twin; do
        note "$database" catalogue "catalogue.$database"
    done
    same "one brought there from $old has the catalogue of a fresh one" "$work/catalogue.$fresh" "$work/catalogue.$market"
    same "and so has an empty one from $old" "$work/catalogue.$fresh" "$work/catalogue.$twin"
    columns_are_numbered_by_place "the columns of an empty one from $old have the numbers of a fresh one's" $twin
done
