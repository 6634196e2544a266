#!/usr/bin/env bash
# The postmaster is killed with SIGKILL under load, three times over. After each restart the market is clean, every call
# that a client saw succeed is in the journal, and a key whose answer was lost acts exactly once when it is repeated.
#
# Runs a server of its own, so it disturbs no other suite.
set -euo pipefail

# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

here=$root/tests/crash
rounds=${MVM_CRASH_ROUNDS:-3}
clients=8
answers_before_kill=1000 # per round, over all clients
seconds_at_most=60
market=market # on a server of its own
load_pids=()

# shellcheck disable=SC2317 # called at the end
end_load()
{
    local pid
    for pid in "${load_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    wait
}
at_end end_load

# Endless calls of one client, a statement a line; every other one with a key.
calls() # ROUND CLIENT
{
    awk -v round="$1" -v client="$2" 'BEGIN {
        srand(round * 1000 + client)
        for (n = 1; ; n++) {
            key = (n % 2) ? "r" round "c" client "n" n : ""
            argument = key == "" ? "NULL" : "\047" key "\047"
            user = 4 + int(rand() * 10)
            from = 1 + int(rand() * 3)
            kind = int(rand() * 4)
            if (kind <= 1)
                call = "id FROM mvm_buy(" user ", " 4 + int(rand() * 6) ", 2, " argument ")"
            else if (kind == 2)
                call = "transaction_id FROM mvm_exchange(" user ", 3.21, " from ", " 1 + from % 3 ", " argument ")"
            else
                call = "id FROM mvm_deposit(" user ", 0.77, " from ", " argument ")"
            print "SELECT \047answer\047, \047" key "\047, " call ";"
        }
    }'
}

# psql echoes each statement before it sends it, and prints the answer once the server has said that it is committed: what
# was echoed last has an unknown outcome.
start_clients() # ROUND
{
    local client
    load_pids=()
    for ((client = 1; client <= clients; client++)); do
        (calls "$1" "$client" | psql -X -At -e >"$work/client.$client" 2>&1) &
        load_pids+=($!)
    done
    pgbench -n -c 8 -j 2 -T "$seconds_at_most" -f "$here/load.pgbench" >"$work/pgbench" 2>&1 &
    load_pids+=($!)
}

answered()
{
    cat "$work"/client.* | grep -c '^answer|' || true
}

wait_for_answers()
{
    local deadline=$((SECONDS + seconds_at_most))
    while [ "$(answered)" -lt "$answers_before_kill" ]; do
        if [ "$SECONDS" -ge "$deadline" ]; then
            tail -n 3 "$work"/client.* "$work/pgbench" >"$work/output"
            not_passed "the load gets $answers_before_kill answers in $seconds_at_most s" "$work/output"
            exit 0
        fi
        sleep 0.05
    done
}

# shellcheck disable=SC2119 # with its settings as they are
use_own_server
fresh_database "$market"
export PGDATABASE=$market # of the load
sql "$market" -f "$here/market.sql" >/dev/null
sql "$market" -c 'CREATE TABLE public.answer (round integer, key text, transaction_id bigint)'

for ((round = 1; round <= rounds; round++)); do
    start_clients "$round"
    wait_for_answers
    "$servers" postgres kill "$own_server"
    wait "${load_pids[@]}" 2>/dev/null || true
    load_pids=()
    start_own_server

    cat "$work"/client.* | grep '^answer|' | sed "s/^answer/$round/" >"$work/answers" || true
    # The last statement of each client without its answer, if it had a key.
    for log in "$work"/client.*; do
        awk '/^SELECT/ { asked = $0 } /^answer\|/ { asked = "" } END { if (asked ~ /\047r[0-9]+c/) print asked }' "$log"
    done >"$work/unknown"

    # What else the clients read than answers and the lost connection.
    cat "$work"/client.* "$work/pgbench" | grep -E 'ERROR|FATAL|WARNING' \
        | grep -vE 'terminating connection|the database system is|connection to server|server closed' >"$work/wrong" || true
    prints_nothing "round $round: the load of $clients clients and pgbench meets no error but the lost connection" cat "$work/wrong"

    audit_is_clean "$market" "round $round: mvm_audit() is empty after SIGKILL and restart"

    sql "$market" -c "\\copy public.answer FROM '$work/answers' WITH (FORMAT csv, DELIMITER '|', NULL '')"
    sql "$market" -c "
        SELECT 'answered but not in the journal: ' || a::text
        FROM public.answer a
        LEFT JOIN mvm.journal j ON j.id = a.transaction_id AND j.idempotency_key IS NOT DISTINCT FROM a.key
        WHERE j.id IS NULL
        UNION ALL
        SELECT 'answered twice: ' || transaction_id FROM public.answer GROUP BY transaction_id HAVING count(*) > 1" \
        >"$work/wrong" 2>&1 || true
    prints_nothing "round $round: each of the $(wc -l <"$work/answers") answered calls is in the journal" cat "$work/wrong"

    # Repeating an unknown outcome gives one transaction, and again the same one.
    sql "$market" -f "$work/unknown" >"$work/repeated" 2>&1 || true
    sql "$market" -f "$work/unknown" >"$work/repeated.again" 2>&1 || true
    diff "$work/repeated" "$work/repeated.again" >"$work/wrong" || true
    [ "$(grep -c '^answer|' "$work/repeated")" -eq "$(wc -l <"$work/unknown")" ] || cat "$work/repeated" >>"$work/wrong"
    sql "$market" -c "
        SELECT 'acted ' || count(*) || ' times: key ' || idempotency_key
        FROM mvm.journal WHERE idempotency_key IS NOT NULL GROUP BY user_id, idempotency_key HAVING count(*) > 1
        UNION ALL
        SELECT 'a key without its journal row: ' || key FROM mvm.idempotency_key k
        WHERE NOT EXISTS (SELECT FROM mvm.journal j WHERE j.id = k.transaction_id AND j.idempotency_key = k.key)
        UNION ALL
        SELECT 'a journal row without its key: ' || id FROM mvm.journal j
        WHERE idempotency_key IS NOT NULL
          AND NOT EXISTS (SELECT FROM mvm.idempotency_key k WHERE k.transaction_id = j.id)" >>"$work/wrong" 2>&1 || true
    prints_nothing "round $round: $(wc -l <"$work/unknown") keys of unknown outcome act exactly once when repeated" cat "$work/wrong"

    audit_is_clean "$market" "round $round: mvm_audit() is empty after the repeats"
done
