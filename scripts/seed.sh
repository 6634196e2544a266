#!/usr/bin/env bash
# Adds a synthetic market to whatever the database of PGHOST, PGPORT, PGUSER and PGDATABASE holds.
#
#   scripts/seed.sh [--users N] [--items N] [--universes N]
#
# Balances and stocks are journalled, so the audit stays clean. A market without universes gets ten by default.
# Each chunk is a transaction of its own: one that is cut short leaves a smaller market, never a wrong one.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

chunk_rows=20000

run_sql()
{
    psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# A number of rows from the command line.
parse_count()
{
    [[ ${2:-} =~ ^[0-9]{1,9}$ ]] || fail "$1 wants a number of at most nine digits, not '${2:-}'"
    printf '%s\n' "$((10#$2))"
}

# Adds `total` rows of a kind, chunk by chunk; on a terminal the progress stays on one line.
add()
{
    local kind=$1 total=$2 done_rows=0 count
    local line_end='\n'
    if [ -t 1 ]; then
        line_end='\r'
    fi
    while [ "$done_rows" -lt "$total" ]; do
        count=$((total - done_rows < chunk_rows ? total - done_rows : chunk_rows))
        run_sql -v count="$count" -f "$root/scripts/seed-$kind.sql"
        done_rows=$((done_rows + count))
        printf "%s: %s of %s$line_end" "$kind" "$done_rows" "$total"
    done
    if [ "$total" -gt 0 ] && [ -t 1 ]; then
        printf '\n'
    fi
}

users=0
items=0
universes=
while [ $# -gt 0 ]; do
    case "$1" in
        --users) users=$(parse_count "$@") ;;
        --items) items=$(parse_count "$@") ;;
        --universes) universes=$(parse_count "$@") ;;
        *) fail "seed takes --users N, --items N and --universes N, not '$1'" ;;
    esac
    shift 2
done
if [ -z "$universes" ]; then
    universes=$(run_sql -c 'SELECT CASE WHEN EXISTS (SELECT FROM mvm.universe) THEN 0 ELSE 10 END')
elif [ "$universes" -eq 0 ] && [ "$(run_sql -c 'SELECT EXISTS (SELECT FROM mvm.universe)')" = f ]; then
    fail "users and items need a universe, and the market has none"
fi

started=$SECONDS
add universes "$universes"
add users "$users"
add items "$items"
run_sql -c 'VACUUM (ANALYZE) mvm.universe, mvm.user_account, mvm.wallet, mvm.item, mvm.journal'
say "Added $universes universes, $users users and $items items in $((SECONDS - started)) s"
