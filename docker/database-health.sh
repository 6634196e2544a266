#!/usr/bin/env bash
# Health check of the database's container: the gateway's login reaches the market over TCP, as the gateway does, and
# finds the extension.
set -euo pipefail
scripts=$(dirname "$(dirname "$(readlink -f "$0")")")/scripts
# shellcheck source=scripts/common.sh
. "$scripts/common.sh"

PGPASSWORD=${DB__PASSWORD:-} exec "$(dirname "$(require_pg_config)")/psql" -XAtq -h 127.0.0.1 -p "${PGPORT:-5432}" \
    -U "${DB__USER:-mvm_gateway}" -d "${DB__NAME:-mvm}" -c 'SELECT FROM mvm.universes LIMIT 1'
