# The rows of ./mvm bench: what runs beside what, and what must be there before. Sourced by scripts/bench.sh.
# shellcheck shell=bash

: "${root:?}" "${state:?}" "${work:?}" "${programs:?}" "${mode:?}" "${universes:?}" # set by scripts/bench.sh
bench=$root/tests/bench
# shellcheck source=tests/bench/legs.sh
. "$bench/legs.sh"

# NAME | group | subject | baseline | what the subject is | what the baseline is
#
# The rows of a group share its rounds, so that a leg which several rows need runs once a round.
rows=(
    'buy-insert|singles|buy|insert|mvm_buy, 16 connections|one-row INSERT, 16 connections'
    'buy-twin|singles|buy|twin|mvm_buy, 16 connections|its PL/pgSQL twin, 16 connections'
    'buy-tpcb|singles|buy|tpcb|mvm_buy, 16 connections|pgbench tpcb-like, 16 connections'
    'batch-zipf|batches|batch-zipf|buy|mvm_buy_batch, 8,190 orders, Zipf 0.99, 2 connections|mvm_buy, 16 connections'
    'batch-uniform|batches|batch-uniform|buy|mvm_buy_batch, 8,190 orders, uniform, 2 connections|mvm_buy, 16 connections'
    'batch-zipf-insert|batches|batch-zipf|insert|mvm_buy_batch, 8,190 orders, Zipf 0.99, 2 connections|one-row INSERT, 16 connections'
    'batch-uniform-insert|batches|batch-uniform|insert|mvm_buy_batch, 8,190 orders, uniform, 2 connections|one-row INSERT, 16 connections'
    'batch-hot|batches|batch-hot|insert|mvm_buy_batch, 8,190 orders, Zipf 0.99, 1 connection|one-row INSERT, 16 connections'
    'batch-even|batches|batch-even|insert|mvm_buy_batch, 64 orders, uniform, 2 connections|one-row INSERT, 16 connections'
    'one-item|one-item|post-one-item|buy-one-item|POST /buy of one item, 64 connections|mvm_buy of one item, 64 connections'
    'post-buy|gateway|post-buy|buy|POST /buy, 64 connections|mvm_buy, 16 connections'
    'get-user|reads|get-user|get-bare|GET of a cached user, 64 connections|bare cpp-httplib, the same bytes'
    'journal-buy|journal|buy-large|buy-small|mvm_buy with LARGE journal rows, 16 connections|with 10 thousand'
    'journal-page|journal|page-large|page-small|a page of mvm_trades with LARGE journal rows, 16 connections|with 10 thousand'
    'page-of-1.1|journal|page-small|page-old|a page of mvm_trades with 10 thousand journal rows, 16 connections|tables of 1.1 under the same library'
    'journal-statement|journal|statement-large|statement-small|a page of mvm_statement with LARGE journal rows, 16 connections|with 10 thousand'
    'statement-of-1.1|journal|statement-small|statement-old|a page of mvm_statement with 10 thousand journal rows, 16 connections|tables of 1.1 under the same library'
    'journal-balance|journal|balance-large|balance-small|mvm_balance at a time with LARGE journal rows, 16 connections|with 10 thousand'
    'balance-of-1.1|journal|balance-small|balance-old|mvm_balance at a time with 10 thousand journal rows, 16 connections|tables of 1.1 under the same library'
    'mixed|mixed|||batches and single calls of both kinds together|'
)

chosen=() # names of the rows to run

users=100000
items=100000
# 10,000 journal rows: 600 deposits, 400 listings, 9,000 purchases.
journal_users=600
journal_items=400
tpcb_scale=16 # branches: as many as connections, as pgbench's manual asks for

declare -A first_us last_us # of the purchases, by database

declare -A journal_of=(
    [buy]=market [batch-zipf]=market [batch-uniform]=market [batch-hot]=market [batch-even]=market
    [buy-one-item]=market [post-one-item]=market [post-buy]=market [buy-large]=journal_large [buy-small]=journal_small
)

set_sizes()
{
    case "$mode" in
        quick) rounds=3 seconds=2 large_journal=1000000 mixed_trades=100000 ;;
        smoke)
            rounds=1 seconds=1 large_journal=30000 mixed_trades=2000
            users=2000 items=2000 tpcb_scale=1
            ;;
        full) rounds=7 seconds=5 large_journal=10000000 mixed_trades=1000000 ;;
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
    prepare_insert
    case " ${legs[*]} " in
        *" twin "*)
            say "Making the PL/pgSQL twin, and checking that it does the same"
            sql -d market -f "$bench/twin.sql" >/dev/null
            sql -d market -f "$bench/twin-check.sql"
            ;;
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
    prepare_insert
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
    local large_batch=100000
    make_market journal_template "$journal_users" "$journal_items"
    trade journal_template 9000 900
    case " ${legs[*]} " in
        *-old\ *)
            make_market journal_old "$journal_users" "$journal_items" 1.1
            trade journal_old 9000 900
            [ "$(journal_contents journal_old)" = "$(journal_contents journal_template)" ] ||
                fail "the journal of the market of 1.1 has other rows"
            sql -d journal_old -c 'VACUUM (ANALYZE)'
            ;;
    esac
    make_market journal_large "$journal_users" "$journal_items"
    say "Filling a journal to $large_journal rows, by mvm_buy_batch"
    trade journal_large $((large_journal - journal_users - journal_items)) "$large_batch"
    sql -d journal_large -c 'VACUUM (ANALYZE)' -c CHECKPOINT
    sql -d journal_template -c 'VACUUM (ANALYZE)'
    note_times journal_template journal_large journal_old
    say "Rounds of $seconds s: a large journal beside a small one, a small one beside one of version 1.1"
}

# What the rows of a journal say, whatever their version of the table, but for their times.
journal_contents()
{
    sql -d "$1" -c "SELECT md5(string_agg(concat_ws(' ', id, kind, user_id, counterparty_id, item_id, quantity,
        paid_minor, received_minor), ',' ORDER BY id)) FROM mvm.journal"
}

# The times of the first and the last purchase of each market, microseconds since 1970, in $first_us and $last_us.
note_times()
{
    local database
    for database in "$@"; do
        if database_exists "$database"; then
            first_us[$database]=$(purchase_time "$database" min)
            last_us[$database]=$(purchase_time "$database" max)
        fi
    done
}

purchase_time()
{
    sql -d "$1" -c "SELECT (extract(epoch FROM transaction_time) * 1000000)::bigint FROM mvm.journal
        WHERE id = (SELECT $2(id) FROM mvm.journal WHERE id > (SELECT max(id) FROM mvm.journal WHERE kind = 'l'))"
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

# The table that the one-row INSERT writes.
prepare_insert()
{
    case " ${legs[*]} " in
        *" insert "*)
            if [ "$(sql -d market -c "SELECT to_regclass('plain.event') IS NULL")" = t ]; then
                sql -d market -f "$bench/plain.sql"
            fi
            ;;
    esac
}

# make_market DATABASE USERS ITEMS [VERSION]: of the present version unless told.
make_market()
{
    say "Loading a market of $2 users and $3 items${4:+, version $4}"
    sql -c "CREATE DATABASE $1"
    sql -d "$1" -c "CREATE EXTENSION mvm${4:+ VERSION \"$4\"}"
    sql -d "$1" -v users="$2" -v items="$3" -v universes="$universes" -f "$bench/market.sql" >/dev/null
}

# trade DATABASE COUNT ORDERS: purchases in batches of at most so many, with progress; the same ones in every database.
trade()
{
    local database=$1 total=$2 orders=$3 done_rows=0 count
    while [ "$done_rows" -lt "$total" ]; do
        count=$((total - done_rows < orders ? total - done_rows : orders))
        [ "$(sql -d "$database" -v count="$count" -v users="$journal_users" -v items="$journal_items" \
            -v seed="$done_rows" -f "$bench/trades.sql")" = "$count" ] || fail "a purchase of the journal's making was refused"
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
