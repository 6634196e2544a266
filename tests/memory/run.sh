#!/usr/bin/env bash
# How much memory a backend needs for a large batch, at its peak: the batch runs under a limit (RLIMIT_DATA) that is so
# much above what the backend holds after a small one. Every order has a user, an item and wallets of its own, which is
# the most that a batch of its size can ask for.
#
#   MVM_MEMORY_MB    the limit, 32 by default; lower it to find the peak
#
# PGHOST, PGPORT, PGUSER and PGPASSFILE name a server on this machine with the extension installed; run by root, or by the
# user that the server runs as.
set -euo pipefail

# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"
# shellcheck source=tests/lib/sessions.sh
. "$root/tests/lib/sessions.sh"

here=$root/tests/memory
limit_kb=$((${MVM_MEMORY_MB:-32} * 1024))
too_small_kb=$((2 * 1024))
kept_bytes=$((256 * 1024)) # caches of the catalog
kept_kb=$((8 * 1024))      # half a batch, for the next
orders=8190
database=mvm_memory_test

# ---------------------------------------------------------------------------
# A session's backend as the kernel sees it
# ---------------------------------------------------------------------------

# A line of the backend's /proc/PID/status: a user's id, or kilobytes.
status_of_backend()
{
    awk -v name="$1:" '$1 == name { print $2 }' "/proc/${session_backend[session]}/status"
}

# Its private memory may grow by so many kilobytes from here, or without end. Its owner may say so; root may not in every
# container.
let_backend_grow()
{
    local limit=unlimited as_owner=()
    if [ "$1" != unlimited ]; then
        limit=$((($(status_of_backend VmData) + $1) * 1024))
    fi
    if [ "$(id -u)" -eq 0 ]; then
        as_owner=(setpriv --reuid="$(status_of_backend Uid)" --regid="$(status_of_backend Gid)" --clear-groups)
    fi
    "${as_owner[@]}" prlimit --pid "${session_backend[session]}" --data="$limit:"
}

# ---------------------------------------------------------------------------
# Batches
# ---------------------------------------------------------------------------

# The arguments of each function, as they stand in public.batch.
declare -A arguments=(
    [mvm_buy_batch]='buyer_ids, item_ids, quantities'
    [mvm_exchange_batch]='user_ids, amounts, homes, others'
)

batch_sql() # FUNCTION KEYS [ORDERS]
{
    local list=${arguments[$1]}
    if [ "$2" != without ]; then
        list+=', keys'
    fi
    if [ $# -eq 3 ]; then
        list=$(sed -E "s/[a-z_]+/&[1:$3]/g" <<<"$list")
    fi
    printf 'SELECT answer.* FROM public.batch, %s(%s) AS answer' "$1" "$list"
}

# Keys as clients make them, or of 255 characters of four bytes, the longest there may be; none of which was used before.
renew_keys() # KEYS
{
    local key='gen_random_uuid()::text'
    if [ "$1" = 'with the longest' ]; then
        key="translate(rpad($key, 255, '0'), '0123456789abcdef-', '𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗𝐚𝐛𝐜𝐝𝐞𝐟𝐠')"
    fi
    sql "$database" -c "UPDATE public.batch
        SET keys = (SELECT array_agg($key) FROM generate_series(1, $orders))"
}

# Runs a batch; its answers go to $work/answers.
run_batch()
{
    ask session "$(batch_sql "$@")" >"$work/answers"
}

every_order_is_carried_out()
{
    [ "$(grep -c -E '^[0-9]+\|ok\|' "$work/answers")" -eq "$orders" ] || {
        head -n 3 "$work/answers"
        return 1
    }
}

batch_is_out_of_memory()
{
    cat "$work/answers"
    [ "$(wc -l <"$work/answers")" -lt 10 ] && grep -q '^ERROR:  out of memory' "$work/answers"
}

journal_rows()
{
    sql "$database" -c 'SELECT count(*) FROM mvm.journal'
}

bytes_in_use()
{
    ask session 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts'
}

is_at_most() # NUMBER LIMIT
{
    printf '%s, at most %s\n' "$1" "$2"
    [ "$1" -le "$2" ]
}

# A backend that has had a small batch, so that it knows the market's tables.
open_warm_session() # FUNCTION KEYS
{
    renew_keys "$2"
    open_session session "$database"
    run_batch "$1" "$2" 3
    renew_keys "$2"
}

check_batches() # FUNCTION KEYS
{
    local what="$1() of $orders orders $2 keys" rows size rss used
    open_warm_session "$1" "$2"
    rows=$(journal_rows)
    let_backend_grow "$too_small_kb"
    run_batch "$1" "$2"
    let_backend_grow unlimited
    holds "$what does not fit into $((too_small_kb / 1024)) MB, and says so" batch_is_out_of_memory
    holds 'it has left nothing in the journal then' test "$(journal_rows)" = "$rows"
    close_session session

    open_warm_session "$1" "$2"
    size=$(status_of_backend VmSize)
    rss=$(status_of_backend RssAnon)
    used=$(bytes_in_use)
    let_backend_grow "$limit_kb"
    run_batch "$1" "$2"
    let_backend_grow unlimited
    holds "$what is carried out within $((limit_kb / 1024)) MB" every_order_is_carried_out
    printf '# it took %d kB at most\n' $(($(status_of_backend VmPeak) - size))
    renew_keys "$2"
    run_batch "$1" "$2"
    holds 'after two of them PostgreSQL has freed what they took' \
        is_at_most "$(bytes_in_use)" $((used + kept_bytes))
    holds 'and the kernel has it back, but for what the C library keeps for the next' \
        is_at_most "$(status_of_backend RssAnon)" $((rss + kept_kb))
    close_session session
}

# Orders that release holds past their time and are refused take the releases back, each time the same.
check_refused_orders()
{
    local batch="SELECT count(*) FROM public.poor, public.thing, mvm_buy_batch(array_fill(poor.id, ARRAY[$orders]), array_fill(thing.id, ARRAY[$orders]), array_fill(256::bigint, ARRAY[$orders])) b WHERE b.outcome = 'insufficient_balance'"
    sql "$database" <<'SQL' >"$work/output"
CREATE TABLE public.poor AS SELECT (mvm_create_user('poor', 1)).id;
CREATE TABLE public.thing AS SELECT (mvm_list_item(NULL, 'thing', 1, 256, 1)).id;
SELECT count(mvm_reserve(u.id, t.id, 1)) FROM public.thing t, (
    SELECT u.id FROM mvm.users u WHERE u.universe_id = 1 AND u.balance >= 1 LIMIT 64) u, generate_series(1, 4);
UPDATE mvm.hold SET expires_at = created_at + interval '1 microsecond';
SQL
    open_session session "$database"
    ask session "${batch//$orders/3}" >"$work/answers"
    let_backend_grow "$limit_kb"
    ask session "$batch" >"$work/answers"
    let_backend_grow unlimited
    is "a batch of $orders orders that each release 256 holds and are refused takes $((limit_kb / 1024)) MB at most" \
        "$orders" "$(<"$work/answers")"
    close_session session
}

fresh_database "$database"
sql "$database" -v orders="$orders" -f "$here/market.sql" >"$work/output"
sql "$database" -c 'ALTER TABLE public.batch ADD keys text[]'
for function in mvm_buy_batch mvm_exchange_batch; do
    for keys in without with 'with the longest'; do
        check_batches "$function" "$keys"
    done
done
check_refused_orders
audit_is_clean "$database"
