#!/usr/bin/env bash
# A market that is replicated logically, promoted and traded on: no trigger writes twice, and the sequences, which
# replication leaves behind, are found by the audit and brought up to the rows.
# shellcheck disable=SC2317 # functions that `holds` calls
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"
# shellcheck source=tests/lib/sessions.sh
. "$root/tests/lib/sessions.sh"

use_own_server 'wal_level = logical'
source=mvm_dba_source
replica=mvm_dba_replica
fresh_database "$replica"
fresh_market "$source"

trade()
{
    sql "$1" >/dev/null <<'SQL'
SELECT sale_fee_rate FROM mvm_set_rules(2, sale_fee_rate => 0.05);
SELECT tariff_rate FROM mvm_set_route(1, 2, tariff_rate => 0.1);
SELECT exchange_rate FROM mvm_set_exchange_rate(3, 0.5);
SELECT mvm_create_universe('of ' || (SELECT count(*) FROM mvm.universe), 'NEW', 2);
SELECT mvm_create_user('of ' || (SELECT count(*) FROM mvm.user_account), 1, 100);
SELECT mvm_list_item(2, 'Rover', 10, 10);
SELECT mvm_set_price(1, 6);
SELECT mvm_buy(1, 1, 2, 'key of ' || (SELECT count(*) FROM mvm.journal));
SELECT mvm_buy(1, 2);
SELECT mvm_exchange(1, 10, 1, 2);
SELECT mvm_transfer(1, 2, 1);
SELECT mvm_accept_quote(id) FROM mvm_quote(1, 5, 1, 2);
SELECT mvm_capture(id) FROM mvm_reserve(3, 1, 2);
SELECT mvm_refund((SELECT max(id) FROM mvm.trades));
SELECT mvm_payout(1, 'treasury', 1);
SELECT violations FROM mvm_audit_checkpoint();
SQL
}

# What the market holds, table by table.
rows_of()
{
    sql "$1" -c "SELECT format('%s %s', c.relname, (xpath('//c/text()', query_to_xml(format(
        'SELECT count(*) || md5(string_agg(t::text, '','' ORDER BY t::text)) AS c FROM mvm.%I t', c.relname), true, false, '')))[1])
        FROM pg_class c WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'r' ORDER BY 1"
}

replica_has_all()
{
    rows_of "$source" >"$work/source" && rows_of "$replica" >"$work/replica" && diff "$work/source" "$work/replica"
}

caught_up()
{
    wait_until 60 replica_has_all >"$work/differences" || {
        replica_has_all
        return 1
    }
}

trade "$source"
sql "$source" -c "SELECT format('CREATE PUBLICATION market FOR TABLE %s', string_agg(c.oid::regclass::text, ', '))
    FROM pg_class c WHERE c.relnamespace = 'mvm'::regnamespace AND c.relkind = 'r'" | sql "$source"
sql "$source" -c "SELECT pg_create_logical_replication_slot('market', 'pgoutput')" >/dev/null
sql "$replica" -c 'CREATE EXTENSION mvm'
# Both are databases of one server: the slot must be there before.
sql "$replica" -c "CREATE SUBSCRIPTION market CONNECTION 'host=127.0.0.1 port=$PGPORT user=postgres passfile=$(readlink -f "$PGPASSFILE") dbname=$source'
    PUBLICATION market WITH (create_slot = false, slot_name = 'market')" 2>/dev/null
holds 'the first copy of a subscriber has every row once' caught_up
trade "$source"
sql "$source" -c "UPDATE mvm.universe SET exchange_rate = 0.6 WHERE id = 3"
holds 'what comes later arrives, and no trigger writes it a second time' caught_up

# A relink on the source is nothing to who subscribes: it writes rows that are there already.
sql "$source" -c 'SELECT count(mvm_deposit(2, 1)) FROM generate_series(1, 600)' >/dev/null
is 'there are snapshots of balances' t "$(sql "$source" -c 'SELECT count(*) >= 3 FROM mvm.balance_snapshot')"
holds 'the replica has them' caught_up
decodes=false
if sql "$source" -c "SELECT pg_create_logical_replication_slot('seen', 'test_decoding')" >"$work/none" 2>&1; then
    decodes=true # the plugin is there
fi
holds 'the source is linked anew' sql "$source" -c 'SELECT mvm_relink_journal()'
if "$decodes"; then
    prints_nothing 'no row of that is decoded' sql "$source" -c "SELECT data FROM pg_logical_slot_get_changes('seen', NULL, NULL)
        WHERE data LIKE 'table %'"
    sql "$source" -c "SELECT pg_drop_replication_slot('seen')" >/dev/null
fi
trade "$source"
holds 'and the subscriber goes on' caught_up

# The source is lost: the replica takes over.
sql "$replica" -c 'ALTER SUBSCRIPTION market DISABLE' -c 'ALTER SUBSCRIPTION market SET (slot_name = NONE)' -c 'DROP SUBSCRIPTION market'
answers 'the audit names every sequence, and nothing else' \
    'exchange_rate_change_id_seq,hold_id_seq,item_id_seq,journal_id_seq,quote_id_seq,rule_change_id_seq,universe_id_seq,user_account_id_seq' \
    "$replica" "SELECT string_agg(replace(subject, 'mvm.', ''), ',' ORDER BY subject) FROM mvm_audit() HAVING bool_and(check_name = 'sequence_is_ahead')"
refuses 'until then an id that is in use is refused' 'duplicate key' sql "$replica" -c 'SELECT mvm_deposit(1, 1)'
answers 'mvm_sync_sequences() brings all of them up to the rows' 8 "$replica" 'SELECT count(*) FROM mvm_sync_sequences() WHERE from_value < to_value'
audit_is_clean "$replica"
answers 'once is enough' 0 "$replica" 'SELECT count(*) FROM mvm_sync_sequences()'
holds 'trading goes on' trade "$replica"
audit_is_clean "$replica"
answers 'balances of the house are those of both' t "$replica" \
    "SELECT bool_and(h.balance = COALESCE((SELECT sum(l.amount) FROM mvm.ledger l WHERE l.account = h.account AND l.universe_id = h.universe_id), 0))
     FROM mvm.house_accounts h"

# Beside running trades a sequence never goes back: it waits for who drew from it, and only where one lies behind.
sql "$replica" -c "SELECT setval('mvm.journal_id_seq', 1, false)" >/dev/null
open_session trader "$replica"
drawn=$(ask trader "BEGIN; SELECT setval('mvm.journal_id_seq', 5000); SELECT 'id ' || id FROM mvm_deposit(1, 1)")
holds 'a transaction draws an id that lies far ahead' grep -x 'id 5001' <<<"$drawn"
sql "$replica" -c "SELECT setval('mvm.journal_id_seq', 1, false)" >/dev/null
open_session dba "$replica"
tell dba "SELECT 'to ' || to_value FROM mvm_sync_sequences()"
holds 'mvm_sync_sequences() waits for a transaction that drew an id' wait_until_blocked dba "$replica"
ask trader COMMIT
is 'and then goes beyond that id' 'to 5001' "$(answer_of dba)"
audit_is_clean "$replica"
