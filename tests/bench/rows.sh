# The rows of ./mvm bench: what runs beside what, and how each is loaded. Sourced by scripts/bench.sh.
# shellcheck shell=bash

: "${root:?}" "${state:?}" "${work:?}" "${programs:?}" "${mode:?}" "${universes:?}" # set by scripts/bench.sh
bench=$root/tests/bench

# NAME | group | subject | baseline | what the subject is | what the baseline is
#
# The rows of a group share its rounds, so that a leg which several rows need runs once a round.
rows=(
    'buy-insert|singles|buy|insert|mvm_buy, 16 connections|one-row INSERT, 16 connections'
    'buy-twin|singles|buy|twin|mvm_buy, 16 connections|its PL/pgSQL twin, 16 connections'
    'buy-tpcb|singles|buy|tpcb|mvm_buy, 16 connections|pgbench tpcb-like, 16 connections'
    'batch-zipf|batches|batch-zipf|buy|mvm_buy_batch, 8,190 orders, Zipf 0.99, 2 connections|mvm_buy, 16 connections'
    'batch-uniform|batches|batch-uniform|buy|mvm_buy_batch, 8,190 orders, uniform, 2 connections|mvm_buy, 16 connections'
    'one-item|one-item|post-one-item|buy-one-item|POST /buy of one item, 64 connections|mvm_buy of one item, 64 connections'
    'post-buy|gateway|post-buy|buy|POST /buy, 64 connections|mvm_buy, 16 connections'
    'get-user|reads|get-user|get-bare|GET of a cached user, 64 connections|bare cpp-httplib, the same bytes'
    'journal-buy|journal|buy-large|buy-small|mvm_buy with LARGE journal rows, 16 connections|with 10 thousand'
    'journal-page|journal|page-large|page-small|a page of mvm_trades with LARGE journal rows, 16 connections|with 10 thousand'
    'journal-statement|journal|statement-large|statement-small|a page of mvm_statement with LARGE journal rows, 16 connections|with 10 thousand'
    'mixed|mixed|||batches and single calls of both kinds together|'
)

chosen=() # names of the rows to run

users=100000
items=100000
# 10,000 journal rows: 600 deposits, 400 listings, 9,000 purchases.
journal_users=600
journal_items=400
tpcb_scale=16 # branches: as many as connections, as pgbench's manual asks for

declare -A journal_of=(
    [buy]=market [batch-zipf]=market [batch-uniform]=market [buy-one-item]=market [post-one-item]=market
    [post-buy]=market [buy-large]=journal_large [buy-small]=journal_small
)

set_sizes()
{
    case "$mode" in
        quick) rounds=3 seconds=2 large_journal=1000000 mixed_trades=100000 ;;
        smoke)
            rounds=1 seconds=1 large_journal=30000 mixed_trades=2000
            users=2000 items=2000 tpcb_scale=1
            ;;
        full) rounds=7 seconds=6 large_journal=10000000 mixed_trades=1000000 ;;
    esac
}

row_names()
{
    printf '%s\n' "${rows[@]%%|*}"
}

known_row()
{
    row_names | grep -qxF -e "$1" || fail "no such row: '$1'; there are: $(row_names | tr '\n' ' ')"
    printf '%s\n' "$1"
}

# The fields of the chosen rows, a line each, in the table's order.
chosen_rows()
{
    local row
    for row in "${rows[@]}"; do
        case " ${chosen[*]} " in
            *" ${row%%|*} "*) printf '%s\n' "${row//LARGE/$(with_commas "$large_journal")}" ;;
        esac
    done
}

with_commas()
{
    sed -E ':again; s/^([0-9]+)([0-9]{3})(,|$)/\1,\2\3/; t again' <<<"$1"
}

run_rows()
{
    local group legs
    : >"$work/rounds.jsonl"
    : >"$work/audits.jsonl"
    : >"$work/mixed.jsonl"
    chosen_rows | jq -R -c 'split("|") | {name: .[0], group: .[1], subject_leg: .[2], baseline_leg: .[3], subject: .[4], baseline: .[5]}' \
        >"$work/rows.jsonl"
    for group in $(chosen_rows | cut -d '|' -f 2 | uniq); do
        # Subjects and baselines, each once.
        mapfile -t legs < <(chosen_rows | awk -F '|' -v group="$group" \
            '$2 == group { for (i = 3; i <= 4; i++) if (!seen[$i]++) print $i }')
        prepare_"${group//-/_}"
        if [ "$group" = mixed ]; then
            run_mixed
        else
            run_rounds "$group" "${legs[@]}"
        fi
    done
    audit
}

# Every leg once a round; in every other round the other way round.
run_rounds()
{
    local group=$1 round leg order
    shift
    for ((round = 1; round <= rounds; round++)); do
        order=("$@")
        if [ $((round % 2)) -eq 0 ]; then
            mapfile -t order < <(printf '%s\n' "$@" | tac)
        fi
        for leg in "${order[@]}"; do
            run_leg "$group" "$round" "$leg"
        done
    done
}

run_leg()
{
    local group=$1 round=$2 leg=$3 journal=${journal_of[$3]:-} bytes=0 wal
    if [ "$leg" = buy-small ]; then
        renew_small_journal
    fi
    [ -z "$journal" ] || bytes=$(journal_bytes "$journal")
    wal=$(wal_position)
    leg_"${leg//-/_}" "$round"
    [ -z "$journal" ] || bytes=$(($(journal_bytes "$journal") - bytes))
    jq -c --arg group "$group" --arg leg "$leg" --argjson round "$round" --argjson cores "$(nproc)" \
        --argjson journal_bytes "$bytes" --argjson wal_bytes $(($(wal_position) - wal)) '
        {group: $group, round: $round, leg: $leg} + . + {
            rate: (.done / .seconds),
            generator_cpu_share: (.cpu_seconds / .seconds / $cores),
            journal_bytes: $journal_bytes,
            wal_bytes: $wal_bytes
        }' "$work/leg.json" >"$work/round.json"
    cat "$work/round.json" >>"$work/rounds.jsonl"
    jq -r '"round \(.round)  \(.leg + " " * (14 - (.leg | length)))  \(.rate | round)/s  p99 \(.p99_ms * 100 | round / 100) ms"
        + if .refused + .failed > 0 then "  refused \(.refused), failed \(.failed)" else "" end' "$work/round.json"
}

# ---------------------------------------------------------------------------
# Groups: what must be there before their first round
# ---------------------------------------------------------------------------

prepare_singles()
{
    prepare_market
    case " ${legs[*]} " in
        *" twin "*)
            say "Making the PL/pgSQL twin, and checking that it does the same"
            sql -d market -f "$bench/twin.sql" >/dev/null
            sql -d market -f "$bench/twin-check.sql"
            ;;
    esac
    case " ${legs[*]} " in
        *" insert "*) sql -d market -f "$bench/plain.sql" ;;
    esac
    case " ${legs[*]} " in
        *" tpcb "*)
            say "Loading pgbench's tables, scale $tpcb_scale"
            sql -c 'CREATE DATABASE tpcb'
            pgbench -i -q -s "$tpcb_scale" tpcb >"$work/out" 2>&1 || show_failure pgbench
            ;;
    esac
    say "Rounds of $seconds s: mvm_buy beside an INSERT, its twin and pgbench's tpcb-like"
}

prepare_batches()
{
    prepare_market
    say "Rounds of $seconds s: batches beside single calls"
}

prepare_one_item()
{
    prepare_market
    start_gateway
    say "Rounds of $seconds s: everybody buys one item"
}

prepare_gateway()
{
    prepare_market
    start_gateway
    say "Rounds of $seconds s: POST /buy beside mvm_buy"
}

prepare_reads()
{
    prepare_market
    start_gateway
    start_bare_server
    say "Rounds of $seconds s: a cached read beside a bare server"
}

prepare_journal()
{
    make_market journal_template "$journal_users" "$journal_items"
    trade journal_template 9000
    make_market journal_large "$journal_users" "$journal_items"
    say "Filling a journal to $large_journal rows, by mvm_buy_batch"
    trade journal_large $((large_journal - journal_users - journal_items))
    sql -d journal_large -c 'VACUUM (ANALYZE)' -c CHECKPOINT
    sql -d journal_template -c 'VACUUM (ANALYZE)'
    say "Rounds of $seconds s: a large journal beside a small one"
}

prepare_mixed()
{
    prepare_market
}

sql()
{
    psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

database_exists()
{
    [ "$(sql -c "SELECT count(*) FROM pg_database WHERE datname = '$1'")" = 1 ]
}

# The market that all groups but `journal` trade on. Checkpoints fall between the groups, never into a round. The first
# group follows a fresh load, whose pages need no further image in the WAL; later ones trade a moment before they count.
prepare_market()
{
    if database_exists market; then
        sql -c CHECKPOINT
        run_pgbench market 1 -c 16 -f "$bench/buy.pgbench"
    else
        sql -c CHECKPOINT
        make_market market "$users" "$items"
    fi
}

make_market()
{
    say "Loading a market of $2 users and $3 items"
    sql -c "CREATE DATABASE $1"
    sql -d "$1" -c 'CREATE EXTENSION mvm'
    sql -d "$1" -v users="$2" -v items="$3" -v universes="$universes" -f "$bench/market.sql" >/dev/null
}

# Purchases in batches of at most 100,000, with progress.
trade()
{
    local database=$1 total=$2 done_rows=0 count
    while [ "$done_rows" -lt "$total" ]; do
        count=$((total - done_rows < 100000 ? total - done_rows : 100000))
        [ "$(sql -d "$database" -v count="$count" -v users="$journal_users" -v items="$journal_items" \
            -f "$bench/trades.sql")" = "$count" ] || fail "a purchase of the journal's making was refused"
        done_rows=$((done_rows + count))
        if [ $((done_rows % 1000000)) -eq 0 ]; then
            printf '%s trades\n' "$done_rows"
        fi
    done
}

start_gateway()
{
    if [ -n "$gateway_pid" ]; then
        return
    fi
    local password
    password=$(random_password)
    MVM_ROLE_PASSWORD=$password "$root/scripts/prepare-market.sh" market mvm_gateway
    gateway_port=$(free_port)
    # The defaults, but for a line in the log for every request.
    APP__HOST=127.0.0.1 APP__PORT=$gateway_port APP__LOG_LEVEL=warning \
        DB__HOST=127.0.0.1 DB__PORT=$PGPORT DB__NAME=market DB__USER=mvm_gateway DB__PASSWORD=$password DB__SSL=false \
        REDIS__HOST=127.0.0.1 REDIS__PORT=$(cat "$state/redis/port") \
        "$programs/gateway/mvm-gateway" </dev/null >"$state/gateway.log" 2>&1 9>&- &
    gateway_pid=$!
    wait_until 60 curl -fsS -m 5 -o "$work/ready" "http://127.0.0.1:$gateway_port/readyz" 2>/dev/null ||
        fail "the gateway does not get ready; its log is $state/gateway.log"
}

start_bare_server()
{
    if [ -n "$bare_server_pid" ]; then
        return
    fi
    curl -fsS -m 5 -D "$work/headers" -o "$work/body" "http://127.0.0.1:$gateway_port/api/v1/users/1"
    bare_port=$(free_port)
    "$programs/tests/bench/mvm-bare-server" "$bare_port" "$work/headers" "$work/body" </dev/null 9>&- &
    bare_server_pid=$!
    wait_until 10 curl -fsS -m 5 -o "$work/bare-body" "http://127.0.0.1:$bare_port/" 2>/dev/null ||
        fail "the bare server does not answer"
    cmp -s "$work/body" "$work/bare-body" || fail "the bare server answers something else"
}

stop_program()
{
    if [ -n "$1" ] && kill -TERM "$1" 2>/dev/null; then
        wait "$1" 2>/dev/null || true
    fi
}

# ---------------------------------------------------------------------------
# Legs: each leaves what it measured in $work/leg.json
# ---------------------------------------------------------------------------

leg_buy()
{
    run_pgbench market "$seconds" -c 16 -f "$bench/buy.pgbench"
}

leg_insert()
{
    run_pgbench market "$seconds" -c 16 -f "$bench/insert.pgbench"
}

leg_twin()
{
    run_pgbench market "$seconds" -c 16 -f "$bench/twin.pgbench"
}

leg_tpcb()
{
    run_pgbench tpcb "$seconds" -c 16 -b tpcb-like
}

leg_batch_zipf()
{
    run_batches --seed "$1" --zipf 0.99
}

leg_batch_uniform()
{
    run_batches --seed "$1" --zipf 0
}

leg_buy_one_item()
{
    run_pgbench market "$seconds" -c 64 -f "$bench/buy-one-item.pgbench"
}

leg_post_one_item()
{
    run_wrk "http://127.0.0.1:$gateway_port" "$users" 1 "$1"
}

leg_post_buy()
{
    run_wrk "http://127.0.0.1:$gateway_port" "$users" "$items" "$1"
}

leg_get_user()
{
    run_wrk "http://127.0.0.1:$gateway_port/api/v1/users/1"
}

leg_get_bare()
{
    run_wrk "http://127.0.0.1:$bare_port/api/v1/users/1"
}

# A fresh copy for every round, so that it begins with 10 thousand rows again.
renew_small_journal()
{
    if database_exists journal_small; then
        sql -c 'DROP DATABASE journal_small'
    fi
    sql -c 'CREATE DATABASE journal_small TEMPLATE journal_template'
}

leg_buy_small()
{
    run_pgbench journal_small "$seconds" -c 16 -f "$bench/buy.pgbench" -D users=$journal_users -D items=$journal_items
}

leg_buy_large()
{
    run_pgbench journal_large "$seconds" -c 16 -f "$bench/buy.pgbench" -D users=$journal_users -D items=$journal_items
}

leg_page_small()
{
    run_pgbench journal_template "$seconds" -c 16 -f "$bench/page.pgbench" -D users=$journal_users
}

leg_page_large()
{
    run_pgbench journal_large "$seconds" -c 16 -f "$bench/page.pgbench" -D users=$journal_users
}

leg_statement_small()
{
    run_pgbench journal_template "$seconds" -c 16 -f "$bench/statement.pgbench" -D users=$journal_users -D rows=10000
}

leg_statement_large()
{
    run_pgbench journal_large "$seconds" -c 16 -f "$bench/statement.pgbench" -D users=$journal_users -D rows="$large_journal"
}

# Runs a command with its output in $work/out and $work/err, and its CPU time in $work/cpu.
timed()
{
    local TIMEFORMAT='%U %S'
    { time "$@" >"$work/out" 2>"$work/err"; } 2>"$work/cpu"
}

show_failure()
{
    tail -n 20 "$work/out" "$work/err" >&2
    fail "$1 failed"
}

# run_pgbench DATABASE SECONDS OPTION...
run_pgbench()
{
    local database=$1 duration=$2
    shift 2
    rm -f "$work"/latency.*
    timed pgbench -n -M prepared -j 2 -T "$duration" -D users="$users" -D items="$items" -D universes="$universes" \
        -l --log-prefix="$work/latency" "$@" "$database" || show_failure pgbench
    # The third field of the log is a transaction's microseconds, or `failed`.
    cat "$work"/latency.* | awk '$3 != "failed" { print $3 }' | sort -n | awk '
        { us[NR] = $1 }
        function percentile(share,  rank) { rank = int(share * NR); rank += rank < share * NR; return us[rank] / 1000 }
        END {
            if (NR == 0) us[0] = 0
            printf "{\"p50_ms\": %.3f, \"p95_ms\": %.3f, \"p99_ms\": %.3f}\n",
                percentile(0.5), percentile(0.95), percentile(0.99)
        }' >"$work/percentiles.json"
    jq -n --slurpfile percentiles "$work/percentiles.json" \
        --argjson processed "$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/out")" \
        --argjson failed "$(sed -n 's/^number of failed transactions: \([0-9]*\).*/\1/p' "$work/out")" \
        --argjson tps "$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/out")" \
        --argjson cpu_seconds "$(awk '{ print $1 + $2 }' "$work/cpu")" \
        '$percentiles[0] + {done: $processed, refused: 0, failed: $failed, seconds: ($processed / $tps), cpu_seconds: $cpu_seconds}' \
        >"$work/leg.json"
}

# run_wrk URL [USERS ITEMS SEED]
run_wrk()
{
    local url=$1
    shift
    timed wrk -t 2 -c 64 -d "${seconds}s" --timeout 10s -s "$bench/load.lua" "$url" -- "$@" || show_failure wrk
    grep '^{' "$work/out" | jq --argjson cpu_seconds "$(awk '{ print $1 + $2 }' "$work/cpu")" \
        '. + {cpu_seconds: $cpu_seconds}' >"$work/leg.json"
}

run_batches()
{
    PGDATABASE=market "$programs/tests/bench/mvm-batch-client" --connections 2 --seconds "$seconds" \
        --users "$users" --items "$items" "$@" >"$work/leg.json" 2>"$work/err" || show_failure mvm-batch-client
}

journal_bytes()
{
    sql -d "$1" -c "SELECT pg_total_relation_size('mvm.journal')"
}

wal_position()
{
    sql -c "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
}

# ---------------------------------------------------------------------------
# Batches and single calls together
# ---------------------------------------------------------------------------

run_mixed()
{
    local began=$SECONDS start trades=0 failed=0 deadlocks scripts
    say "Batches of 1 to 8,190 orders on 2 connections beside single calls on 16, until $mixed_trades trades are done"
    scripts=(-f "$bench/buy.pgbench@4" -f "$bench/buy-popular.pgbench@4")
    if [ "$universes" -gt 1 ]; then
        scripts+=(-f "$bench/exchange.pgbench@4" -f "$bench/exchange-batch.pgbench@1")
    fi
    start=$(count_trades)
    while [ "$trades" -lt "$mixed_trades" ]; do
        PGDATABASE=market "$programs/tests/bench/mvm-batch-client" --connections 2 --seconds "$seconds" --least 1 \
            --users "$users" --items "$items" --seed "$trades" >"$work/mixed-batches.json" 2>"$work/mixed-batches.err" &
        local batches_pid=$!
        run_pgbench market "$seconds" -c 16 "${scripts[@]}"
        wait "$batches_pid" || {
            cat "$work/mixed-batches.err" >&2
            fail "mvm-batch-client failed"
        }
        trades=$(($(count_trades) - start))
        failed=$((failed + $(jq .failed "$work/leg.json") + $(jq .failed "$work/mixed-batches.json")))
        printf '%s of %s trades; single calls: %s\n' "$trades" "$mixed_trades" "$(jq .done "$work/leg.json")"
    done
    deadlocks=$(sql -c "SELECT deadlocks FROM pg_stat_database WHERE datname = 'market'")
    jq -n -c --argjson trades "$trades" --argjson seconds $((SECONDS - began)) --argjson failed "$failed" \
        --argjson deadlocks "$deadlocks" '$ARGS.named' >"$work/mixed.jsonl"
}

count_trades()
{
    sql -d market -c "SELECT count(*) FROM mvm.journal WHERE kind IN ('p', 'x')"
}

# The books of every market that was traded on.
audit()
{
    local database
    for database in market journal_large; do
        if database_exists "$database"; then
            say "Auditing the database $database"
            sql -d "$database" -c "SELECT json_build_object('database', current_database(),
                'journal_rows', (SELECT count(*) FROM mvm.journal),
                'journal_bytes', pg_total_relation_size('mvm.journal'),
                'violations', (SELECT count(*) FROM mvm_audit()))" >>"$work/audits.jsonl"
        fi
    done
}
