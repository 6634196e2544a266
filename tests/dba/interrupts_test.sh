#!/usr/bin/env bash
# Every kind of call ends when it is told to: cancelled, timed out or terminated, in the middle of its work or while it
# waits. It has changed nothing then, and a session that was only cancelled goes on.
# shellcheck disable=SC2317 # functions are run by holds
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"
# shellcheck source=tests/lib/sessions.sh
. "$root/tests/lib/sessions.sh"

database=mvm_dba_interrupts
orders=10000
fresh_market "$database"
sql "$database" -v orders="$orders" <<'SQL'
SELECT count(mvm_create_user('user ' || n, 1 + (n % 3)::integer, 1000000)) FROM generate_series(1, 3000) AS n \g /dev/null
SELECT count(mvm_restock(id, 10000000)) FROM mvm.item \g /dev/null
CREATE TABLE public.batch AS
SELECT array_agg(4 + n % 3000) AS users, array_agg(1 + n % 3) AS items, array_agg(1::bigint) AS quantities,
    array_agg(1.5) AS amounts, array_agg((1 + (4 + n % 3000 - 3) % 3)::integer) AS homes,
    array_agg((1 + (4 + n % 3000 - 2) % 3)::integer) AS others
FROM generate_series(1::bigint, :orders) AS n;
SELECT count(*) FROM public.batch, mvm_buy_batch(array_fill(1::bigint, ARRAY[20000]), array_fill(1::bigint, ARRAY[20000]), array_fill(1::bigint, ARRAY[20000])) \g /dev/null
SELECT mvm_deposit(1, 1000000) \g /dev/null
SELECT count(*) FROM mvm_buy_batch(array_fill(1::bigint, ARRAY[20000]), array_fill(1::bigint, ARRAY[20000]), array_fill(1::bigint, ARRAY[20000])) \g /dev/null
-- keys to be purged, and holds past their time
SELECT count(*) FROM public.batch, mvm_buy_batch(users, items, quantities, ARRAY(SELECT 'old ' || n FROM generate_series(1, :orders) AS n)) \g /dev/null
SELECT mvm_list_item(NULL, 'Held', 1, 10000, 1) \g /dev/null
SELECT count(mvm_reserve(4 + n % 3000, 4)) FROM generate_series(1, 6000) AS n \g /dev/null
UPDATE mvm.hold SET expires_at = created_at + interval '1 microsecond';
SQL

declare -A call=(
    [mvm_buy_batch]='count(*) FROM public.batch, mvm_buy_batch(users, items, quantities)'
    ['mvm_buy_batch with keys']="count(*) FROM public.batch, mvm_buy_batch(users, items, quantities, ARRAY(SELECT n::text FROM generate_series(1, $orders) AS n))"
    ['mvm_buy_batch that is refused']='count(*) FROM public.batch, mvm_buy_batch(users, items, ARRAY(SELECT 1000000000::bigint FROM unnest(users)))'
    [mvm_exchange_batch]='count(*) FROM public.batch, mvm_exchange_batch(users, amounts, homes, others)'
    [mvm_audit]='count(*) FROM mvm_audit()'
    [mvm_audit_checkpoint]='mvm_audit_checkpoint()'
    [mvm_statement]="count(*) FROM mvm_statement(1, 1, '-infinity', 'infinity', 100000)"
    [mvm_trades]='count(*) FROM mvm_trades(1, 100000)'
    [mvm_sweep_holds]='mvm_sweep_holds(6000)'
    [mvm_purge_idempotency_keys]="mvm_purge_idempotency_keys(interval '0')"
)

# What the market holds: balances, stocks, journal, keys and holds.
state()
{
    sql "$database" -c "SELECT (SELECT sum(balance_minor) FROM mvm.wallet), (SELECT count(*) FROM mvm.wallet), (SELECT sum(stock) FROM mvm.item),
        (SELECT count(*) FROM mvm.journal), (SELECT count(*) FROM mvm.idempotency_key), (SELECT count(*) FROM mvm.hold WHERE state = 'a')"
}

milliseconds_of() # STATEMENT, which is rolled back
{
    local begun
    begun=$(date +%s%3N)
    ask session "BEGIN; $1; ROLLBACK" >"$work/none"
    echo $(($(date +%s%3N) - begun))
}

# The timeout bounds the ROLLBACK as well, which may miss it on a busy machine: then once more.
roll_back_without_timeout()
{
    ask session 'ROLLBACK; SET statement_timeout = 0' >"$work/rolled-back"
    while grep -q ERROR "$work/rolled-back"; do
        ask session 'ROLLBACK; SET statement_timeout = 0' >"$work/rolled-back"
    done
}

# Ends the call by a timeout at some shares of the time that it takes; at least one finds it still running.
ends_in_its_middle() # NAME
{
    local share takes cancelled=0
    takes=$(milliseconds_of "SELECT ${call[$1]}")
    for share in 0 2 5 20 40 60 80; do
        ask session "SET statement_timeout = $((takes * share / 100 + 1))" >"$work/none"
        ask session "BEGIN; SELECT ${call[$1]}" >"$work/answer"
        if grep -q 'canceling statement due to statement timeout' "$work/answer"; then
            cancelled=$((cancelled + 1))
        fi
        roll_back_without_timeout
    done
    printf 'of %s ms; ended %s times\n' "$takes" "$cancelled"
    [ "$cancelled" -ge 1 ]
}

# Ends it by hand before it has answered. On a busy machine the signal may come too late: then once more.
ends_when_signalled() # NAME pg_cancel_backend|pg_terminate_backend
{
    local attempt ended=false
    for attempt in 1 2 3 4 5; do
        open_session other "$database"
        ask other BEGIN >"$work/none"
        tell other "SELECT ${call[$1]}"
        wait_until_true "$database" "SELECT query LIKE 'SELECT%' FROM pg_stat_activity WHERE pid = ${session_backend[other]}"
        sql "$database" -c "SELECT $2(${session_backend[other]})" >"$work/none"
        if [ "$2" = pg_cancel_backend ]; then
            answer_of other >"$work/answer"
            [ "$(ask other 'ROLLBACK; SELECT 1')" = 1 ]
            ! grep -q 'canceling statement due to user request' "$work/answer" || ended=true
        else
            wait_until_true "$database" "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = ${session_backend[other]}"
            grep -q 'terminating connection due to administrator command' "$work/other.answers"
            grep -qx "answered $(<"$work/other.asked")" "$work/other.answers" || ended=true
        fi
        close_session other
        printf 'attempt %s: %s\n' "$attempt" "$ended"
        ! "$ended" || return 0
    done
    return 1
}

# The market is as it was before the call.
leaves_no_trace() # NAME COMMAND...
{
    local name=$1
    shift
    state >"$work/state.before"
    holds "$name ${1//_/ } ${3-}" "$@"
    state >"$work/state.after"
    holds 'and has changed nothing' diff "$work/state.before" "$work/state.after"
}

open_session session "$database"
for name in "${!call[@]}"; do
    leaves_no_trace "$name" ends_in_its_middle "$name"
    holds 'the session goes on' test "$(ask session 'SELECT 1')" = 1
done
# Long enough to be met in their middle.
eightfold() # COLUMN
{
    printf '%s' "$1 || $1 || $1 || $1 || $1 || $1 || $1 || $1"
}
call[mvm_buy_batch]="count(*) FROM public.batch, mvm_buy_batch($(eightfold users), $(eightfold items), $(eightfold quantities))"
call[mvm_exchange_batch]="count(*) FROM public.batch, mvm_exchange_batch($(eightfold users), $(eightfold amounts), $(eightfold homes), $(eightfold others))"
call[mvm_audit]="count(*) FROM ($(for _ in 1 2 3 4 5 6 7; do printf 'SELECT FROM mvm_audit() UNION ALL '; done) SELECT FROM mvm_audit()) a"
for name in mvm_buy_batch mvm_exchange_batch mvm_audit; do
    leaves_no_trace "$name" ends_when_signalled "$name" pg_cancel_backend
    leaves_no_trace "$name" ends_when_signalled "$name" pg_terminate_backend
done

# ---------------------------------------------------------------------------
# While it waits
# ---------------------------------------------------------------------------

ends_while_it_waits() # FOR STATEMENT CALL
{
    local way
    for way in pg_cancel_backend pg_terminate_backend statement_timeout; do
        open_session holder "$database"
        open_session waiter "$database"
        ask holder "BEGIN; $2" >"$work/none"
        if [ "$way" = statement_timeout ]; then
            ask waiter "SET statement_timeout = '200ms'" >"$work/none"
        fi
        tell waiter "SELECT $3"
        if [ "$way" != statement_timeout ]; then
            holds "$3 waits for $1" wait_until_blocked waiter "$database"
            sql "$database" -c "SELECT $way(${session_backend[waiter]})" >"$work/none"
        fi
        case $way in
            pg_terminate_backend)
                holds 'it ends when it is terminated' wait_until_true "$database" \
                    "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = ${session_backend[waiter]}"
                ;;
            *)
                answer_of waiter >"$work/answer"
                holds "it ends by $way" grep 'canceling statement due to' "$work/answer"
                holds 'the session goes on' test "$(ask waiter 'SELECT 1')" = 1
                ;;
        esac
        ask holder ROLLBACK >"$work/none"
        close_session waiter
        close_session holder
    done
}

state >"$work/state.before"
ends_while_it_waits 'an item' 'SELECT 1 FROM mvm.item WHERE id = 1 FOR UPDATE' 'mvm_buy(1, 1)'
ends_while_it_waits 'a wallet' 'SELECT 1 FROM mvm.wallet WHERE user_id = 4 FOR UPDATE' \
    'mvm_buy_batch(ARRAY[1, 4], ARRAY[1, 1], ARRAY[1, 1])'
ends_while_it_waits 'a wallet that is being made' 'SELECT mvm_deposit(2, 1, 3)' 'mvm_deposit(2, 1, 3)'
ends_while_it_waits 'a key in use' "SELECT mvm_buy(1, 1, 1, 'in use')" "mvm_buy(1, 1, 1, 'in use')"
ends_while_it_waits 'a key in use' "SELECT mvm_buy(1, 1, 1, 'in use')" \
    "mvm_buy_batch(ARRAY[1], ARRAY[1], ARRAY[1], ARRAY['in use'])"
ends_while_it_waits 'a name in use' "SELECT mvm_create_user('somebody', 1)" "mvm_create_user('somebody', 1)"
ends_while_it_waits 'a table' 'LOCK TABLE mvm.journal' 'mvm_withdraw(1, 1)'

# Each other kind of call meets a row that it needs in use.
sql "$database" <<'SQL'
SELECT mvm_exchange(1, 10, 1, 2) \g /dev/null
SELECT mvm_reserve(1, 1, 1, '1 hour') \g /dev/null
SELECT mvm_quote(1, 10, 1, 2) \g /dev/null
SELECT mvm_buy(1, 1) \g /dev/null
SELECT mvm_payout(1, 'treasury', 1) \g /dev/null
SQL
hold=$(sql "$database" -c 'SELECT max(id) FROM mvm.hold')
quote=$(sql "$database" -c 'SELECT max(id) FROM mvm.quote')
purchase=$(sql "$database" -c 'SELECT max(id) FROM mvm.trades')
state >"$work/state.before"
open_session holder "$database"
ask holder "BEGIN; SELECT count(*) FROM (SELECT FROM mvm.universe FOR UPDATE) u, (SELECT FROM mvm.user_account WHERE id < 4 FOR UPDATE) a,
    (SELECT FROM mvm.wallet WHERE user_id < 4 FOR UPDATE) w, (SELECT FROM mvm.item FOR UPDATE) i,
    (SELECT FROM mvm.hold WHERE id = $hold FOR UPDATE) h, (SELECT FROM mvm.quote WHERE id = $quote FOR UPDATE) q,
    (SELECT FROM mvm.house_account FOR UPDATE) o" >"$work/none"
open_session waiter "$database"
ask waiter "SET statement_timeout = '100ms'" >"$work/none"
for waiting in 'mvm_deposit(1, 1)' 'mvm_withdraw(1, 1)' 'mvm_transfer(1, 2, 1)' 'mvm_exchange(1, 1, 1, 2)' \
    'mvm_buy(1, 1, pay_from => ARRAY[2, 1])' 'mvm_reserve(1, 1)' "mvm_capture($hold)" "mvm_release($hold)" \
    "mvm_refund($purchase)" 'mvm_restock(1, 1)' 'mvm_set_price(1, 6)' 'mvm_delist_item(1)' 'mvm_relist_item(1)' \
    "mvm_set_item_data(1, 'x')" "mvm_set_user_data(1, 'x')" 'mvm_move_user(1, 2)' 'mvm_set_exchange_rate(1, 2)' \
    'mvm_set_rules(1, max_quantity => 5)' 'mvm_set_route(1, 2, false)' 'mvm_quote(1, 1, 1, 2)' \
    "mvm_accept_quote($quote)" "mvm_payout(1, 'treasury', 1)"; do
    ask waiter "SELECT $waiting" >"$work/answer"
    holds "$waiting ends while it waits" grep 'canceling statement due to statement timeout' "$work/answer"
done
holds 'the session goes on' test "$(ask waiter 'SELECT 1')" = 1
ask holder ROLLBACK >"$work/none"
close_session waiter
close_session holder
state >"$work/state.after"
holds 'all that has changed nothing' diff "$work/state.before" "$work/state.after"
audit_is_clean "$database"
