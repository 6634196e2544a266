#!/usr/bin/env bash
# Starts a gateway on the database MARKET as ROLE, whose password is in PASSWORD_FILE, asks it for everything there is, once,
# and stops it. MVM_TEST_GATEWAY is its program, MVM_TEST_REDIS_PORT a Redis (./mvm test has both).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
# shellcheck source=scripts/common.sh
. "$root/scripts/common.sh"
: "${MVM_TEST_GATEWAY:?the program of the gateway}"

APP__PORT=$(free_port)
export APP__PORT APP__HOST=127.0.0.1 DB__HOST=$PGHOST DB__PORT=$PGPORT DB__NAME=$MARKET DB__USER=$ROLE DB__SSL=false \
    REDIS__HOST=127.0.0.1 REDIS__PORT=${MVM_TEST_REDIS_PORT:?a Redis} HOLD_SWEEP_INTERVAL=1
DB__PASSWORD=$(cat "$PASSWORD_FILE")
export DB__PASSWORD
"$MVM_TEST_GATEWAY" &
gateway=$!
trap 'kill $gateway; wait $gateway || true' EXIT
base=http://127.0.0.1:$APP__PORT
is_ready()
{
    curl -fsS "$base/readyz" >/dev/null 2>&1
}
wait_until 30 is_ready

# Each answer must be a success.
ask() # METHOD PATH [JSON]
{
    printf '%s %s: ' "$1" "$2"
    curl -sS --fail-with-body -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "$base/api/v1$2"
    printf '\n'
}

ask POST /universes '{"name": "Pluto", "currency_type": "PLT", "exchange_rate": 7.77, "currency_scale": 0}'
ask PATCH /universes/2 '{"exchange_rate": 2.25, "sale_fee_rate": 0.05, "max_quantity": 1000}'
ask PUT /universes/1/routes/2 '{"allowed": true, "tariff_rate": 0.1}'
ask POST /users '{"username": "bob", "universe_id": 1, "balance": 500}'
ask PATCH /users/3 '{"universe_id": 3}'
ask POST /items '{"name": "Lamp", "price": 3, "stock": 1000, "seller_id": 1}'
ask PATCH /items/1 '{"price": 4, "listed": true}'
ask PATCH /items/2 '{"listed": false}'
ask PATCH /items/2 '{"listed": true}'
ask POST /items/1/restock '{"quantity": 5}'
ask POST /deposits '{"user_id": 1, "amount": 100}'
ask POST /withdrawals '{"user_id": 1, "amount": 1}'
ask POST /transfers '{"from_user_id": 1, "to_user_id": 2, "amount": 5}'
ask POST /exchange '{"user_id": 1, "amount": 20, "from_universe_id": 1, "to_universe_id": 2}'
trade=$(ask POST /buy '{"buyer_id": 1, "item_id": 2, "quantity": 2}' | sed -E 's/.*"id":([0-9]+).*/\1/')
ask POST /buy '{"buyer_id": 1, "item_id": 2, "quantity": 1, "pay_from": [2, 1]}'
ask POST /refunds "{\"transaction_id\": $trade, \"quantity\": 1}"
quote=$(ask POST /quotes '{"user_id": 1, "amount": 10, "from_universe_id": 1, "to_universe_id": 2}' |
    sed -E 's/.*"id":([0-9]+).*/\1/')
ask GET "/quotes/$quote"
ask POST "/quotes/$quote/accept"
hold=$(ask POST /holds '{"buyer_id": 1, "item_id": 1, "quantity": 2}' | sed -E 's/.*"id":([0-9]+).*/\1/')
ask GET "/holds/$hold"
ask POST "/holds/$hold/capture" '{"quantity": 1}'
hold=$(ask POST /holds '{"buyer_id": 1, "item_id": 1}' | sed -E 's/.*"id":([0-9]+).*/\1/')
ask POST "/holds/$hold/release"

# Writes that meet go out as batches.
writes=()
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
    ask POST /buy '{"buyer_id": 2, "item_id": 1, "quantity": 1}' &
    writes+=($!)
    ask POST /exchange '{"user_id": 2, "amount": 1, "from_universe_id": 2, "to_universe_id": 1}' &
    writes+=($!)
done
for i in "${writes[@]}"; do
    wait "$i"
done

for path in /universes /universes/1 /universes/1/routes /universes/2/rates /items '/items?universe_id=1' /items/1 /users/1 \
    /users/1/balance '/users/1/balance?at=2120-01-01T00:00:00Z' /users/1/statement /users/1/items /users/1/trades \
    /trades/1 /users/1/transactions "/transactions/$trade" '/convert?amount=20&from_universe_id=1&to_universe_id=2' \
    '/convert?amount=20&from_universe_id=1&to_universe_id=2&at=2120-01-01T00:00:00Z' /audit; do
    ask GET "$path"
done
sleep 2 # a sweep of holds, which nothing tells of
