# What the subjects of tests/dba share. Sourced, not run.
# shellcheck shell=bash

: "${PGHOST:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGPORT:?name a PostgreSQL server with the extension installed (./mvm test does)}"
: "${PGUSER:?name a PostgreSQL server with the extension installed (./mvm test does)}"

work=$(mktemp -d)
failed=0 # what a subject exits with
databases=()
roles=()
own_server= # its directory, where the subject has one

# psql in DATABASE, stopping at the first error; rows unaligned, without headers.
sql() # DATABASE ARGUMENT...
{
    local database=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -At -d "$database" "$@"
}

remove_everything()
{
    local name
    for name in "${databases[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $name WITH (FORCE)"
    done
    for name in "${roles[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP ROLE IF EXISTS $name"
    done
}

finish()
{
    if [ -n "$own_server" ]; then
        "$MVM_TEST_SERVERS" postgres kill "$own_server"
        "$MVM_TEST_SERVERS" postgres remove "$own_server"
    else
        remove_everything
    fi
    rm -rf "$work"
}
trap finish EXIT

# Goes on with a server of the subject's own, with settings that only a start can change: `wal_level = logical`.
use_own_server() # SETTING...
{
    local setting
    own_server=$work/server
    "$MVM_TEST_SERVERS" postgres start "$own_server"
    PGHOST=$(readlink -f "$own_server/socket")
    PGPORT=$(cat "$own_server/port")
    PGPASSFILE=$own_server/pgpass
    PGUSER=postgres
    export PGHOST PGPORT PGPASSFILE PGUSER
    for setting in "$@"; do
        sql postgres -c "ALTER SYSTEM SET $setting"
    done
    "$MVM_TEST_SERVERS" postgres restart "$own_server"
    PGPORT=$(cat "$own_server/port")
}

# An empty database of that name, dropped at the end.
fresh_database() # NAME
{
    databases+=("$1")
    sql postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1"
}

# The same with the sample market.
fresh_market() # NAME
{
    fresh_database "$1"
    sql "$1" -c 'CREATE EXTENSION mvm' -c 'SELECT mvm_seed()' >/dev/null
}

# A login role of that name, dropped at the end.
fresh_role() # NAME
{
    roles+=("$1")
    sql postgres -c 'SET client_min_messages = warning' -c "DROP ROLE IF EXISTS $1" -c "CREATE ROLE $1 LOGIN"
}

passed() # SENTENCE
{
    printf 'ok - %s\n' "$1"
}

not_passed() # SENTENCE FILE-WITH-WHAT-WAS-SEEN
{
    printf 'not ok - %s\n' "$1"
    head -n 40 "$2" | sed 's/^/#   /'
    # shellcheck disable=SC2034 # the subjects exit with it
    failed=1
}

holds() # SENTENCE COMMAND...
{
    local sentence=$1
    shift
    if "$@" >"$work/output" 2>&1; then
        passed "$sentence"
    else
        not_passed "$sentence" "$work/output"
    fi
}

# The command fails and says PATTERN (an extended regular expression).
refuses() # SENTENCE PATTERN COMMAND...
{
    local sentence=$1 pattern=$2
    shift 2
    if "$@" >"$work/output" 2>&1; then
        not_passed "$sentence" "$work/output"
    elif grep -qE "$pattern" "$work/output"; then
        passed "$sentence"
    else
        not_passed "$sentence" "$work/output"
    fi
}

# What the query answers is exactly TEXT.
answers() # SENTENCE TEXT DATABASE QUERY
{
    if sql "$3" -c "$4" >"$work/output" 2>&1 && [ "$(cat "$work/output")" = "$2" ]; then
        passed "$1"
    else
        printf 'expected: %s\n' "$2" >>"$work/output"
        not_passed "$1" "$work/output"
    fi
}

audit_is_clean() # DATABASE
{
    answers "the audit of $1 is clean" '' "$1" 'SELECT * FROM mvm_audit()'
}
