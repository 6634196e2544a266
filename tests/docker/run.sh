#!/usr/bin/env bash
# The container images, without a container engine: what the Dockerfile's steps build, its entry points as an
# unprivileged user, its health checks, and what compose.yml says about them.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"

chmod 0755 "$work" # for the services' user

# Becomes the program, as an unprivileged user.
as_service() # PROGRAM
{
    if is_root; then
        exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
    else
        exec "$@"
    fi
}

# The settings that compose.yml gives its services, on loopback and free ports.
# shellcheck disable=SC2016 # a password may look like anything
export DB__PASSWORD='it'\''s "secret" \ $1'
export DB__HOST=127.0.0.1 DB__USER=mvm_gateway DB__NAME=mvm DB__SSL=false
export REDIS__HOST=127.0.0.1 REDIS__PASSWORD='quote " and \ too' APP__HOST=127.0.0.1 MVM_LISTEN=127.0.0.1
DB__PORT=$(free_port)
REDIS__PORT=$(free_port)
APP__PORT=$(free_port)
export DB__PORT REDIS__PORT APP__PORT PGPORT=$DB__PORT MVM_PORT=$REDIS__PORT MVM_DATA=$work/data
unset PGHOST PGUSER PGPASSFILE

declare -A started=()

launch() # NAME PROGRAM
{
    (cd "$work" && as_service "$2") >>"$work/$1.log" 2>&1 </dev/null &
    started[$1]=$!
}

# Ends a service as `docker stop` does; true when it exits with 0.
end() # NAME SIGNAL
{
    local process=${started[$1]}
    unset "started[$1]"
    kill "-$2" "$process"
    wait "$process"
}

clean_up()
{
    local name
    for name in "${!started[@]}"; do
        kill -KILL "${started[$name]}" 2>/dev/null || true
    done
    if [ -d "$work/data/postgres" ]; then
        "$root/scripts/servers.sh" postgres kill "$work/data/postgres"
    fi
}
at_end clean_up

health_check() # NAME
{
    "$work/opt/docker/$1-health.sh"
}

is_unhealthy() # NAME
{
    ! health_check "$1"
}

becomes_healthy() # NAME
{
    if ! wait_until 60 health_check "$1" 2>/dev/null; then
        health_check "$1"
        tail -n 20 "$work/$1.log"
        return 1
    fi
}

balance_is() # AMOUNT
{
    curl -fsS "http://127.0.0.1:$APP__PORT/api/v1/users/1" | jq -e ".balance == $1"
}

exchange()
{
    local answer
    answer=$(curl -fsS "http://127.0.0.1:$APP__PORT/api/v1/exchange" -H 'Content-Type: application/json' \
        -d '{"user_id": 1, "amount": 100, "from_universe_id": 1, "to_universe_id": 2}')
    jq -e '.converted_amount == 250' <<<"$answer"
}

refuses_to_start_without_password()
{
    local words
    ! words=$(DB__PASSWORD='' "$work/opt/docker/database.sh" 2>&1) && [[ $words == *"DB__PASSWORD is empty"* ]]
}

redis_wants_its_password()
{
    [[ $(redis-cli -p "$REDIS__PORT" ping 2>&1) == NOAUTH* ]]
}

only_the_gateway_gets_in()
{
    local address="host=127.0.0.1 port=$DB__PORT user=$DB__USER dbname=mvm" words
    ! words=$(PGPASSWORD=wrong psql -XAtc 'SELECT 1' "$address" 2>&1) &&
        [[ $words == *"password authentication failed"* ]] &&
        ! words=$(PGPASSWORD=$DB__PASSWORD psql -XAtc 'SELECT mvm_purge_idempotency_keys()' "$address" 2>&1) &&
        [[ $words == *"permission denied for function mvm_purge_idempotency_keys"* ]] &&
        ! words=$(PGPASSWORD=$DB__PASSWORD psql -XAtc 'SELECT FROM mvm.wallet' "$address" 2>&1) &&
        [[ $words == *"permission denied for table wallet"* ]] &&
        [ "$(PGPASSWORD=$DB__PASSWORD psql -XAtc 'SELECT mvm_balance(1)' "$address")" = 1000.00 ]
}

# As the owner, over the socket in the volume.
choose_reader()
{
    PGPASSFILE=$work/data/postgres/pgpass psql -XAtqc "SELECT mvm_grant('$DB__USER', 'reader')" \
        "host=$(readlink -f "$work/data/postgres/socket") port=$DB__PORT user=postgres dbname=mvm"
}

buying_is_forbidden()
{
    [ "$(curl -sS -o /dev/stderr -w '%{http_code}' "http://127.0.0.1:$APP__PORT/api/v1/buy" -H 'Content-Type: application/json' \
        -d '{"buyer_id": 1, "item_id": 1, "quantity": 1}')" = 403 ]
}

staged_packages_are_installed()
{
    local package
    grep -q '^libpqxx' "$work/stage/gateway-packages" || return 1
    while read -r package; do
        dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$package" | grep '^installed' || return 1
    done <"$work/stage/gateway-packages"
}

every_file_the_dockerfile_copies_exists()
{
    local line file
    while read -r line; do
        for file in ${line% *}; do
            [ -e "$root/$file" ] || { echo "$file"; return 1; }
        done
    done < <(sed -n -E '/--from=/d; s/^COPY (.*)/\1/p' "$root/Dockerfile")
}

# The build stage.
holds "scripts/build.sh stages the products of the build stage" "$root/scripts/build.sh" stage "$work/stage"
holds "the database's files land in PostgreSQL's directories" test -f "$work/stage/database$(pg_config --pkglibdir)/mvm.so" \
    -a -f "$work/stage/database$(pg_config --sharedir)/extension/mvm--1.0.sql" \
    -a -f "$work/stage/database$(pg_config --sharedir)/extension/mvm.control"
holds "the gateway's package list names libpqxx and only packages that exist" staged_packages_are_installed

# The images' directories.
mkdir -p "$work/opt"
cp -R "$root/scripts" "$root/docker" "$work/opt/"
mkdir -m 0700 "$work/data"
if is_root; then
    chown postgres:postgres "$work/data"
fi

# The three services.
holds "the database refuses to start without a password, and says so" refuses_to_start_without_password
launch database "$work/opt/docker/database.sh"
holds "the database becomes healthy" becomes_healthy database
holds "only the gateway's login gets in over the network, to what the gateway calls and no more" only_the_gateway_gets_in
launch redis "$work/opt/docker/redis.sh"
holds "redis becomes healthy" becomes_healthy redis
holds "redis refuses clients without the password" redis_wants_its_password
launch gateway "$work/stage/gateway/usr/local/bin/mvm-gateway"
holds "the gateway becomes healthy" becomes_healthy gateway
holds "the market is the sample market" balance_is 1000
holds "user 1 exchanges 100 USD into 250 MRC" exchange

# A restart of the database, as `docker compose restart database`.
holds "the owner makes the gateway's role a reader" choose_reader
holds "the database ends with exit code 0 on SIGINT" end database INT
holds "the gateway is unhealthy without the database" is_unhealthy gateway
launch database "$work/opt/docker/database.sh"
holds "the database becomes healthy again" becomes_healthy database
holds "the gateway recovers by itself" becomes_healthy gateway
holds "the data has survived" balance_is 900
holds "a start leaves the role what its owner chose" buying_is_forbidden
holds "the gateway ends with exit code 0 on SIGTERM" end gateway TERM
holds "redis ends with exit code 0 on SIGTERM" end redis TERM
holds "the database ends with exit code 0 on SIGINT again" end database INT

# The descriptions.
holds "every file that the Dockerfile copies exists" every_file_the_dockerfile_copies_exists
holds "Dockerfile, compose.yml and env/.env.template fit together" python3 "$root/tests/docker/descriptions.py" "$root"
