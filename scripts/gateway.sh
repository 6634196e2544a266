#!/usr/bin/env bash
# The gateway that ./mvm up runs against the private servers in STATE.
#
#   scripts/gateway.sh start STATE     returns when it answers; restarts it when its program or settings have changed
#   scripts/gateway.sh stop STATE      ends it, after the requests in flight
#   scripts/gateway.sh status STATE    prints "running at URL" (exit 0) or "stopped" (exit 3)
#   scripts/gateway.sh url STATE       prints where it was started last
#   scripts/gateway.sh check STATE     fails when it could not listen: another program has its port
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"

# Settings: the caller's environment, then env/.env, as compose.yml reads it: NAME=value lines, comments, no shell.
load_settings()
{
    local line name value
    if [ -f "$root/env/.env" ]; then
        while IFS= read -r line || [ -n "$line" ]; do
            if [[ $line =~ ^[[:space:]]*([A-Z][A-Z0-9_]*)=(.*)$ ]]; then
                name=${BASH_REMATCH[1]}
                value=${BASH_REMATCH[2]%$'\r'}
                if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then
                    value=${BASH_REMATCH[1]}
                fi
                [ -n "${!name+set}" ] || export "$name=$value"
            fi
        done <"$root/env/.env"
    fi
    export APP__HOST=${APP__HOST:-127.0.0.1} APP__PORT=${APP__PORT:-8000}
    if ! [[ $APP__PORT =~ ^[1-9][0-9]{0,4}$ ]] || [ "$APP__PORT" -gt 65535 ]; then
        fail "APP__PORT='$APP__PORT' is no port"
    fi
    url=http://127.0.0.1:$APP__PORT
    case "$APP__HOST" in
        0.0.0.0 | :: | 127.0.0.1) ;;
        *:*) url=http://[$APP__HOST]:$APP__PORT ;;
        *) url=http://$APP__HOST:$APP__PORT ;;
    esac
}

# The servers are the private ones, whatever env/.env says of others.
load_servers()
{
    export DB__HOST=127.0.0.1 DB__NAME=mvm DB__USER=mvm_gateway DB__SSL=false
    export REDIS__HOST=127.0.0.1 REDIS__DB=0 REDIS__SSL=false
    unset REDIS__PASSWORD
    DB__PORT=$(cat "$state/postgres/port")
    DB__PASSWORD=$(cat "$home/password")
    REDIS__PORT=$(cat "$state/redis/port")
    export DB__PORT DB__PASSWORD REDIS__PORT
}

settings()
{
    env | grep -E '^(APP__|DB_|REDIS_)' | sort
}

# The id in the file may be stale and belong to a stranger by now; only this gateway works in this directory.
is_running()
{
    local process
    process=/proc/$(cat "$home/pid" 2>/dev/null)
    [ "$(cat "$process/comm" 2>/dev/null)" = mvm-gateway ] && [ "$process/cwd" -ef "$home" ]
}

is_gone()
{
    ! is_running
}

is_current()
{
    [ "$(settings)" = "$(cat "$home/settings")" ] &&
        [ "$home/pid" -nt "$program" ] && [ "$home/pid" -nt "$root/mvm.so" ]
}

check()
{
    if port_is_taken "$APP__PORT" &&
        ! { is_running && grep -qx "APP__PORT=$APP__PORT" "$home/settings"; }; then
        fail "port $APP__PORT is taken by another program; choose another one: APP__PORT=$((APP__PORT % 65535 + 1)) ./mvm up"
    fi
}

# Until then the process is still a copy of this script, which is_running() does not take for the gateway.
has_begun_or_ended()
{
    is_running || ! kill -0 "$(cat "$home/pid")" 2>/dev/null
}

answers_or_is_gone()
{
    curl -fsS -o "$home/ready" -m 5 "$url/readyz" 2>/dev/null || is_gone
}

start()
{
    load_servers
    if is_running; then
        if is_current; then
            say "The gateway is running already"
            return
        fi
        say "Restarting the gateway: its program or its settings have changed"
        stop
    else
        say "Starting the gateway"
    fi
    (umask 077 && settings >"$home/settings")
    printf '%s\n' "$url" >"$home/url"
    (cd "$home" && exec setsid "$program" </dev/null >>"$home/log" 2>&1) &
    echo $! >"$home/pid"
    wait_until 60 has_begun_or_ended || fail "the gateway does not start"
    if ! wait_until 60 answers_or_is_gone || is_gone; then
        tail -n 20 "$home/log" >&2
        stop
        fail "the gateway does not get ready; its log is $home/log"
    fi
}

stop()
{
    if is_running; then
        kill -TERM "$(cat "$home/pid")"
        if ! wait_until 60 is_gone; then
            kill -KILL "$(cat "$home/pid")"
            wait_until 10 is_gone || fail "the gateway (process $(cat "$home/pid")) does not end"
        fi
    fi
    rm -f "$home/pid"
}

status()
{
    if is_running; then
        printf 'running at %s\n' "$(cat "$home/url")"
    else
        printf 'stopped\n'
        return 3
    fi
}

close_inherited_files
action=${1:-}
state=${2:-}
[ -n "$state" ] || fail "usage: gateway.sh start|stop|status|url|check STATE"
home=$state/gateway
program=$root/build/gateway/mvm-gateway
load_settings
case "$action" in
    start | stop | status | check) "$action" ;;
    url) cat "$home/url" ;;
    *) fail "unknown action: $action" ;;
esac
