#!/usr/bin/env bash
# Balances of the house: what an update makes of a market that had none, and what prepared transactions leave of them.
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

use_own_server 'max_prepared_transactions = 4'
database=mvm_dba_house
balances="SELECT string_agg(balance::text, ' ' ORDER BY universe_id, account) FROM mvm.house_accounts"

fresh_database "$database"
sql "$database" >/dev/null <<'SQL'
CREATE EXTENSION mvm VERSION '1.1';
SELECT mvm_seed();
SELECT mvm_set_rules(2, sale_fee_rate => 0.1);
SELECT mvm_buy(1, 1, 3), mvm_buy(3, 2, 2);
SELECT violations FROM mvm_audit_checkpoint();
SELECT mvm_buy(1, 1, 1);
ALTER EXTENSION mvm UPDATE;
SQL
answers 'an update counts what the house has' '0.00 20.00 2.00 18.00 0.00 0.00' "$database" "$balances"
audit_is_clean "$database"
answers 'a checkpoint of before goes on' 0 "$database" 'SELECT count(*) FROM mvm_audit((SELECT id FROM mvm.audit_checkpoints))'
sql "$database" -c 'SELECT mvm_buy(1, 1, 1)' >/dev/null
answers 'also after the next sale' 0 "$database" 'SELECT count(*) FROM mvm_audit((SELECT id FROM mvm.audit_checkpoints))'
answers 'a payout takes what was counted' 25.00 "$database" "SELECT amount FROM mvm_payout(1, 'treasury', 25)"
audit_is_clean "$database"

# A prepared transaction keeps its locks, and its process goes on with another: that one must not wait for it.
fresh_market "$database"
sql "$database" >"$work/first" <<'SQL'
SELECT mvm_list_item(NULL, 'Tea', 5, 100, 1), mvm_list_item(NULL, 'Cake', 1, 100, 1);
SELECT mvm_buy(2, 1);
BEGIN;
SELECT mvm_buy(1, 1, 1);
PREPARE TRANSACTION 'first sale';
SET statement_timeout = '30s';
BEGIN;
SELECT mvm_buy(3, 4, 1);
PREPARE TRANSACTION 'second sale';
SELECT mvm_buy(2, 5, 1);
SELECT 'goes on';
SQL
holds 'a process sells beside two prepared sales of its own' grep -qx 'goes on' "$work/first"
answers 'sales that are only prepared are not there yet' '0.00 6.00 0.00 0.00 0.00 0.00' "$database" "$balances"
sql "$database" -c "COMMIT PREPARED 'second sale'"
answers 'one of them is committed' '0.00 11.00 0.00 0.00 0.00 0.00' "$database" "$balances"
sql "$database" -c "ROLLBACK PREPARED 'first sale'"
audit_is_clean "$database"
sql "$database" >"$work/second" 2>&1 <<'SQL'
BEGIN;
SELECT mvm_payout(1, 'treasury', 6);
PREPARE TRANSACTION 'payout';
SET lock_timeout = '1s';
\set ON_ERROR_STOP off
SELECT mvm_payout(1, 'treasury', 6);
SELECT amount FROM mvm_buy(2, 4, 1);
COMMIT PREPARED 'payout';
SELECT mvm_payout(1, 'treasury', 10.01);
SQL
answers 'a payout waits for one that is prepared, and a sale does not' '0.00 10.00 0.00 0.00 0.00 0.00' "$database" "$balances"
audit_is_clean "$database"
