#!/usr/bin/env bash
# A physical standby answers histories of the moment that it has replayed, beside the writes of its primary, and goes on with
# them once it is promoted.
# shellcheck disable=SC2317 # functions that `holds` calls
set -euo pipefail
# shellcheck source=tests/lib/checks.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib/checks.sh"
# shellcheck source=tests/lib/database.sh
. "$root/tests/lib/database.sh"

# shellcheck disable=SC2119 # no settings
use_own_server
market=mvm_dba_standby
fresh_market "$market"
sql "$market" -c "SELECT count(*) FROM generate_series(1, 200) n, mvm_deposit(1 + n % 3, n)" \
    -c "SELECT count(*) FROM mvm_buy_batch(array_fill(1, ARRAY[90]), array_fill(1, ARRAY[90]), array_fill(1, ARRAY[90]))" >/dev/null

# ---------------------------------------------------------------------------
# A server with the primary's data
# ---------------------------------------------------------------------------

standby=$work/standby
primary_host=$PGHOST primary_port=$PGPORT
end_standby()
{
    "$servers" postgres kill "$standby"
    "$servers" postgres remove "$standby"
}
make_standby()
{
    "$servers" postgres start "$standby" && at_end end_standby && "$servers" postgres stop "$standby" &&
        rm -rf "$standby/data" "$standby/pgpass" && cp "$own_server/pgpass" "$standby/pgpass" &&
        pg_basebackup -D "$standby/data" -X stream -c fast && touch "$standby/data/standby.signal" &&
        printf "primary_conninfo = 'host=%s port=%s user=postgres passfile=%s'\n" "$primary_host" "$primary_port" \
            "$(readlink -f "$standby")/pgpass" >>"$standby/data/postgresql.auto.conf" &&
        chown -R --reference="$standby/socket" "$standby/data" "$standby/pgpass" &&
        "$servers" postgres start "$standby"
}
needs 'a standby starts from a base backup' make_standby || exit

on_standby() # ARGUMENT...
{
    PGHOST=$(readlink -f "$standby/socket") PGPORT=$(cat "$standby/port") PGPASSFILE=$standby/pgpass sql "$market" "$@"
}
has_replayed()
{
    [ "$(on_standby -c "SELECT pg_last_wal_replay_lsn() >= '$1'::pg_lsn")" = t ]
}
catch_up()
{
    wait_until 30 has_replayed "$(sql "$market" -c 'SELECT pg_current_wal_lsn()')"
}

# ---------------------------------------------------------------------------
# Histories
# ---------------------------------------------------------------------------

histories="SELECT u.id, array_agg(t.id) FROM mvm.users u CROSS JOIN LATERAL mvm_transactions(u.id, 1000) t GROUP BY u.id ORDER BY u.id;
    SELECT u.id, array_agg(t.id) FROM mvm.users u CROSS JOIN LATERAL mvm_trades(u.id, 20, 250) t GROUP BY u.id ORDER BY u.id;
    SELECT w.user_id, array_agg((s.transaction_id, s.balance)) FROM mvm.wallets w
        CROSS JOIN LATERAL mvm_statement(w.user_id, w.universe_id, '-infinity', 'infinity', 1000) s GROUP BY 1 ORDER BY 1"
show_the_same()
{
    catch_up && diff <(sql "$market" -c "$histories") <(on_standby -c "$histories")
}
holds 'it shows the histories of its primary' show_the_same
refuses 'it links nothing anew' 'read-only transaction' on_standby -c 'SELECT mvm_relink_journal()'

# What a statement counts is the balance of the same snapshot.
agree_beside_writes()
{
    local wrong writer
    (for _ in $(seq 20); do
        sql "$market" -c "SELECT count(*) FROM generate_series(1, 20) n, mvm_deposit(1, n)" \
            -c "SELECT count(*) FROM mvm_buy_batch(ARRAY[1, 1], ARRAY[1, 2], ARRAY[1, 1])"
    done) >/dev/null 2>&1 &
    writer=$!
    wrong=$(on_standby -c "DO \$\$ BEGIN
        FOR i IN 1 .. 300 LOOP
            PERFORM count(*) FROM mvm_transactions(1, 100);
            IF (SELECT mvm_balance(1) <> (SELECT balance FROM mvm_statement(1, 1, now() - interval '1 day', 'infinity', 1000, NULL)
                WHERE kind = 'closing')) THEN
                RAISE EXCEPTION 'a statement does not add up';
            END IF;
            COMMIT;
        END LOOP; END \$\$" 2>&1) || true
    wait "$writer"
    printf '%s\n' "$wrong"
    [ -z "$wrong" ]
}
holds 'beside the writes of its primary every statement adds up to the balance' agree_beside_writes
holds 'and it shows them in the end' show_the_same

# ---------------------------------------------------------------------------
# Promotion
# ---------------------------------------------------------------------------

go_on()
{
    on_standby -c 'SELECT pg_promote()' -c 'SELECT kind FROM mvm_deposit(1, 1)' -c 'SELECT outcome FROM mvm_buy_batch(ARRAY[1], ARRAY[1], ARRAY[1])' \
        -c 'SELECT count(*) FROM mvm_transactions(1, 3)' && [ -z "$(on_standby -c 'SELECT * FROM mvm_audit()')" ]
}
holds 'once it is promoted, it goes on with them' go_on
