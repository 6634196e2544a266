# The legs of the rows: how each is loaded. Each leaves what it measured in $work/leg.json. Sourced by tests/bench/rows.sh,
# itself by scripts/bench.sh.
# shellcheck shell=bash disable=SC2154 # what is not assigned here is set by the two

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
    run_batches 2 --seed "$1" --zipf 0.99
}

leg_batch_uniform()
{
    run_batches 2 --seed "$1" --zipf 0
}

# The sizes that docs/benchmarks.md recommends, for a market that all want the same of and for one that is even.
leg_batch_hot()
{
    run_batches 1 --seed "$1" --zipf 0.99 --orders 8190
}

leg_batch_even()
{
    run_batches 2 --seed "$1" --zipf 0 --orders 64
}

# Opening 64 connections alone takes a second on a busy machine.
leg_buy_one_item()
{
    run_pgbench market $((seconds < 4 ? 4 : seconds)) -c 64 -f "$bench/buy-one-item.pgbench"
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
    run_pgbench journal_small "$seconds" -c 16 -f "$bench/buy.pgbench" -D users="$journal_users" -D items="$journal_items"
}

leg_buy_large()
{
    run_pgbench journal_large "$seconds" -c 16 -f "$bench/buy.pgbench" -D users="$journal_users" -D items="$journal_items"
}

leg_page_small()
{
    run_page journal_template
}

leg_page_large()
{
    run_page journal_large
}

leg_page_old()
{
    run_page journal_old
}

run_page()
{
    run_pgbench "$1" "$seconds" -c 16 -f "$bench/page.pgbench" -D users="$journal_users"
}

leg_statement_small()
{
    run_statement journal_template 10000
}

leg_statement_large()
{
    run_statement journal_large "$large_journal"
}

leg_statement_old()
{
    run_statement journal_old 10000
}

# run_statement DATABASE ROWS
run_statement()
{
    run_pgbench "$1" "$seconds" -c 16 -f "$bench/statement.pgbench" -D users="$journal_users" -D rows="$2"
}

leg_balance_small()
{
    run_balance journal_template
}

leg_balance_large()
{
    run_balance journal_large
}

leg_balance_old()
{
    run_balance journal_old
}

run_balance()
{
    run_pgbench "$1" "$seconds" -c 16 -f "$bench/balance.pgbench" -D users="$journal_users" \
        -D first_us="${first_us[$1]}" -D last_us="${last_us[$1]}"
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

# run_batches CONNECTIONS OPTION...
run_batches()
{
    local connections=$1
    shift
    PGDATABASE=market "$programs/tests/bench/mvm-batch-client" --connections "$connections" --seconds "$seconds" \
        --users "$users" --items "$items" "$@" >"$work/leg.json" 2>"$work/err" || show_failure mvm-batch-client
}

