#!/usr/bin/env bash
# Entry point of the cache's container: a Redis that keeps nothing on disk, in the foreground.
#
# REDIS__PASSWORD   what clients must know; none by default
# MVM_LISTEN        addresses to listen on, all of the container's by default
# MVM_PORT          6379 by default
set -euo pipefail
scripts=$(dirname "$(dirname "$(readlink -f "$0")")")/scripts

# Without a password Redis would refuse every client but those on loopback; who may connect is the network's matter.
# The settings go in through the standard input, so that the process list does not show the password.
exec redis-server - < <(
    cat "$scripts/redis.conf"
    printf 'port %s\nbind %s\nprotected-mode no\n' "${MVM_PORT:-6379}" "${MVM_LISTEN:-0.0.0.0}"
    if [ -n "${REDIS__PASSWORD:-}" ]; then
        escaped=${REDIS__PASSWORD//\\/\\\\}
        printf 'requirepass "%s"\n' "${escaped//\"/\\\"}"
    fi
)
