#!/usr/bin/env bash
# Indexes that a DBA builds, rebuilds, drops or adds while the market trades are complete afterwards, and calls obey them as a
# plain statement does.
# shellcheck disable=SC2317 # functions are run by holds
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"
# shellcheck source=tests/lib/sessions.sh
. "$root/tests/lib/sessions.sh"
export PGOPTIONS='-c client_min_messages=warning -c statement_timeout=60s'

database=mvm_dba_indexes
fresh_market "$database"
sql "$database" <<'SQL'
CREATE EXTENSION amcheck;
SELECT count(mvm_restock(id, 1000000)) FROM mvm.item \g /dev/null
SELECT count(mvm_create_user('user ' || n, 1 + (n % 3)::integer, 1000000)) FROM generate_series(1, 100) AS n \g /dev/null
SQL
# What a market does all day: batches, single calls, keys, exchanges that make wallets.
trade_once() # NUMBER
{
    sql "$database" -v n="$1" <<'SQL'
SELECT 1 / (outcome = 'ok')::integer FROM mvm_buy_batch(
    ARRAY(SELECT 4 + (:n * 7 + g) % 100 FROM generate_series(1, 40) AS g), ARRAY(SELECT 1 + g % 3 FROM generate_series(1, 40) AS g),
    ARRAY(SELECT 1 FROM generate_series(1, 40)), ARRAY(SELECT format('batch %s %s', gen_random_uuid(), g) FROM generate_series(1, 40) AS g)) \g /dev/null
SELECT mvm_buy(4 + :n % 100, 1, 1, gen_random_uuid()::text) \g /dev/null
SELECT mvm_exchange(u.id, 0.5, u.universe_id, 1 + u.universe_id % 3) FROM mvm.users AS u WHERE u.id = 4 + :n % 100 \g /dev/null
SELECT mvm_deposit(1 + :n % 3, 1) \g /dev/null
SQL
}

trade_until_told() # WORKER
{
    local n=$1
    while [ ! -e "$work/stop" ]; do
        trade_once "$n" || return 1
        n=$((n + 13))
    done
}

start_trading()
{
    rm -f "$work/stop"
    trade_until_told 1 >"$work/trading.1" 2>&1 &
    first_trader=$!
    trade_until_told 50 >"$work/trading.2" 2>&1 &
    second_trader=$!
}

stop_trading()
{
    touch "$work/stop"
    wait "$first_trader" || { cat "$work/trading.1"; return 1; }
    wait "$second_trader" || { cat "$work/trading.2"; return 1; }
}

trades_some_rounds()
{
    local rounds_before
    rounds_before=$(sql "$database" -c 'SELECT last_value FROM mvm.journal_id_seq')
    wait_until_true "$database" "SELECT last_value > $rounds_before + 200 FROM mvm.journal_id_seq"
}

# Every row of the table is in each of its valid indexes, and every index in order.
indexes_are_whole() # TABLE
{
    sql "$database" -c "SELECT c.relname, bt_index_check(c.oid, true), bt_index_parent_check(c.oid, true, true)
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = c.relam
        WHERE indrelid = 'mvm.$1'::regclass AND indisvalid AND a.amname = 'btree'"
}

is_waiting_for() # PHASE
{
    wait_until_true "$database" "SELECT count(*) > 0 FROM pg_stat_progress_create_index WHERE phase LIKE '$1%'"
}

# Builds an index while trades go on, held up twice by older transactions: where it is not ready to be written yet, and
# where it is but not valid.
builds() # TABLE STATEMENT
{
    local table=$1 statement=$2
    ask writer "BEGIN; LOCK TABLE mvm.$table IN ROW EXCLUSIVE MODE" >"$work/none"
    ask reader 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM mvm.universe' >"$work/none"
    start_trading
    tell builder "$statement"
    holds "$statement waits for those who write" is_waiting_for 'waiting for writers before build'
    holds 'trades go on while it is not ready' trades_some_rounds
    holds "$warm_session goes on, too" ask "$warm_session" 'SELECT mvm_buy(1, 1)'
    ask writer COMMIT >"$work/none"
    holds 'then it waits for those who read' is_waiting_for 'waiting for old snapshots'
    holds 'trades go on while it is not valid' trades_some_rounds
    ask reader COMMIT >"$work/none"
    answer_of builder >"$work/built"
    holds 'it ends well' test ! -s "$work/built"
    holds 'trades go on with it' trades_some_rounds
    holds 'and none failed' stop_trading
    holds "the indexes of mvm.$table are whole" indexes_are_whole "$table"
}

warm_session='a session that has traded before'
open_session writer "$database"
open_session reader "$database"
open_session builder "$database"
open_session "$warm_session" "$database"
ask builder 'SET statement_timeout = 0' >"$work/none"
ask "$warm_session" 'SELECT mvm_buy(1, 1)' >"$work/none"

builds journal 'CREATE INDEX CONCURRENTLY journal_time ON mvm.journal (transaction_time)'
builds journal 'REINDEX INDEX CONCURRENTLY mvm.journal_pkey'
builds journal 'REINDEX TABLE CONCURRENTLY mvm.journal'
builds wallet 'CREATE INDEX CONCURRENTLY wallet_balance ON mvm.wallet (balance_minor)'
builds wallet 'REINDEX INDEX CONCURRENTLY mvm.wallet_pkey'
builds item 'REINDEX TABLE CONCURRENTLY mvm.item'
builds idempotency_key 'REINDEX INDEX CONCURRENTLY mvm.idempotency_key_pkey'
builds idempotency_key 'CREATE UNIQUE INDEX CONCURRENTLY key_again ON mvm.idempotency_key (key, user_id)'
audit_is_clean "$database"
answers 'every journal row is found by its key' t "$database" \
    "SET enable_seqscan = off; SELECT count(*) = max(n) FROM mvm.journal j, (SELECT count(*) AS n FROM mvm.journal k WHERE k.id + 0 > 0) all_rows WHERE j.id > 0"
holds 'the server never went down' ask "$warm_session" 'SELECT 1'

# A build that was given up leaves an index behind that is not valid.
ask writer 'BEGIN; LOCK TABLE mvm.journal IN ROW EXCLUSIVE MODE' >"$work/none"
tell builder 'CREATE INDEX CONCURRENTLY given_up ON mvm.journal (paid_minor)'
is_waiting_for 'waiting for writers before build'
sql "$database" -c "SELECT pg_cancel_backend(${session_backend[builder]})" >"$work/none"
answer_of builder >"$work/none"
ask writer ROLLBACK >"$work/none"
answers 'an index is left that is not valid' f "$database" "SELECT indisvalid FROM pg_index WHERE indexrelid = 'mvm.given_up'::regclass"
holds 'trades go on beside it' trade_once 5
holds 'it can be built again' sql "$database" -c 'REINDEX INDEX CONCURRENTLY mvm.given_up'
holds 'and is whole then' indexes_are_whole journal

# ---------------------------------------------------------------------------
# Constraints of the owner's: a batch keeps to them as single calls do
# ---------------------------------------------------------------------------

fresh_market "$database"
sql "$database" -c 'CREATE EXTENSION amcheck' -c "SELECT mvm_deposit(1, 100), mvm_deposit(2, 100)" >"$work/none"

pair='ARRAY[1, 2], ARRAY[1, 1], ARRAY[7, 7]'
other_pair='ARRAY[1, 2], ARRAY[1, 1], ARRAY[5, 6]'
keeps_to() # WHAT SQLSTATE DEFINITION
{
    local what=$1 state=$2 definition=$3
    sql "$database" -c "$definition"
    refuses "two orders of a batch keep to $what" "$state: .*\"broken_by_two\"" \
        sql "$database" -v VERBOSITY=verbose -c "SELECT mvm_buy_batch($pair)"
    refuses "two single calls keep to $what" "$state: .*\"broken_by_two\"" \
        sql "$database" -v VERBOSITY=verbose -c 'BEGIN; SELECT mvm_buy(1, 1, 7); SELECT mvm_buy(2, 1, 7); COMMIT'
    holds "a batch that does not break it passes" sql "$database" -c "SELECT mvm_buy_batch($other_pair)"
    holds 'the indexes of mvm.journal are whole' indexes_are_whole journal
    sql "$database" -c 'ALTER TABLE mvm.journal DROP CONSTRAINT IF EXISTS broken_by_two' -c 'DROP INDEX IF EXISTS mvm.broken_by_two'
}

keeps_to 'an exclusion constraint' 23P01 \
    "ALTER TABLE mvm.journal ADD CONSTRAINT broken_by_two EXCLUDE (quantity WITH =) WHERE (kind = 'p' AND quantity = 7)"
keeps_to 'a deferred exclusion constraint' 23P01 \
    "ALTER TABLE mvm.journal ADD CONSTRAINT broken_by_two EXCLUDE (quantity WITH =) WHERE (kind = 'p' AND quantity = 7) DEFERRABLE INITIALLY DEFERRED"
keeps_to 'a partial unique index' 23505 \
    "CREATE UNIQUE INDEX broken_by_two ON mvm.journal (quantity) WHERE kind = 'p' AND quantity = 7"
keeps_to 'a unique index on an expression' 23505 \
    "CREATE UNIQUE INDEX broken_by_two ON mvm.journal ((CASE WHEN kind = 'p' AND quantity = 7 THEN quantity END))"
keeps_to 'a unique index on text' 23505 \
    "CREATE UNIQUE INDEX broken_by_two ON mvm.journal ((kind::text || quantity)) WHERE kind = 'p' AND quantity = 7"
sql "$database" -c "ALTER TABLE mvm.journal ADD COLUMN once bigint GENERATED ALWAYS AS (CASE WHEN kind = 'p' AND quantity = 7 THEN quantity END) STORED"
keeps_to 'a deferrable unique constraint' 23505 \
    'ALTER TABLE mvm.journal ADD CONSTRAINT broken_by_two UNIQUE (once) DEFERRABLE INITIALLY DEFERRED'
audit_is_clean "$database"

# ---------------------------------------------------------------------------
# Other unique indexes than the one that tells whether a row is there already
# ---------------------------------------------------------------------------

fresh_market "$database"
sql "$database" -c 'CREATE UNIQUE INDEX one_wallet_each ON mvm.wallet (user_id)' \
    -c 'CREATE UNIQUE INDEX one_key_each ON mvm.idempotency_key (key)' \
    -c 'CREATE UNIQUE INDEX one_name_each ON mvm.user_account (lower(username))' \
    -c "SELECT mvm_buy(1, 1, 1, 'a key')" >"$work/none"
broken_by() # INDEX CALL
{
    refuses "$2 is refused by $1, not tried for ever" "23505: .*\"$1\"" \
        sql "$database" -v VERBOSITY=verbose -c "SET statement_timeout = '30s'" -c "SELECT $2"
}
broken_by one_wallet_each 'mvm_exchange(1, 10, 1, 2)'
broken_by one_wallet_each 'mvm_exchange_batch(ARRAY[1], ARRAY[10.0], ARRAY[1], ARRAY[2])'
broken_by one_wallet_each 'mvm_deposit(1, 10, 2)'
broken_by one_key_each "mvm_buy(2, 2, 1, 'a key')"
broken_by one_key_each "mvm_buy_batch(ARRAY[2], ARRAY[2], ARRAY[1], ARRAY['a key'])"
broken_by one_name_each "mvm_create_user('JOHN_EARTH', 1)"
refuses 'a name that is taken is told as before' MV205 \
    sql "$database" -v VERBOSITY=verbose -c "SELECT mvm_create_user('john_earth', 1)"
sql "$database" -c "SELECT setval('mvm.user_account_id_seq', 1)" >"$work/none"
broken_by user_account_pkey "mvm_create_user('somebody new', 1)"
sql "$database" -c "SELECT setval('mvm.user_account_id_seq', 3)" >"$work/none"
holds 'a key that is used again by its own user is answered' sql "$database" -c "SELECT mvm_buy(1, 1, 1, 'a key')"
audit_is_clean "$database"

# ---------------------------------------------------------------------------
# Indexes that the market reads by, taken away or replaced
# ---------------------------------------------------------------------------

answers_in_transaction() # SENTENCE PATTERN STATEMENT CALL
{
    refuses "$1" "$2" sql "$database" -v VERBOSITY=verbose -c BEGIN -c "$3" -c "SELECT $4" -c ROLLBACK
}
answers_in_transaction 'without a primary key' '55000: table "mvm.wallet" is not as' \
    'ALTER TABLE mvm.wallet DROP CONSTRAINT wallet_pkey CASCADE' 'mvm_balance(1)'
answers_in_transaction 'with the columns of the primary key in another order' '55000: table "mvm.wallet" is not as' \
    'ALTER TABLE mvm.wallet DROP CONSTRAINT wallet_pkey CASCADE, ADD PRIMARY KEY (universe_id, user_id)' 'mvm_balance(1)'
answers_in_transaction 'with a primary key that is deferrable' '55000: table "mvm.journal" is not as' \
    'ALTER TABLE mvm.journal DROP CONSTRAINT journal_pkey, ADD PRIMARY KEY (id) DEFERRABLE' 'mvm_buy(1, 1)'
answers_in_transaction 'without an index of the history' '42P01: relation "mvm.journal_stocking_idx" does not exist' \
    'DROP INDEX mvm.journal_stocking_idx' 'mvm_transactions(1)'
answers_in_transaction 'with another one of that name' '55000: index "mvm.journal_stocking_idx" is not valid, or' \
    'DROP INDEX mvm.journal_stocking_idx; CREATE INDEX journal_stocking_idx ON mvm.journal (idempotency_key)' 'mvm_transactions(1)'
answers_in_transaction 'with one that is not valid' '55000: index "mvm.journal_stocking_idx" is not valid, or' \
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'mvm.journal_stocking_idx'::regclass" 'mvm_transactions(1)'
holds 'the primary key may be made anew under another name' sql "$database" \
    -c 'ALTER TABLE mvm.journal DROP CONSTRAINT journal_pkey, ADD CONSTRAINT another_name PRIMARY KEY (id)' \
    -c 'SELECT mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1])'
holds 'and trades go on without an index of the history' sql "$database" \
    -c 'DROP INDEX mvm.journal_stocking_idx' -c 'SELECT mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 1], ARRAY[1, 1])'
audit_is_clean "$database"
