#!/usr/bin/env bash
# Health check of the cache's container.
set -euo pipefail
if [ -n "${REDIS__PASSWORD:-}" ]; then
    export REDISCLI_AUTH=$REDIS__PASSWORD
fi
[ "$(redis-cli -h 127.0.0.1 -p "${MVM_PORT:-6379}" ping)" = PONG ]
