#!/usr/bin/env bash
# Entry point of the database's container: a PostgreSQL with a seeded market, in the foreground.
#
# DB__NAME, DB__USER and DB__PASSWORD: the database and the gateway's login, created when absent.
# MVM_DATA     where the cluster lives, /var/lib/mvm by default
# MVM_LISTEN   addresses to listen on, all of the container's by default
# PGPORT       5432 by default
set -euo pipefail
scripts=$(dirname "$(dirname "$(readlink -f "$0")")")/scripts
# shellcheck source=scripts/common.sh
. "$scripts/common.sh"

[ -n "${DB__PASSWORD:-}" ] || fail "DB__PASSWORD is empty: set it in env/.env"
database=${DB__NAME:-mvm}
role=${DB__USER:-mvm_gateway}
cluster=${MVM_DATA:-/var/lib/mvm}/postgres
port=${PGPORT:-5432}
unset PGPORT

# Until the market is ready the server listens on a loopback port of its own, so nobody meets it half made.
"$scripts/servers.sh" postgres start "$cluster"
PGHOST=$(readlink -f "$cluster/socket")
PATH=$(dirname "$(require_pg_config)"):$PATH
PGPORT=$(cat "$cluster/port")
export PATH PGHOST PGPORT PGUSER=postgres PGPASSFILE=$cluster/pgpass
MVM_ROLE_PASSWORD=$DB__PASSWORD "$scripts/prepare-market.sh" "$database" "$role"
"$scripts/servers.sh" postgres stop "$cluster"

# Over the network: the gateway's login, to the market, with its password. Nobody else.
access="host \"$database\" \"$role\" all scram-sha-256"
grep -qxF "$access" "$cluster/data/pg_hba.conf" || printf '%s\n' "$access" >>"$cluster/data/pg_hba.conf"

exec postgres -D "$cluster/data" -c "port=$port" -c "listen_addresses=${MVM_LISTEN:-*}"
