#!/usr/bin/env bash
# The launcher, as a newcomer uses it: a market of its own beside whatever is up, from the first `up` to `reset`.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"

MVM_STATE=$work/state
APP__PORT=$(free_port)
export MVM_STATE APP__PORT
api=http://127.0.0.1:$APP__PORT/api/v1
listener=

clean_up()
{
    if [ -n "$listener" ]; then
        kill "$listener" 2>/dev/null || true
    fi
    "$root/mvm" reset --yes >/dev/null 2>&1 || true
}
at_end clean_up

mvm()
{
    "$root/mvm" "$@" </dev/null
}

answer_has() # JQ-FILTER CURL-ARGUMENT...
{
    local filter=$1
    shift
    curl -sS "$@" | tee /dev/stderr | jq -e "$filter"
}

post() # JQ-FILTER PATH BODY
{
    answer_has "$1" "$api/$2" -H 'Content-Type: application/json' -d "$3"
}

prints() # TEXT COMMAND...
{
    local text=$1
    shift
    [ "$("$@" | tee /dev/stderr)" = "$text" ]
}

up_on_a_taken_port_starts_nothing()
{
    local port
    port=$(free_port)
    # redis-server serves as the stranger who has the port.
    redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$work" >/dev/null &
    listener=$!
    wait_until 10 port_is_taken "$port"
    APP__PORT=$port fails_with "port $port is taken" mvm up && [ ! -e "$MVM_STATE" ]
}

second_up_changes_nothing()
{
    local gateway
    gateway=$(cat "$MVM_STATE/gateway/pid")
    mvm up && [ "$(cat "$MVM_STATE/gateway/pid")" = "$gateway" ]
}

changed_settings_restart_the_gateway()
{
    local gateway
    gateway=$(cat "$MVM_STATE/gateway/pid")
    REDIS_CACHE_TTL=7 mvm up && [ "$(cat "$MVM_STATE/gateway/pid")" != "$gateway" ]
}

up_keeps_the_owners_choice()
{
    mvm psql -XAtqc "SELECT mvm_grant('mvm_gateway', 'reader')" && mvm up &&
        answer_has '.id == 1' "$api/users/1" &&
        post '.status == 403 and .code == "forbidden"' buy '{"buyer_id": 1, "item_id": 1, "quantity": 1}' &&
        mvm psql -XAtqc "SELECT mvm_revoke('mvm_gateway')" && mvm up &&
        answer_has '.status == 403 and .code == "forbidden"' "$api/users/2"
}

a_grant_opens_the_gateway_again()
{
    mvm psql -XAtqc "SELECT mvm_grant('mvm_gateway', 'gateway')" && mvm up &&
        post '.status == 404 and .code == "item_not_found"' buy '{"buyer_id": 1, "item_id": 999, "quantity": 1}'
}

password_is_private()
{
    [ "$(stat -c %a "$MVM_STATE/gateway/password")" = 600 ] && [ "$(stat -c %a "$MVM_STATE/gateway/settings")" = 600 ]
}

postgres_is_unprivileged()
{
    local owner
    owner=$(stat -c %U "/proc/$(head -n 1 "$MVM_STATE/postgres/data/postmaster.pid")")
    echo "$owner"
    [ "$owner" != root ]
}

down_stops_everything()
{
    local postmaster gateway
    postmaster=$(head -n 1 "$MVM_STATE/postgres/data/postmaster.pid")
    gateway=$(cat "$MVM_STATE/gateway/pid")
    # A process that ended stays in /proc until its parent has seen it.
    mvm down && wait_until 30 test ! -e "/proc/$postmaster" -a ! -e "/proc/$gateway" && ! port_is_taken "$APP__PORT"
}

reset_leaves_nothing()
{
    local home
    home=$(readlink -f "$MVM_STATE/postgres")
    mvm reset --yes && [ ! -e "$MVM_STATE" ] && [ ! -e "$home" ]
}

audit_is_clean()
{
    prints 0 mvm psql -XAtc 'SELECT count(*) FROM mvm_audit()'
}

holds "up on a taken port fails with a clear line and starts nothing" up_on_a_taken_port_starts_nothing
holds "up refuses a port that is none" env APP__PORT=http bash -c "! '$root/mvm' up"
holds "up brings a market" mvm up
holds "the gateway is ready" answer_has '.status == "ready"' "http://127.0.0.1:$APP__PORT/readyz"
holds "user 1 exchanges 100 from universe 1 to 2 and gets 250 at rate 2.5" post '.converted_amount == 250 and .exchange_rate == 2.5' \
    exchange '{"user_id": 1, "amount": 100, "from_universe_id": 1, "to_universe_id": 2}'
holds "user 1 then has 900 at home and 250 in universe 2" answer_has \
    '.balance == 900 and (.wallets | map(select(.universe_id == 2).balance) == [250])' "$api/users/1"
holds "one piece of item 1 costs 5" post '.amount == 5' buy '{"buyer_id": 1, "item_id": 1, "quantity": 1}'
holds "one piece of item 2 costs user 1 4 USD" post '.amount == 4' buy '{"buyer_id": 1, "item_id": 2, "quantity": 1}'
holds "the trades list both, newest first" answer_has 'map(.item_id) == [2, 1]' "$api/trades/1"
holds "user 999 is not found" answer_has '.status == 404 and (.detail | startswith("User not found"))' "$api/users/999"
holds "items of universe 999 are not found" answer_has '.status == 404 and (.detail | startswith("Universe not found"))' \
    "$api/items?universe_id=999"
holds "psql passes its arguments on, and the audit is clean" audit_is_clean
holds "a second up leaves everything as it is" second_up_changes_nothing
holds "an up with other settings restarts the gateway" changed_settings_restart_the_gateway
holds "an up leaves the gateway's role what its owner chose" up_keeps_the_owners_choice
holds "a grant opens the gateway again" a_grant_opens_the_gateway_again
holds "the gateway's password is private" password_is_private
holds "PostgreSQL does not run as root" postgres_is_unprivileged
holds "status tells that the audit is clean" bash -c "'$root/mvm' status | grep -q '^audit  *clean$'"
holds "seed leaves a market that is not empty alone" bash -c "'$root/mvm' seed | grep -q 'not empty'"
holds "seed adds users, items and universes" mvm seed --users 25000 --items 30000 --universes 5
holds "they are as many as asked for" prints '8|25003|30003' mvm psql -XAtc \
    'SELECT (SELECT count(*) FROM mvm.universes), (SELECT count(*) FROM mvm.users), (SELECT count(*) FROM mvm.items)'
holds "the audit is clean after it" audit_is_clean
holds "a user and an item of the synthetic market can trade" prints 1 mvm psql -XAtc \
    'SELECT quantity FROM mvm_buy(buyer_id => 20000, item_id => 20000)'
refuses "seed refuses what is no number" "not 'many'" mvm seed --users many
holds "down stops the gateway and the servers" down_stops_everything
refuses "psql says that the market is down" 'the market is down' mvm psql -c 'SELECT 1'
holds "up after down" mvm up
holds "the data has survived" answer_has '.balance == 891' "$api/users/1"
refuses "reset asks first" 'say --yes' mvm reset
holds "reset leaves nothing" reset_leaves_nothing
refuses "an unknown command fails with the help" '\./mvm up' mvm fly
