# Databases, roles and servers of a shell suite, dropped at its end. Sourced after checks.sh, not run.
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a superuser on a server with the extension installed; ./mvm test sets them.
# A suite that calls use_own_server needs none.
# shellcheck shell=bash

: "${work:?source checks.sh first}" "${root:?source checks.sh first}"
servers=${MVM_TEST_SERVERS:-$root/scripts/servers.sh}
# What is dropped at the end, databases before roles. A suite may name here what a run that was killed has left, and call
# drop_databases_and_roles.
databases=()
roles=()
own_server= # its directory, where the suite has one

# psql in DATABASE, stopping at the first error; rows unaligned, without headers.
sql() # DATABASE ARGUMENT...
{
    : "${PGHOST:?name a PostgreSQL server with the extension installed (./mvm test does)}"
    : "${PGPORT:?name its port}" "${PGUSER:?name a superuser}"
    local database=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -At -d "$database" "$@"
}

drop_databases_and_roles()
{
    local name
    for name in "${databases[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $name WITH (FORCE)"
    done
    for name in "${roles[@]}"; do
        sql postgres -c 'SET client_min_messages = warning' -c "DROP ROLE IF EXISTS $name"
    done
}

clean_up_databases()
{
    if [ -n "$own_server" ]; then
        "$servers" postgres kill "$own_server"
        "$servers" postgres remove "$own_server"
    else
        drop_databases_and_roles
    fi
}
at_end clean_up_databases

# Goes on with a server of the suite's own, with settings that only a start can change: `wal_level = logical`.
use_own_server() # SETTING...
{
    local setting
    own_server=$work/server
    start_own_server
    if [ $# -gt 0 ]; then
        for setting in "$@"; do
            sql postgres -c "ALTER SYSTEM SET $setting"
        done
        "$servers" postgres stop "$own_server"
        start_own_server
    fi
}

# Starts it again after a stop or a crash.
start_own_server()
{
    "$servers" postgres start "$own_server"
    PGHOST=$(readlink -f "$own_server/socket")
    PGPORT=$(cat "$own_server/port")
    PGPASSFILE=$own_server/pgpass
    PGUSER=postgres
    export PGHOST PGPORT PGPASSFILE PGUSER
}

# An empty database of that name.
fresh_database() # NAME
{
    [[ " ${databases[*]} " == *" $1 "* ]] || databases+=("$1")
    sql postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS $1 WITH (FORCE)" -c "CREATE DATABASE $1"
}

# The same with the sample market.
fresh_market() # NAME
{
    fresh_database "$1"
    sql "$1" -c 'CREATE EXTENSION mvm' -c 'SELECT mvm_seed()' >/dev/null
}

# A copy of a database that nobody uses.
fresh_copy() # OF NAME
{
    fresh_database "$2"
    sql postgres -c "DROP DATABASE $2" -c "CREATE DATABASE $2 TEMPLATE $1"
}

# A login role of that name.
fresh_role() # NAME
{
    [[ " ${roles[*]} " == *" $1 "* ]] || roles+=("$1")
    sql postgres -c 'SET client_min_messages = warning' -c "DROP ROLE IF EXISTS $1" -c "CREATE ROLE $1 LOGIN"
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

audit_is_clean() # DATABASE [SENTENCE]
{
    prints_nothing "${2:-the audit of $1 is clean}" sql "$1" -c 'SELECT * FROM mvm_audit()'
}

is_true() # DATABASE QUERY
{
    [ "$(sql "$1" -c "$2")" = t ]
}

# Waits until the query answers t, a minute at most.
wait_until_true() # DATABASE QUERY
{
    wait_until 60 is_true "$@" || {
        printf 'not within a minute: %s\n' "$2"
        return 1
    }
}
