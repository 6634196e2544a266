#!/usr/bin/env bash
# A private PostgreSQL or Redis in a directory of its own. Touches no other server of the machine.
#
#   scripts/servers.sh postgres|redis start|stop|restart|kill|remove|status DIR [PORT]
#
# start    creates the server when DIR has none; returns when it accepts connections; fine when it runs already
# stop     ends it and keeps its data; fine when it is down already
# kill     ends every process of it with SIGKILL, as a crash would, and returns when all are gone
# remove   stops it and deletes its data
# status   prints "running on port N" (exit 0) or "stopped" (exit 3)
#
# Both listen on 127.0.0.1:PORT: the port given, else the one used last, else a free one; it stands in DIR/port.
# PostgreSQL also listens on a unix socket in the directory `readlink -f DIR/socket`, wants a password everywhere,
# and keeps that of its superuser `postgres` in DIR/pgpass (for PGPASSFILE). Redis keeps nothing on disk.
# Run by root, each server runs as the unprivileged user of its Debian package.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=scripts/common.sh
. "$here/common.sh"

usage()
{
    fail "usage: servers.sh postgres|redis start|stop|restart|kill|remove|status DIR [PORT]"
}

# ---------------------------------------------------------------------------
# Both servers
# ---------------------------------------------------------------------------

# Runs a command as the server's user, in a directory that every user may enter.
as_server()
{
    if is_root; then
        (cd / && setpriv --reuid="$user" --regid="$user" --init-groups --reset-env "$@")
    else
        (cd / && "$@")
    fi
}

# Makes DIR the server's own.
create_directory()
{
    create_reachable_directory "$user" "$dir"
    chmod 0700 "$(readlink -f "$dir")"
    if is_root; then
        chown "$user:$user" "$(readlink -f "$dir")"
    fi
}

# Prints the port to use: the one asked for, the one used last while it is free, or any free one.
choose_port()
{
    local last
    if [ -n "$wanted_port" ]; then
        if port_is_taken "$wanted_port"; then
            fail "port $wanted_port is taken by another program"
        fi
        printf '%s\n' "$wanted_port"
        return
    fi
    last=$(cat "$dir/port" 2>/dev/null || true)
    if [ -n "$last" ] && ! port_is_taken "$last"; then
        printf '%s\n' "$last"
    else
        free_port
    fi
}

write_as_server()
{
    as_server tee "$1" >/dev/null
}

# The working directory of the server's processes, by which they are known: no file with an id that may be stale.
work_directory()
{
    case "$kind" in
        postgres) printf '%s/data\n' "$(readlink -f "$dir")" ;;
        redis) readlink -f "$dir" ;;
    esac
}

# Ids of the server's processes.
processes()
{
    local process home
    home=$(work_directory)
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/cwd" 2>/dev/null)" = "$home" ] &&
            [ "$(cat "$process/comm" 2>/dev/null)" = "$program" ]; then
            printf '%s\n' "${process#/proc/}"
        fi
    done
}

is_running()
{
    [ -n "$(processes)" ]
}

is_gone()
{
    ! is_running
}

# True when the server has no process left and none of the ids is in use, not even by a zombie: PostgreSQL takes
# that for a living postmaster.
are_gone()
{
    local pid
    is_gone || return 1
    for pid in "$@"; do
        [ ! -e "/proc/$pid" ] || return 1
    done
}

kill_server()
{
    local pid pids
    mapfile -t pids < <(processes)
    for pid in "${pids[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true # it may have ended by itself meanwhile
    done
    wait_until 60 are_gone "${pids[@]}" || fail "the $kind in $dir does not die"
}

stop_server()
{
    if is_running; then
        "${kind}_stop" "$(readlink -f "$dir")"
    fi
}

remove_server()
{
    stop_server
    # A link among these leads to what was made elsewhere for this server: its home and its socket's directory.
    rm -rf "$(readlink -f "$dir/socket")"
    remove_reachable_directory "$dir"
}

show_status()
{
    if is_running; then
        printf 'running on port %s\n' "$(cat "$dir/port")"
    else
        printf 'stopped\n'
        return 3
    fi
}

start_server()
{
    local attempt
    if is_running; then
        if [ -n "$wanted_port" ] && [ "$wanted_port" != "$(cat "$dir/port")" ]; then
            fail "the $kind in $dir runs already, on port $(cat "$dir/port")"
        fi
        return 0
    fi
    if ! [ -d "$dir" ]; then
        create_directory
    fi
    # The server's user may reach only the directory itself, not a link to it.
    dir=$(readlink -f "$dir")
    "${kind}_create"
    # Between choosing a free port and listening on it another program may take it: choose again.
    for attempt in 1 2 3 4 5; do
        choose_port | write_as_server "$dir/port"
        if "${kind}_launch" "$(cat "$dir/port")"; then
            return
        fi
        if [ -n "$wanted_port" ] || ! port_is_taken "$(cat "$dir/port")"; then
            break
        fi
    done
    tail -n 20 "$dir/log" >&2 || true
    fail "the $kind in $dir does not start (attempt $attempt); its log is $dir/log"
}

# ---------------------------------------------------------------------------
# PostgreSQL
# ---------------------------------------------------------------------------

postgres_create()
{
    local version
    if [ -f "$dir/data/PG_VERSION" ]; then
        version=$(cat "$dir/data/PG_VERSION")
        case "$("$bin/postgres" --version)" in
            *" $version."*) return ;;
        esac
        fail "$dir was made by PostgreSQL $version, and the newest one installed is $bin: dump it with the old one," \
            "run ./mvm reset, and restore it"
    fi
    # An initdb that was cut short leaves no PG_VERSION or no pgpass: begin again.
    as_server rm -rf "$dir/data" "$dir/pgpass"
    random_password | (umask 077 && as_server dd of="$dir/password" status=none)
    as_server "$bin/initdb" --pgdata="$dir/data" --username=postgres --pwfile="$dir/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --data-checksums >/dev/null
    printf "include 'mvm.conf'\n" | as_server tee -a "$dir/data/postgresql.conf" >/dev/null
    printf '*:*:*:postgres:%s\n' "$(cat "$dir/password")" | (umask 077 && as_server dd of="$dir/pgpass" status=none)
    as_server rm "$dir/password"
}

# The unix socket's directory: DIR/socket, or a link to a short path where DIR is too long for a socket's 107 bytes.
postgres_create_socket_directory()
{
    if [ -d "$dir/socket" ]; then
        return
    fi
    if [ "${#dir}" -le 80 ]; then
        as_server mkdir -m 0700 "$dir/socket"
    else
        as_server ln -sfn "$(as_server mktemp -d /tmp/mvm.XXXXXX)" "$dir/socket"
    fi
}

postgres_launch()
{
    local port=$1
    postgres_create_socket_directory
    write_as_server "$dir/data/mvm.conf" <<CONF
# Written by scripts/servers.sh at every start. Use ALTER SYSTEM for settings of your own.
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$(readlink -f "$dir/socket")'
max_connections = 200

# A quarter of a small machine's memory; the market's hot rows and indexes fit.
shared_buffers = 256MB
# Checkpoints by time rather than by volume, so that a burst of trades does not force one after another.
max_wal_size = 2GB
checkpoint_timeout = 15min

# A trade that was answered is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on

# A client that vanished in the middle of a trade does not keep its rows locked for ever.
idle_in_transaction_session_timeout = 5min
log_line_prefix = '%m [%p] %u@%d '
log_lock_waits = on
timezone = 'UTC'
log_timezone = 'UTC'
CONF
    # pg_ctl's own output is noise while a port is tried; the log has the server's reasons.
    as_server "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 120 start </dev/null >/dev/null 2>&1
}

postgres_stop()
{
    as_server "$bin/pg_ctl" -D "$1/data" -m fast -w -t 120 stop >/dev/null
}

# ---------------------------------------------------------------------------
# Redis
# ---------------------------------------------------------------------------

redis_create()
{
    :
}

# Redis answers, and the one that answers is this one and not a stranger on the same port.
redis_is_ready()
{
    [ "$(redis-cli -h 127.0.0.1 -p "$1" config get dir 2>/dev/null | tail -n 1)" = "$(work_directory)" ]
}

redis_is_ready_or_gone()
{
    redis_is_ready "$1" || is_gone
}

redis_launch()
{
    local port=$1
    write_as_server "$dir/redis.conf" < <(
        cat "$here/redis.conf" - <<CONF

# Written by scripts/servers.sh at every start.
bind 127.0.0.1
port $port
dir $(work_directory)
logfile $(work_directory)/log
daemonize yes
CONF
    )
    as_server redis-server "$dir/redis.conf" </dev/null >/dev/null
    wait_until 30 redis_is_ready_or_gone "$port" && redis_is_ready "$port"
}

redis_stop()
{
    redis-cli -h 127.0.0.1 -p "$(cat "$1/port")" shutdown nosave >/dev/null
    wait_until 30 is_gone || fail "the redis in $dir does not stop"
}

# ---------------------------------------------------------------------------

close_inherited_files
if [ $# -lt 3 ] || [ $# -gt 4 ]; then
    usage
fi
kind=$1
action=$2
dir=$3
wanted_port=${4:-}
case "$dir" in
    /*) ;;
    *) dir=$PWD/$dir ;;
esac
case "$wanted_port" in
    *[!0-9]*) fail "not a port: $wanted_port" ;;
esac

case "$kind" in
    postgres)
        bin=$(dirname "$(require_pg_config)")
        user=postgres
        program=postgres
        ;;
    redis)
        user=redis
        program=redis-server
        ;;
    *) usage ;;
esac

case "$action" in
    start) start_server ;;
    stop) stop_server ;;
    restart)
        stop_server
        start_server
        ;;
    kill) kill_server ;;
    remove) remove_server ;;
    status) show_status ;;
    *) usage ;;
esac
