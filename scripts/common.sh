# Shared by mvm and the scripts beside it. Sourced, not run.
# shellcheck shell=bash

fail()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

say()
{
    printf '==> %s\n' "$*"
}

is_root()
{
    [ "$(id -u)" -eq 0 ]
}

# pg_config of the newest PostgreSQL server installed from Debian's packages, nothing without one; PG_CONFIG overrides.
find_pg_config()
{
    local newest
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
    if [ -n "${PG_CONFIG:-}" ]; then
        printf '%s\n' "$PG_CONFIG"
    elif [ -x "$newest" ]; then
        printf '%s\n' "${newest%/*}/pg_config"
    fi
}

# The same, where one must be there.
require_pg_config()
{
    local found
    found=$(find_pg_config)
    [ -n "$found" ] || fail "no PostgreSQL server is installed; ./mvm up and ./mvm test install one"
    printf '%s\n' "$found"
}

# Makes the directory DIR, for what USER must be able to read. A checkout below /root or `mktemp -d` is closed to an
# unprivileged user: run by root, the directory is then made under /var/lib/mvm, and DIR is a link to it.
create_reachable_directory() # USER DIR
{
    local parent home
    parent=$(dirname "$2")
    mkdir -p "$parent"
    if ! is_root || (cd / && setpriv --reuid="$1" --regid="$1" --init-groups --reset-env test -x "$parent"); then
        mkdir -m 0755 "$2"
    else
        install -d -m 0755 /var/lib/mvm
        home=$(mktemp -d "/var/lib/mvm/${2##*/}.XXXXXX")
        chmod 0755 "$home"
        ln -sfn "$home" "$2"
    fi
}

# Removes what create_reachable_directory made.
remove_reachable_directory() # DIR
{
    rm -rf "$(readlink -f "$1")" "$1"
}

# 48 hexadecimal digits that nobody can guess.
random_password()
{
    od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n'
}

# True when something accepts connections on 127.0.0.1:PORT.
port_is_taken()
{
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# A port where nobody listens, below the range the kernel hands to outgoing connections.
free_port()
{
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! port_is_taken "$port"; then
            printf '%s\n' "$port"
            return
        fi
    done
}

# Polls until the command after SECONDS succeeds; false when the time is over.
wait_until()
{
    local seconds=$1 deadline
    shift
    deadline=$((SECONDS + seconds))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# A server outlives its starter, and must not keep the starter's pipes and locks open.
close_inherited_files()
{
    local file
    for file in /proc/self/fd/*; do
        file=${file##*/}
        if [ "$file" -gt 2 ] && [ "$file" -ne 255 ]; then # 255 is this script
            exec {file}>&-
        fi
    done
}
